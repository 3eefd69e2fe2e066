"""What has to hold before somebody decides about a request, and when an answer is on record already."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.certification.errors import (
    ChecksNotPassed,
    NotCertifiable,
    ScanOutdated,
    SecondEyesNeeded,
    StateConflict,
)
from aei_marketplace.certification.rules.policies import Decision, Policy, is_fresh
from aei_marketplace.certification.rules.states import ANSWERED, RequestState
from aei_marketplace.certification.rules.verdicts import Outcome, Verdict
from aei_marketplace.certification.rules.views import Basis, Request
from aei_marketplace.decisions.rules.kinds import CaseKind


class Ruling(StrEnum):
    """How a Certifier decides."""

    APPROVE = "approve"
    DENY = "deny"


#: The publisher's people do not decide about it, nor does an appeal come to who decided first.
KIND = CaseKind(
    name="certification",
    action="certification.decide",
    verdicts=frozenset(Ruling),
    favourable=frozenset({Ruling.APPROVE}),
    due_in=timedelta(hours=72),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
    four_eyes=True,
)


@dataclass(frozen=True, slots=True)
class Present:
    """How things stand at the moment of a decision."""

    policy: Policy
    advisories_at: datetime | None
    now: datetime


def check_certifiable(state: ReleaseState) -> None:
    """Whether releases in this state are certified at all.

    Raises:
        NotCertifiable: they are not.
    """
    if state not in OFFERED:
        raise NotCertifiable(
            f"The release is {state}; certified is what is offered: {', '.join(sorted(OFFERED))}.",
            advice="Wait until it is listed, or submit another version.",
        )


def check_decidable(request: Request) -> UUID:
    """The case of a request that people decide now: one under review, or denied and perhaps appealed.

    Raises:
        StateConflict: it waits for a scan, or is over.
    """
    if request.case_id is None or request.state not in (RequestState.IN_REVIEW, RequestState.DENIED):
        detail = f"The request is {request.state}; there is nothing to decide now."
        raise StateConflict(detail, str(request.state))
    return request.case_id


def check_current(request: Request, present: Present) -> Basis:
    """The basis of the request's scan, if a decision can stand on it.

    Raises:
        ScanOutdated: there is none, it is too old, or policy or advisories are others by now.
    """
    basis, state = request.basis, str(request.state)
    if basis is None:
        raise ScanOutdated("The release has not been scanned.", state)
    if basis.policy_digest != present.policy.digest:
        raise ScanOutdated(
            f"The scan is under policy {basis.policy_number}; policy {present.policy.number} is in force.",
            state,
        )
    if basis.advisories_at != present.advisories_at:
        raise ScanOutdated("The database of advisories has changed since the scan.", state)
    if not is_fresh(basis.scanned_at, present.now, present.policy.terms):
        hours = present.policy.terms.fresh_hours
        raise ScanOutdated(f"The scan is older than {hours} hours.", state)
    return basis


def check_approvable(request: Request, verdict: Verdict) -> None:
    """Whether the checks let anybody approve.

    Raises:
        ChecksNotPassed: they do not, with every ground.
    """
    if verdict.outcome is not Outcome.PASS:
        raise ChecksNotPassed(verdict.why(), str(request.state))


def completes(request: Request, approver: UUID | None, policy: Policy) -> bool:
    """Whether an approval is the last that the policy wants.

    Raises:
        SecondEyesNeeded: it wants two people, and this one has approved already.
    """
    if policy.terms.decision is not Decision.TWO:
        return True
    if request.first_approval_by is None:
        return False
    if request.first_approval_by == approver:
        raise SecondEyesNeeded("The policy wants two people, and your approval is on record already.")
    return True


def is_answered(earlier: Request, digest: str, policy: Policy, advisories_at: datetime | None) -> bool:
    """Whether an earlier request answers the same question: same package, policy and advisories."""
    basis = earlier.basis
    return (
        earlier.state in ANSWERED
        and basis is not None
        and (earlier.digest, basis.policy_digest, basis.advisories_at)
        == (digest, policy.digest, advisories_at)
    )
