"""A Certifier's decision: on a fresh scan, with the policy's number of eyes, recorded with its effect."""

from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.errors import AdvisoryStands, RequestNotFound
from aei_marketplace.certification.rules.decisions import (
    KIND,
    Present,
    Ruling,
    check_approvable,
    check_certifiable,
    check_current,
    check_decidable,
    completes,
)
from aei_marketplace.certification.rules.policies import Policy, bar_for
from aei_marketplace.certification.rules.states import Purpose
from aei_marketplace.certification.rules.verdicts import Verdict, judge
from aei_marketplace.certification.rules.views import Request
from aei_marketplace.certification.service.advisories.reading import advisories_at
from aei_marketplace.certification.service.concluding import approve, deny
from aei_marketplace.certification.service.grounds import advisory_against
from aei_marketplace.certification.service.policies import policy_in_force
from aei_marketplace.certification.service.requesting import found
from aei_marketplace.certification.service.strangers import require_stranger
from aei_marketplace.certification.store import policies, requests
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Case, Desk
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

_DECIDE = "certification.decide"
LONGEST_REASON = 2000


async def decide(work: Work, request_id: UUID, decision: str, reason: str) -> Request:
    """Approve or deny a request.

    Raises:
        NotAllowed: the actor does not certify, or belongs to the publisher's tenant.
        RequestNotFound: there is no such one.
        StateConflict: it is not under review; the refusal says where it stands.
        ScanOutdated: what was scanned is not what would be approved.
        AdvisoryStands: a grave advisory about the plugin concerns the release.
        ChecksNotPassed: a required check has not passed.
        SecondEyesNeeded: the policy wants another person.
        Invalid: there is no such decision, or the reason says nothing.
    """
    work.actor.require(_DECIDE)
    if decision not in list(Ruling):
        raise Invalid("There is no such decision.", faults=[Fault("/decision", "approve or deny")])
    request = await requests.find(work, request_id, hold=True)
    if request is None or request.purpose is not Purpose.CERTIFICATION:
        raise RequestNotFound(f"There is no request {request_id}.")
    case_id = check_decidable(request)
    await _decide_case(work, request, case_id, decisions.Ruling(decision, reason))
    return await found(work, request_id)


async def decide_case(work: Work, case_id: UUID, ruling: decisions.Ruling) -> Case:
    """The same from the queue of all decisions.

    Raises:
        NotAllowed, RequestNotFound, Conflict, Invalid: as `decide`; also while it is scanned again.
    """
    work.actor.require(_DECIDE)
    request = await requests.find_by_case(work, case_id, hold=True)
    if request is None:
        raise RequestNotFound(f"There is no request behind the case {case_id}.")
    await _decide_case(work, request, case_id, ruling)
    return await decisions.find_case(work, case_id)


async def _decide_case(work: Work, request: Request, case_id: UUID, ruling: decisions.Ruling) -> None:
    reason = clean_typed(ruling.reason, LONGEST_REASON, "/reason")
    await require_stranger(work, request.plugin_id, request.owner_tenant)
    await decisions.check_decision(work, KIND, case_id, ruling)
    check_decidable(request)  # its case stays open while it is scanned again
    policy = await policy_in_force(work)
    if ruling.verdict != Ruling.APPROVE:
        await decisions.record_decision(work, KIND, case_id, ruling)
        await deny(work, request, reason)
        return
    verdict = await _approvable(work, request, policy)
    if not completes(request, work.actor.id, policy):
        await _approve_first(work, request, reason)
        return
    await decisions.record_decision(work, KIND, case_id, ruling)
    await approve(work, request, policy, verdict, reason)


async def _approvable(work: Work, request: Request, policy: Policy) -> Verdict:
    """The verdict that an approval stands on.

    Raises:
        NotCertifiable, AdvisoryStands, ScanOutdated, ChecksNotPassed: there is none.
    """
    release = (await catalog.releases_by_id(work, [request.release_id]))[request.release_id]
    check_certifiable(release.state)
    standing = await advisory_against(work, release)
    if standing is not None:
        raise AdvisoryStands(standing, str(request.state))
    check_current(request, Present(policy, await advisories_at(work), work.now))
    evidence = await requests.find_evidence(work, request.id)
    waivers = await policies.waivers_of(work, request.plugin_id)
    checks = evidence.checks if evidence else ()
    verdict = judge(checks, bar_for(request.purpose, policy.terms), waivers, work.now)
    check_approvable(request, verdict)
    return verdict


async def _approve_first(work: Work, request: Request, reason: str) -> None:
    if request.first_approval_by is None:
        await requests.move(work, request, {"first_approval_by": work.actor.id})
    context = {"request": str(request.id), "approval": 1, "of": 2}
    name = f"{request.plugin_id}@{request.version}"
    work.record(Fact("certification.approve", "release", name, context=context, personal={"reason": reason}))


#: Where such cases are decided.
DESK = Desk(KIND, decide_case)
