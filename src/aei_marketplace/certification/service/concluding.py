"""What follows from a scan and from a decision: listed or held, approved, denied, or left to people.

These are parts of a work that holds the request; whoever begins it has required its action.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.states import DOUBTED, OFFERED, ReleaseState
from aei_marketplace.certification.errors import StateConflict
from aei_marketplace.certification.events.badges import PublishScanEnded, ScanEnd
from aei_marketplace.certification.rules.decisions import KIND, Ruling
from aei_marketplace.certification.rules.policies import Decision, OnError, Policy
from aei_marketplace.certification.rules.states import Purpose, RequestState, check_move
from aei_marketplace.certification.rules.verdicts import Outcome, Verdict
from aei_marketplace.certification.rules.views import Request
from aei_marketplace.certification.service.grounds import advisory_against
from aei_marketplace.certification.service.requesting import end_operation
from aei_marketplace.certification.store import requests
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Subject
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work

_DECIDE = "certification.decide"
_LONGEST = 2000


async def conclude(work: Work, request: Request, policy: Policy, verdict: Verdict) -> None:
    """Do what a whole scan leads to; the request is held and `scanning`."""
    work.actor.require(_DECIDE)
    if request.purpose is Purpose.PUBLISH:
        await _let_in(work, request, policy, verdict)
    elif _decides_itself(request, policy, verdict):
        await _decide(work, request, policy, verdict)
    else:
        await _hand_to_people(work, request, verdict.outcome, verdict.why() or None)


async def give_up(work: Work, request: Request, policy: Policy, problem: str) -> None:
    """Do what is left when no scan comes to an end: nothing passes; the request is held and `scanning`."""
    work.actor.require(_DECIDE)
    if request.purpose is Purpose.PUBLISH:
        await _keep_out(work, request, policy, problem)
    else:
        await _hand_to_people(work, request, Outcome.ERROR, problem)


async def approve(work: Work, request: Request, policy: Policy, verdict: Verdict, reason: str) -> None:
    """Write an approval down; the badge holds from here, and is shown once it is signed.

    Args:
        verdict: that of now; exceptions made since the scan may have turned it into a pass.
    """
    work.actor.require(_DECIDE)
    expires = work.now + timedelta(days=policy.terms.valid_days)
    values = {
        "decided_by": work.actor.id,
        "decided_at": work.now,
        "reason": reason,
        "expires_at": expires,
        **_stands_on(verdict),
    }
    await _move(work, request, RequestState.APPROVED, values)
    context = {"request": str(request.id), "policy": policy.number, "sha256": request.digest}
    _record(work, "certification.approve", request, context, reason)


async def deny(work: Work, request: Request, reason: str) -> None:
    """Write a denial down."""
    work.actor.require(_DECIDE)
    values = {"decided_by": work.actor.id, "decided_at": work.now, "reason": reason}
    if request.state is RequestState.DENIED:  # an appeal that changes nothing
        await requests.move(work, request, values)
    else:
        await _move(work, request, RequestState.DENIED, values)
    _record(work, "certification.deny", request, {"request": str(request.id)}, reason)


async def _let_in(work: Work, request: Request, policy: Policy, verdict: Verdict) -> None:
    if verdict.outcome is Outcome.PASS:
        values = {"decided_at": work.now, "reason": None, **_stands_on(verdict)}
        await _move(work, request, RequestState.APPROVED, values)
        await catalog.list_release(work, request.release_id, held=True)
    elif verdict.outcome is Outcome.ERROR:
        await _keep_out(work, request, policy, verdict.why())
    else:
        reason = verdict.why()[:_LONGEST]
        await _move(work, request, RequestState.DENIED, {"decided_at": work.now, "reason": reason})
        await _keep_off(work, request, verdict)


async def _keep_out(work: Work, request: Request, policy: Policy, problem: str) -> None:
    """A publish scan without an end: hold the release, or list it all the same where the policy says so."""
    await _move(work, request, RequestState.IN_REVIEW, {"problem": problem[:_LONGEST]})
    if policy.terms.publish_on_error is OnError.LIST:
        context = {"request": str(request.id)}
        _record(work, "certification.unscanned", request, context, problem)
        await catalog.list_release(work, request.release_id)
    else:
        reason = f"It could not be scanned, and is tried again. {problem}"[:_LONGEST]
        before = await catalog.hold_release(work, request.release_id, reason)
        if before is ReleaseState.PROCESSING:  # the next tries are nothing new to the publisher
            _tell(work, request, ScanEnd.DELAYED, reason)


async def _keep_off(work: Work, request: Request, verdict: Verdict) -> None:
    """Hold a release in which the scan found something; one that was listed without a scan is quarantined."""
    reason = f"The scan found what keeps it from being listed. {verdict.why()}"[:_LONGEST]
    if await catalog.hold_release(work, request.release_id, reason) is not None:
        _tell(work, request, ScanEnd.HELD, reason)
        return
    release = (await catalog.releases_by_id(work, [request.release_id]))[request.release_id]
    if release.state in OFFERED | DOUBTED:
        reason = f"It was listed without a scan, and a later scan found something. {verdict.why()}"[:_LONGEST]
        quarantined = ReleaseState.QUARANTINED
        await catalog.change_state(work, request.plugin_id, request.version, quarantined, reason)
        _tell(work, request, ScanEnd.QUARANTINED, reason)


def _tell(work: Work, request: Request, end: ScanEnd, reason: str) -> None:
    release = (request.plugin_id, request.version, request.owner_tenant)
    work.emit(PublishScanEnded(request.id, *release, end, reason))


def _decides_itself(request: Request, policy: Policy, verdict: Verdict) -> bool:
    """Whether no person is needed: nor was one asked before, as for an appeal."""
    automatic = policy.terms.decision is Decision.AUTOMATIC
    return automatic and verdict.outcome is not Outcome.ERROR and request.case_id is None


async def _decide(work: Work, request: Request, policy: Policy, verdict: Verdict) -> None:
    if verdict.outcome is Outcome.PASS:
        await _approve_itself(work, request, policy, verdict)
        return
    reason = verdict.why()[:_LONGEST]
    case_id = await _open_case(work, request)  # so that it can be appealed
    await decisions.record_decision(work, KIND, case_id, decisions.Ruling(Ruling.DENY, reason))
    await requests.move(work, request, {"case_id": case_id})
    await deny(work, request, reason)
    await end_operation(work, request, "Denied")


async def _approve_itself(work: Work, request: Request, policy: Policy, verdict: Verdict) -> None:
    """Approve without a person, unless an advisory about the plugin would end the badge at once."""
    release = (await catalog.releases_by_id(work, [request.release_id]))[request.release_id]
    standing = await advisory_against(work, release)
    if standing is not None:
        await _hand_to_people(work, request, verdict.outcome, standing)
        return
    await approve(work, request, policy, verdict, "Every required check has passed.")
    await end_operation(work, request, "Approved")


async def _hand_to_people(work: Work, request: Request, outcome: Outcome, problem: str | None) -> None:
    case_id = request.case_id or await _open_case(work, request)
    words = None if problem is None else problem[:_LONGEST]
    await _move(work, request, RequestState.IN_REVIEW, {"case_id": case_id, "problem": words})
    await end_operation(work, request, f"Scanned: {outcome}. A Certifier decides")


async def _open_case(work: Work, request: Request) -> UUID:
    name = f"{request.plugin_id}@{request.version}"
    title = f"Certify {request.plugin_id} {request.version}?"
    brought = await decisions.open_case(work, KIND, Subject("release", name, title, request.owner_tenant))
    return brought.case_id


def _stands_on(verdict: Verdict) -> dict[str, Any]:
    return {"outcome": verdict.outcome, "waivers": msgspec.to_builtins(verdict.waivers)}


async def _move(work: Work, request: Request, to: RequestState, values: Mapping[str, Any]) -> None:
    check_move(request.state, to)
    if not await requests.move(work, request, {"state": to, **values}):
        raise StateConflict("The request has moved on meanwhile.", str(request.state))


def _record(work: Work, action: str, request: Request, context: dict[str, Any], reason: str) -> None:
    name = f"{request.plugin_id}@{request.version}"
    work.record(Fact(action, "release", name, context=context, personal={"reason": reason}))
