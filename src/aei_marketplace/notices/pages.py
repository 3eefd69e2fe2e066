"""Pages: one's notices, and what one wants to hear of."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse
from starlette.routing import Match

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.notices import service
from aei_marketplace.notices.rules.kind import Kind
from aei_marketplace.notices.rules.kinds import KINDS, kind_of
from aei_marketplace.notices.rules.preferences import MAIL, PRODUCT, Choice, Chosen, choice
from aei_marketplace.notices.service import WrittenNotice
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.formats import counted
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute, include_in_schema=False)

NOTICES = "/notices"
_MEANINGS = {"info": "note", "warning": "warn", "critical": "danger"}


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice as its page shows it.

    Attributes:
        meaning: one of the four that pages have.
        link: where more stands, if this marketplace has such a page.
    """

    notice: WrittenNotice
    title: str
    text: str
    meaning: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPage(PageContext):
    """One's notices, the latest first.

    Attributes:
        up_to: when the page was made; what comes later stays unread.
    """

    notices: tuple[ShownNotice, ...]
    total: int
    unread: int
    only_unread: bool
    next_cursor: str | None
    later: bool
    address: Address
    up_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesPage(PageContext):
    """For each kind of notice, what holds in the product and by mail."""

    kinds: tuple[tuple[Kind, str, Choice, Choice], ...]


@router.get(NOTICES)
async def list_notices(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, unread: bool = False
) -> Response:
    """One's notices."""
    async with deps.works.begin(actor, trace) as work:
        inbox = await service.list_notices(work, wanted, unread=unread)
        now = work.now
    page = NoticesPage(
        title="Notices",
        notices=tuple(_shown(request, notice) for notice in inbox.page.items),
        total=inbox.page.total,
        unread=inbox.unread,
        only_unread=unread,
        next_cursor=inbox.page.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "unread", "cursor"),
        up_to=now,
    )
    return await render(request, "notices/notices.html", page)


@router.post(NOTICES + "/read")
async def mark_all_read(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """All that the page showed has been read."""
    async with deps.works.begin(actor, trace) as work:
        count = await service.mark_all_read(work, _moment(form))
    return _to(request, NOTICES, Flash(f"{counted(count, 'notice')} marked as read."))


@router.post(NOTICES + "/{notice_id}/read")
async def mark_read(notice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One notice has been read."""
    async with deps.works.begin(actor, trace) as work:
        await service.mark_read(work, notice_id)
    return RedirectResponse(NOTICES, 303)


@router.get(NOTICES + "/preferences")
async def show_preferences(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """What one wants to hear of."""
    async with deps.works.begin(actor, trace) as work:
        chosen = await service.find_preferences(work)
    page = PreferencesPage(
        title="What to hear of",
        kinds=tuple(_offer(kind, chosen) for kind in KINDS.values()),
        crumbs=(("Notices", NOTICES),),
    )
    return await render(request, "notices/preferences.html", page)


@router.post(NOTICES + "/preferences")
async def save_preferences(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Keep what was chosen."""
    async with deps.works.begin(actor, trace) as work:
        await service.save_preferences(work, _document(form))
    return _to(request, NOTICES + "/preferences", Flash("Your choices are kept."))


async def count_unread(deps: Deps, actor: Actor) -> int:
    """How many notices are new to an actor: what the bell of every page shows."""
    return await service.count_unread(deps.works.database, actor)


def _shown(request: Request, notice: WrittenNotice) -> ShownNotice:
    words = notice.words
    link = words.link if words.link and _leads_somewhere(request, words.link) else None
    return ShownNotice(notice, words.title, words.text, _MEANINGS[kind_of(notice.kind).severity], link)


def _leads_somewhere(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)


def _offer(kind: Kind, chosen: Chosen) -> tuple[Kind, str, Choice, Choice]:
    product, mail = (choice(kind, channel, chosen.get((kind.name, channel))) for channel in (PRODUCT, MAIL))
    return kind, kind.name.replace(".", " ").replace("_", " ").capitalize(), product, mail


def _document(form: Form) -> dict[str, dict[str, str]]:
    """Fields are called `kind/channel`."""
    document: dict[str, dict[str, str]] = defaultdict(dict)
    for name in form.values:
        kind, slash, channel = name.partition("/")
        if slash:
            document[kind][channel] = form.text(name)
    return document


def _moment(form: Form) -> datetime:
    try:
        return datetime.fromisoformat(form.text("up_to"))
    except ValueError as error:
        raise Invalid("The form names no moment.", faults=[Fault("up_to", "a time")]) from error


def _to(request: Request, path: str, flash: Flash) -> Response:
    response = RedirectResponse(path, 303)
    leave_flash(request, response, flash)
    return response
