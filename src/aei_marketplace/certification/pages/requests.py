"""Pages of requests: the queue, and a report that is read in a minute."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_inspection.checks.report import CheckResult, Finding, Result, Severity
from aei_marketplace.certification import service
from aei_marketplace.certification.pages.places import CERTIFICATION, REQUEST
from aei_marketplace.certification.rules.states import CERTIFIED, OPEN, RequestState
from aei_marketplace.certification.service import Described
from aei_marketplace.decisions.errors import CaseConflict
from aei_marketplace.decisions.rules.exhibits import Exhibit
from aei_marketplace.decisions.service import Case
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, Refusal
from aei_marketplace.ground.paging import Page
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_WORST_FIRST = tuple(reversed(Severity))
_DECIDE = "certification.decide"
#: What the queue shows beside what is not decided.
_CHOSEN = tuple(state for state in RequestState if state not in OPEN)


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a report.

    Attributes:
        waived: an exception lifts it, or did when it was approved.
    """

    check: CheckResult
    finding: Finding
    waived: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A request as it is read: the verdict, then the findings, the worst first, then the checks.

    Attributes:
        silent: the checks that did not come to an end or had nothing to look at.
        counts: of the findings, by severity, the worst first.
    """

    described: Described
    found: Sequence[Found]
    silent: Sequence[CheckResult]
    counts: Sequence[tuple[Severity, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage(PageContext):
    """Requests that wait, or those in one state.

    Attributes:
        filters: (label, path, whether it is chosen) of each state.
        staff: whether the reader certifies.
    """

    found: Page
    state: str
    staff: bool
    filters: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(PageContext):
    """One request.

    Attributes:
        decides: whether whoever looks at it may decide it now.
        waives: whether they may make exceptions to its findings.
        appeals: whether it was denied and they belong to its publisher.
    """

    report: Report
    decides: bool
    waives: bool
    appeals: bool
    form: Form = field(default_factory=Form)


def seen_by(actor: Actor) -> bool:
    """Whether the queue is a place for this actor."""
    return actor.may(_DECIDE)


@router.get(CERTIFICATION)
async def show_queue(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage, state: str = ""
) -> Response:
    """Requests, the oldest first: all of them for Certifiers, their own for publishers."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_requests(work, page, state or None)
    states = [("Not decided", ""), *((str(s).replace("_", " ").capitalize(), str(s)) for s in _CHOSEN)]
    shown = QueuePage(
        title="Certification",
        crumbs=(("Marketplace", "/marketplace"),),
        found=found,
        state=state,
        staff=actor.may(_DECIDE),
        filters=[
            (label, f"{CERTIFICATION}?state={s}" if s else CERTIFICATION, s == state) for label, s in states
        ],
    )
    return await render(request, "certification/queue.html", shown)


@router.get(REQUEST)
async def show_request(
    request_id: UUID, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """One request with its report, for whoever may read it."""
    return await _page(request, deps, visitor, trace, request_id, Form())


@router.post(REQUEST)
async def decide(
    request_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Approve or deny; who comes second reads how the request stands."""
    decision, reason = form.text("decision"), form.text("reason")
    try:
        async with deps.works.begin(actor, trace) as work:
            if decision == "scan":
                await service.scan_again(work, request_id)
            else:
                await service.decide(work, request_id, decision, reason)
    except (Conflict, CaseConflict, Invalid, NotAllowed) as refusal:
        return await _page(request, deps, actor, trace, request_id, form.refused(refusal), refusal)
    said = {"approve": "Your approval is on record.", "deny": "It is denied.", "scan": "It is scanned again."}
    response = RedirectResponse(CERTIFICATION, 303)
    leave_flash(request, response, Flash(said[decision]))
    return response


async def show_case(work: Work, case: Case) -> Exhibit:
    """What staff see of a request in the queue of all decisions."""
    described = await service.find_by_case(work, case.id)
    return Exhibit("certification/report.html", None if described is None else _report(described))


async def _page(
    request: Request,
    deps: Deps,
    actor: Actor,
    trace_id: str,
    request_id: UUID,
    form: Form,
    refusal: Refusal | None = None,
) -> Response:
    async with deps.works.begin(actor, trace_id) as work:
        report = _report(await service.find_request(work, request_id))
    asked = report.described.request
    page = ReportPage(
        title=f"{asked.plugin_id} {asked.version}",
        crumbs=(("Certification", CERTIFICATION),)
        if actor.may(_DECIDE)
        else (("Marketplace", "/marketplace"),),
        report=report,
        decides=actor.may(_DECIDE) and asked.state is RequestState.IN_REVIEW,
        waives=actor.may(_DECIDE) and asked.state not in CERTIFIED,
        appeals=asked.state is RequestState.DENIED and actor.tenant == asked.owner_tenant,
        form=form,
    )
    return await render(request, "certification/request.html", page, refusal.status if refusal else 200)


def _report(described: Described) -> Report:
    evidence = described.evidence
    checks = evidence.checks if evidence else ()
    verdict = described.verdict
    found = [Found(c, f, verdict is not None and verdict.waives(c.id, f)) for c in checks for f in c.findings]
    found.sort(key=lambda each: (each.waived, _WORST_FIRST.index(each.finding.severity), each.check.id))
    counts = Counter(each.finding.severity for each in found if not each.waived)
    silent = [check for check in checks if check.result in (Result.ERROR, Result.NOT_RUN)]
    ordered = [(severity, counts[severity]) for severity in _WORST_FIRST if counts[severity]]
    return Report(described, found, silent, ordered)
