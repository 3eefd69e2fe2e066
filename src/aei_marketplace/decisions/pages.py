"""Pages: the queue of cases, and one case with the form that decides or appeals it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.decisions import service
from aei_marketplace.decisions.errors import CaseConflict, CaseNotFound, OwnCase
from aei_marketplace.decisions.rules.exhibits import Exhibit
from aei_marketplace.decisions.service import Case, CaseState, Desk, History, Ruling, Shown, Tally
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, NotAllowed, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute, include_in_schema=False)

DECISIONS = "/decisions"
#: What the keys `a` and `d` choose, where a kind has no verdicts of these very names.
_KEYS = {
    "plugin_report": ("quarantine", "dismiss"),
    "namespace_claim": ("grant", "refuse"),
    "review_appeal": ("publish", "stands"),
}

ShowExhibit = Callable[[Work, Case], Awaitable[Exhibit]]


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case as its page shows it to one reader.

    Attributes:
        state: `waiting`, `mine`, `held` by somebody else, `decided` or `withdrawn`.
        approve, deny: the verdicts behind the keys `a` and `d`; None where the kind has none.
    """

    case: Case
    kind: str
    state: str
    overdue: bool
    final: bool
    appealable: bool
    verdicts: tuple[str, ...]
    approve: str | None
    deny: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage(PageContext):
    """Cases: for staff the queues that they decide, for a tenant those that concern it."""

    cases: tuple[ShownCase, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    shown: Shown
    kind: str | None
    mine: bool
    tallies: tuple[Tally, ...]
    staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage(PageContext):
    """One case.

    Attributes:
        exhibit: what the case's domain shows of it to staff.
        may_appeal: whether the reader's role and tenant allow it now.
    """

    shown: ShownCase
    history: History
    exhibit: Exhibit | None
    staff: bool
    may_appeal: bool
    form: Form = field(default_factory=Form)


@router.get(DECISIONS)
async def queue(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    wanted: ThePage,
    kind: str | None = None,
    state: Annotated[Shown, Query()] = Shown.OPEN,
    mine: bool = False,
) -> Response:
    """The queue."""
    desks = _desks(request)
    decides = _queues(actor, desks, kind)
    async with deps.works.begin(actor, trace) as work:
        tallies: list[Tally] = []
        if decides is None:
            found = await service.list_own(work, wanted, kind=kind, shown=state)
        else:
            found, tallies = await service.list_queue(
                work, wanted, decides=decides, kind=kind, shown=state, mine=mine
            )
        cases = tuple(_shown(case, actor, desks, work.now) for case in found.items)
    page = QueuePage(
        title="Decisions" if actor.staff else "Cases",
        cases=cases,
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "kind", "state", "mine", "cursor"),
        shown=state,
        kind=kind,
        mine=mine,
        tallies=tuple(tallies),
        staff=actor.staff,
    )
    return await render(request, "decisions/queue.html", page)


@router.get(DECISIONS + "/{case_id}")
async def show_case(request: Request, case_id: UUID, actor: TheActor, verdict: str = "") -> Response:
    """One case."""
    return await _page(request, actor, case_id, filled(verdict=verdict))


@router.post(DECISIONS + "/{case_id}/claim")
async def claim(request: Request, case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Hold a case for half an hour."""
    try:
        async with deps.works.begin(actor, trace) as work:
            desk = await _desk(work, _desks(request), case_id)
            await service.claim(work, desk.kind, case_id)
    except CaseConflict as refusal:
        return _to(request, case_id, Flash(f"{refusal.detail} {refusal.next_step}", "warn"))
    return _to(request, case_id, Flash("The case is yours for half an hour."))


@router.post(DECISIONS + "/{case_id}/release")
async def release(
    request: Request, case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Give a case back to the queue."""
    try:
        async with deps.works.begin(actor, trace) as work:
            desk = await _desk(work, _desks(request), case_id)
            await service.let_go(work, desk.kind, case_id)
    except CaseConflict as refusal:
        return _to(request, case_id, Flash(f"{refusal.detail} {refusal.next_step}", "warn"))
    return _to(request, case_id, Flash("The case waits for others again."))


@router.post(DECISIONS + "/{case_id}/decide")
async def decide(
    request: Request, case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide a case; who comes late is shown how it stands."""
    try:
        async with deps.works.begin(actor, trace) as work:
            desk = await _desk(work, _desks(request), case_id)
            await desk.decide(
                work, case_id, Ruling(form.text("verdict"), form.text("reason"), _version(form))
            )
    except (Invalid, CaseConflict, OwnCase) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, case_id, form.refused(refusal), refusal)
    return _to(request, case_id, Flash("It is decided. Whom it touches is told, with your reason."))


@router.post(DECISIONS + "/{case_id}/appeal")
async def appeal(
    request: Request, case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Appeal a decision, once."""
    try:
        async with deps.works.begin(actor, trace) as work:
            desk = await _desk(work, _desks(request), case_id)
            await service.record_appeal(work, desk.kind, case_id, form.text("reason"))
    except (Invalid, CaseConflict) as refusal:
        return await _page(request, actor, case_id, form.refused(refusal), refusal)
    return _to(request, case_id, Flash("Your appeal waits. Until it is decided, the first decision stands."))


async def _page(
    request: Request, actor: Actor, case_id: UUID, form: Form, refusal: Refusal | None = None
) -> Response:
    desks = _desks(request)
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        desk = await _desk(work, desks, case_id)
        if actor.staff:
            actor.require(desk.kind.action)
        case = await service.find_case(work, case_id)
        history = await service.find_history(work, case_id)
        exhibit = await _exhibit(request, work, case) if actor.staff else None
        shown = _shown(case, actor, desks, work.now)
    may_appeal = shown.appealable and case.party == actor.tenant and actor.may(desk.kind.appeal_action)
    page = CasePage(
        title=case.title,
        crumbs=(("Decisions" if actor.staff else "Cases", DECISIONS),),
        shown=shown,
        history=history,
        exhibit=exhibit,
        staff=actor.staff,
        may_appeal=may_appeal,
        form=form,
    )
    return await render(request, "decisions/case.html", page, refusal.status if refusal else 200)


async def _exhibit(request: Request, work: Work, case: Case) -> Exhibit | None:
    exhibits: Mapping[str, ShowExhibit] = request.app.state.exhibits
    show = exhibits.get(case.kind)
    return await show(work, case) if show else None


def _desks(request: Request) -> Mapping[str, Desk]:
    desks: Mapping[str, Desk] = request.app.state.desks
    return desks


async def _desk(work: Work, desks: Mapping[str, Desk], case_id: UUID) -> Desk:
    case = await service.find_case(work, case_id)
    if case.kind not in desks:
        raise CaseNotFound(f"Nobody decides cases of the kind {case.kind} here.")
    return desks[case.kind]


def _queues(actor: Actor, desks: Mapping[str, Desk], kind: str | None) -> frozenset[str] | None:
    """The kinds that staff decide; None for a tenant, which sees what concerns it."""
    if kind is not None and kind not in desks:
        raise Invalid("There is no such kind of case.")
    if not actor.staff:
        actor.in_tenant()
        return None
    if kind is not None:
        actor.require(desks[kind].kind.action)
    if not (kinds := service.kinds_of(actor, desks)):
        raise NotAllowed("None of the queues is for your role.", advice="Ask an Operator for a role.")
    return kinds


def _shown(case: Case, actor: Actor, desks: Mapping[str, Desk], now: datetime) -> ShownCase:
    verdicts = tuple(sorted(desks[case.kind].kind.verdicts)) if case.kind in desks else ()
    approve, deny = _KEYS.get(case.kind, ("approve", "deny"))
    return ShownCase(
        case=case,
        kind=case.kind.replace("_", " "),
        state=_state(case, actor, now),
        overdue=case.open and case.due_at < now,
        final=case.final_at(now),
        appealable=case.appealable_at(now),
        verdicts=verdicts,
        approve=approve if approve in verdicts else None,
        deny=deny if deny in verdicts else None,
    )


def _state(case: Case, actor: Actor, now: datetime) -> str:
    if not case.open:
        return str(case.state)
    if not case.held_at(now):
        return str(CaseState.WAITING)
    return "mine" if case.claimed_by == actor.id else "held"


def _version(form: Form) -> int | None:
    version = form.text("version")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None


def _to(request: Request, case_id: UUID, flash: Flash) -> Response:
    response = RedirectResponse(f"{DECISIONS}/{case_id}", 303)
    leave_flash(request, response, flash)
    return response


def seen_by(actor: Actor) -> bool:
    """Whether anything here can concern the actor: for the navigation."""
    decides = {"plugin.moderate", "review.moderate", "certification.decide"}
    return bool(actor.actions & decides) if actor.staff else actor.may("plugin.publish")
