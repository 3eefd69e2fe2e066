"""Routes: the queue, one case, claiming, deciding, appealing."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.decisions import service
from aei_marketplace.decisions.errors import CaseNotFound
from aei_marketplace.decisions.service import Case, CaseState, Desk, History, Ruling, Shown, Tally
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid, NotAllowed, Refusal
from aei_marketplace.ground.paging import Page
from aei_marketplace.ground.work import Work
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.problems import problem
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/decisions", tags=["decisions"], route_class=OnceRoute)

MOST_AT_ONCE = 100
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="read by the tenant it touches")]


def desks_of(request: Request) -> dict[str, Desk]:
    """The desks that this application was given, by kind."""
    desks: dict[str, Desk] = request.app.state.desks
    return desks


TheDesks = Annotated[Mapping[str, Desk], Depends(desks_of)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClaimWanted(_Body):
    """The version of the case that the caller saw, if they say."""

    version: Annotated[int, Field(ge=1)] | None = None


class DecisionWanted(_Body):
    """How a case is decided."""

    verdict: Annotated[str, Field(max_length=40, examples=["dismiss"])]
    reason: Reason
    version: Annotated[int, Field(ge=1)] | None = None


class CaseNamed(_Body):
    """One of several cases."""

    id: UUID
    version: Annotated[int, Field(ge=1)] | None = None


class DecisionsWanted(_Body):
    """One decision for several cases; each is decided, or refused, on its own."""

    cases: Annotated[list[CaseNamed], Field(min_length=1, max_length=MOST_AT_ONCE)]
    verdict: Annotated[str, Field(max_length=40)]
    reason: Reason


class AppealWanted(_Body):
    """Why the decision should be looked at again."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.get("")
async def list_cases(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    desks: TheDesks,
    kind: Annotated[str | None, Query(description="for example `plugin_report`")] = None,
    state: Annotated[Shown, Query(description="`open` is waiting and claimed")] = Shown.OPEN,
    mine: Annotated[bool, Query(description="only those that you hold")] = False,
) -> Response:
    """Staff: the queues that you decide, by when they are due. Tenants: the cases that concern you."""
    if kind is not None and kind not in desks:
        raise Invalid("There is no such kind.", faults=[Fault("kind", f"one of {', '.join(sorted(desks))}")])
    decides = _queues(actor, desks)
    async with deps.works.begin(actor, trace) as work:
        if decides is None:
            found = await service.list_own(work, page, kind=kind, shown=state)
            return json_answer(_page_shape(work, found))
        if kind is not None:
            actor.require(desks[kind].kind.action)
        found, tallies = await service.list_queue(
            work, page, decides=decides, kind=kind, shown=state, mine=mine
        )
        return json_answer({**_page_shape(work, found), "counts": _tallies(work, tallies)})


@router.post("/decide")
async def decide_several(
    body: DecisionsWanted, deps: TheDeps, actor: TheActor, trace: TheTrace, desks: TheDesks
) -> Response:
    """Decide up to 100 cases alike; each in a transaction of its own, answered with the case or a problem."""
    results = [
        await _decided_or_not(deps, actor, trace, desks, named, body.verdict, body.reason)
        for named in body.cases
    ]
    return json_answer({"items": results, "next_cursor": None, "total": len(results)})


@router.get("/{case_id}")
async def get_case(
    case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, desks: TheDesks
) -> Response:
    """One case with its decisions and its appeal."""
    async with deps.works.begin(actor, trace) as work:
        if actor.staff:
            actor.require((await _desk(work, desks, case_id)).kind.action)
        case = await service.find_case(work, case_id)
        history = await service.find_history(work, case_id)
    return _answer({**shape(work, case), **_history_shape(work, history)}, case)


@router.post("/{case_id}/claim")
async def claim(
    case_id: UUID,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    desks: TheDesks,
    body: ClaimWanted | None = None,
) -> Response:
    """Hold a case for half an hour; again for half an hour more. A claim that has ended is taken over."""
    async with deps.works.begin(actor, trace) as work:
        desk = await _desk(work, desks, case_id)
        case = await service.claim(work, desk.kind, case_id, body.version if body else None)
    return _answer(shape(work, case), case)


@router.post("/{case_id}/release")
async def release(
    case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, desks: TheDesks
) -> Response:
    """Give a case that you hold back to the queue."""
    async with deps.works.begin(actor, trace) as work:
        desk = await _desk(work, desks, case_id)
        case = await service.let_go(work, desk.kind, case_id)
    return _answer(shape(work, case), case)


@router.post("/{case_id}/decide")
async def decide(
    case_id: UUID, body: DecisionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace, desks: TheDesks
) -> Response:
    """Decide a case; the effect and the decision are one. 409 says how the case stands when you came late."""
    async with deps.works.begin(actor, trace) as work:
        desk = await _desk(work, desks, case_id)
        case = await desk.decide(work, case_id, Ruling(body.verdict, body.reason, body.version))
    return _answer(shape(work, case), case)


@router.post("/{case_id}/appeal")
async def appeal(
    case_id: UUID, body: AppealWanted, deps: TheDeps, actor: TheActor, trace: TheTrace, desks: TheDesks
) -> Response:
    """Appeal the decision, as the tenant that it touches: once, and in time."""
    async with deps.works.begin(actor, trace) as work:
        desk = await _desk(work, desks, case_id)
        case = await service.record_appeal(work, desk.kind, case_id, body.reason)
    return _answer(shape(work, case), case)


def shape(work: Work, case: Case) -> dict[str, Any]:
    """A case as the API shows it; who brought, holds and decides it is for staff to know."""
    now = work.now
    shown = {
        "id": case.id,
        "kind": case.kind,
        "subject": {"type": case.subject_type, "id": case.subject_id},
        "title": case.title,
        "state": CaseState.WAITING if case.open and not case.held_at(now) else case.state,
        "round": case.round,
        "final": case.final_at(now),
        "version": case.version,
        "opened_at": case.opened_at,
        "queued_at": case.queued_at,
        "due_at": case.due_at,
        "overdue": case.open and case.due_at < now,
        "in_queue_s": int(case.waited_at(now).total_seconds()),
        "verdict": case.verdict,
        "reason": case.reason,
        "decided_at": case.decided_at,
        "appeal": {"possible": case.appealable_at(now), "until": case.appeal_until},
    }
    if not work.actor.staff:
        return shown
    held = case.held_at(now)
    return {
        **shown,
        "party": case.party,
        "opened_by": case.opened_by,
        "claim": {"by": case.claimed_by, "until": case.claimed_until} if held else None,
        "decided_by": case.decided_by,
    }


def _page_shape(work: Work, page: Page) -> dict[str, Any]:
    items = [shape(work, case) for case in page.items]
    return {"items": items, "next_cursor": page.next_cursor, "total": page.total}


def _queues(actor: Actor, desks: Mapping[str, Desk]) -> frozenset[str] | None:
    """The kinds of cases that staff decide; None for a tenant's actor."""
    if not actor.staff:
        actor.in_tenant()
        return None
    kinds = service.kinds_of(actor, desks)
    if not kinds:
        raise NotAllowed("None of the queues is for your role.", advice="Ask an Operator for a role.")
    return kinds


async def _desk(work: Work, desks: Mapping[str, Desk], case_id: UUID) -> Desk:
    case = await service.find_case(work, case_id)
    desk = desks.get(case.kind)
    if desk is None:
        raise CaseNotFound(f"Nobody decides cases of the kind {case.kind} here.")
    return desk


async def _decided_or_not(
    deps: Deps,
    actor: Actor,
    trace: str,
    desks: Mapping[str, Desk],
    named: CaseNamed,
    verdict: str,
    reason: str,
) -> dict[str, Any]:
    try:
        async with deps.works.begin(actor, trace) as work:
            desk = await _desk(work, desks, named.id)
            case = await desk.decide(work, named.id, Ruling(verdict, reason, named.version))
        return {"id": named.id, "case": shape(work, case), "problem": None}
    except Refusal as refused:
        return {"id": named.id, "case": None, "problem": problem(refused, trace)}


def _history_shape(work: Work, history: History) -> dict[str, Any]:
    staff = work.actor.staff
    decisions = [
        {
            "round": decision.round,
            "verdict": decision.verdict,
            "reason": decision.reason,
            "at": decision.decided_at,
            **({"by": decision.decided_by} if staff else {}),
        }
        for decision in history.decisions
    ]
    appeal = history.appeal
    return {
        "decisions": decisions,
        "appealed": {"reason": appeal.reason, "at": appeal.appealed_at} if appeal else None,
    }


def _tallies(work: Work, tallies: list[Tally]) -> dict[str, Any]:
    return {
        tally.kind: {
            "waiting": tally.waiting,
            "claimed": tally.claimed,
            "overdue": tally.overdue,
            "oldest_s": int((work.now - tally.oldest).total_seconds()),
        }
        for tally in tallies
    }


def _answer(shown: dict[str, Any], case: Case) -> Response:
    return json_answer(shown, headers={"ETag": f'"{case.version}"'})
