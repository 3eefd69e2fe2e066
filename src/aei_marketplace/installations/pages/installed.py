"""Page: all that the tenant has installed, to search, narrow, switch and update."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted, as_plugin_id
from aei_marketplace.installations import service
from aei_marketplace.installations.pages.answers import INSTALLED
from aei_marketplace.installations.rules.overview import Show, chosen, tallied
from aei_marketplace.installations.service import ActionKind, Surveyed, Together
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.formats import counted
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute, include_in_schema=False)

_LONGEST_QUERY = 200
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPage(PageContext):
    """Installations.

    Attributes:
        total: how many fit search and choice.
        tallies: how many there are under each heading.
        simple: how many updates need no decision.
        following: the operations that are under way, in one stream.
        hindrance: why the reader changes nothing here; None when they may.
    """

    rows: tuple[Surveyed, ...]
    total: int
    tallies: tuple[tuple[Show, str, int], ...]
    show: Show
    query: str
    simple: int
    following: str
    hindrance: str | None
    address: Address
    next_cursor: str | None
    later: bool


_HEADINGS = {
    Show.ALL: "All",
    Show.UPDATES: "Updates",
    Show.ATTENTION: "Need attention",
    Show.OFF: "Switched off",
    Show.PINNED: "Pinned",
}


@router.get(INSTALLED)
async def list_installed(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    wanted: ThePage,
    q: str = "",
    show: str = "all",
) -> Response:
    """The tenant's installations."""
    async with deps.works.begin(actor, trace) as work:
        everything = await service.survey(work, deps.aei_version)
    heading = _heading(show)
    fitting = chosen(everything, q[:_LONGEST_QUERY], heading)
    rows, next_cursor = _cut(fitting, wanted)
    counts = tallied(everything)
    page = InstalledPage(
        title="Installed",
        rows=tuple(rows),
        total=len(fitting),
        tallies=tuple((each, label, counts[each]) for each, label in _HEADINGS.items()),
        show=heading,
        query=q[:_LONGEST_QUERY],
        simple=sum(each.action.kind is ActionKind.UPDATE for each in everything),
        following=_following(rows),
        hindrance=service.hindrance_of(actor),
        address=address_of(request, "q", "show", "cursor"),
        next_cursor=next_cursor,
        later=wanted.after is not None,
    )
    return await render(request, "installations/installed.html", page)


@router.post(INSTALLED + "/updates")
async def update_simple(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Update everything that needs no decision, and say what became of it."""
    together = await service.update_simple(deps, actor, trace)
    response = RedirectResponse(INSTALLED, 303)
    leave_flash(request, response, _told(together))
    return response


def _told(together: Together) -> Flash:
    if not together.asked and not together.refused:
        return Flash("Nothing was left to update without a decision.", "note")
    done = f"{counted(len(together.asked), 'update')} under way." if together.asked else "Nothing is updated."
    if not together.refused:
        return Flash(done)
    named = "; ".join(f"{plugin}: {why}" for plugin, why in list(together.refused.items())[:_NAMED])
    more = len(together.refused) - _NAMED
    return Flash(
        f"{done} {counted(len(together.refused), 'was', 'were')} refused: {named}"
        + (f"; and {more} more" if more > 0 else ""),
        "warn",
    )


def _heading(show: str) -> Show:
    try:
        return Show(show)
    except ValueError as error:
        raise Invalid("There is no such list of installations.") from error


def _cut(rows: Sequence[Surveyed], wanted: PageWanted) -> tuple[Sequence[Surveyed], str | None]:
    after = wanted.position(as_plugin_id) or ""
    left = [row for row in rows if row.installation.plugin_id > after][: wanted.limit + 1]
    page = wanted.page(left, len(rows), lambda row: row.installation.plugin_id)
    return page.items, page.next_cursor


def _following(rows: Sequence[Surveyed]) -> str:
    """One stream for the whole page: browsers open few connections at once."""
    return "&".join(f"of={row.action.operation.id}" for row in rows if row.action.operation)
