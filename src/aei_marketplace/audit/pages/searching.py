"""Page: the audit log, searched, with how far it is proven and the ways to take it out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aei_marketplace.accounts import service as accounts
from aei_marketplace.audit.errors import NoCheckpointYet
from aei_marketplace.audit.pages.filters import NAMES, form_of, wanted_of
from aei_marketplace.audit.service import Found, SignedHead, newest_head, search
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import Page, PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import Form
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter()

AUDIT = "/admin/audit"
EXPORT = "/api/audit"


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as a row shows it.

    Attributes:
        actor: what whoever acted is called, or the name of a job of the marketplace itself.
        actor_id: None for what has none: visitors, the marketplace itself.
        tenant: the tenant's short name; None for entries of none.
        proven: whether a signed checkpoint covers it.
    """

    id: UUID
    at: datetime
    sequence: int | None
    actor: str
    actor_id: str | None
    tenant: str | None
    document: Mapping[str, Any]
    reason: str | None
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage(PageContext):
    """What was found, and how far the log is proven.

    Attributes:
        head: the newest signed checkpoint.
        chips: (words, address without it) of each filter that holds.
        actors, tenants: what can be chosen; None where ids are typed.
        exports: (label, address) of everything that is found, in files.
    """

    entries: tuple[ShownEntry, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    form: Form
    head: SignedHead | None
    staff: bool
    chips: tuple[tuple[str, str], ...]
    actors: tuple[tuple[str, str], ...] | None
    tenants: tuple[tuple[str, str], ...] | None
    exports: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What ids in entries are called, as far as the reader may know."""

    people: Mapping[str, str]
    tenants: Mapping[str, str]

    def actor(self, document: Mapping[str, Any]) -> str:
        """Whoever acted."""
        actor = document["actor"]
        if actor["kind"] == "anonymous":
            return "a visitor"
        return self.people.get(actor["id"]) or str(actor["id"] or actor["kind"])


@router.get(AUDIT)
async def show_log(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """The log, newest first."""
    actor.require("audit.read_all" if actor.staff else "audit.read")
    form, refusal, found = form_of(request), None, Page((), None, 0)
    try:
        found = await search(deps.works, actor, trace, wanted_of(form), wanted)
    except Invalid as refused:
        refusal, form = refused, form.refused(refused)
    return await _page(request, deps, actor, found, wanted, form, refusal)


async def _page(
    request: Request,
    deps: Deps,
    actor: Actor,
    found: Page,
    wanted: PageWanted,
    form: Form,
    refusal: Refusal | None,
) -> Response:
    head = await head_of(deps, actor, request.state.trace_id)
    async with deps.works.begin(actor, request.state.trace_id) as work:
        names = await names_for(work, found.items)
        actors = await _members(work)
    address = address_of(request, *NAMES, "cursor")
    page = AuditPage(
        title="Audit log",
        entries=tuple(shown_entry(each, names, head) for each in found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address,
        form=form,
        head=head,
        staff=actor.staff,
        chips=tuple(_chips(form, names, address)),
        actors=actors,
        tenants=_tenants(actor, names),
        exports=() if refusal else _exports(request),
    )
    return await render(request, "audit/log.html", page, refusal.status if refusal else 200)


async def head_of(deps: Deps, actor: Actor, trace_id: str) -> SignedHead | None:
    """The newest checkpoint, if there is one."""
    try:
        return await newest_head(deps.works, actor, trace_id)
    except NoCheckpointYet:
        return None


async def names_for(work: Work, found: Iterable[Found]) -> Names:
    """What those who appear in entries are called."""
    people = {UUID(a["id"]) for each in found if (a := each.document["actor"])["kind"] in ("user", "service")}
    known = await accounts.names_of(work, people)
    tenants = await accounts.list_tenants(work) if work.actor.may("tenant.administer") else []
    return Names(
        {str(id): name for id, name in known.items()}, {str(row["id"]): row["slug"] for row in tenants}
    )


def shown_entry(found: Found, names: Names, head: SignedHead | None) -> ShownEntry:
    """An entry as a row shows it."""
    document, tenant = found.document, str(found.tenant_id) if found.tenant_id else None
    return ShownEntry(
        id=found.id,
        at=found.at,
        sequence=found.sequence,
        actor=names.actor(document),
        actor_id=document["actor"]["id"] if document["actor"]["kind"] in ("user", "service") else None,
        tenant=names.tenants.get(tenant, tenant) if tenant else None,
        document=document,
        reason=document["reason"] or found.personal.get("reason"),
        proven=head is not None and found.sequence is not None and found.sequence < head.size,
    )


async def _members(work: Work) -> tuple[tuple[str, str], ...] | None:
    if work.actor.staff or not work.actor.may("member.administer"):
        return None
    members = await accounts.list_members(work)
    return (("", "Anybody"), *((str(member["id"]), member["name"]) for member in members))


def _tenants(actor: Actor, names: Names) -> tuple[tuple[str, str], ...] | None:
    if not (actor.staff and names.tenants):
        return None
    return (("", "Any"), *sorted(names.tenants.items(), key=lambda item: item[1]))


def _chips(form: Form, names: Names, address: Address) -> Iterable[tuple[str, str]]:
    words = {"q": "text", "since": "from", "until": "before"}
    for name in NAMES:
        if value := form.text(name):
            called = names.people.get(value) or names.tenants.get(value) or value.replace("T", " ")
            yield f"{words.get(name, name)}: {called}", address.but(**{name: None, "cursor": None})


def _exports(request: Request) -> tuple[tuple[str, str], ...]:
    whole = Address(EXPORT, address_of(request, *NAMES).query)
    return (("CSV", whole.but(format="csv")), ("JSON lines", whole.but(format="jsonl")))
