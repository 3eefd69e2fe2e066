"""How a case moves: waiting, claimed, decided, and once more after the one appeal.

Every function takes the case as it stands and gives the case as it then stands, one version on. Nothing
else in the marketplace makes such a step.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.decisions.errors import (
    AppealRefused,
    CaseHeld,
    CaseMoved,
    CaseSettled,
    NotAffected,
    NotClaimed,
    OwnCase,
    VerdictUnknown,
)
from aei_marketplace.decisions.rules.cases import LONGEST_TITLE, Case, CaseState, Decider, Ruling, Subject
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.ground.errors import Fault

#: How long a claim keeps others away; claiming again prolongs it.
LEASE = timedelta(minutes=30)
LONGEST_REASON = 2000


def opened(
    case_id: UUID,
    kind: CaseKind,
    subject: Subject,
    by: UUID | None,
    tenant: UUID | None,
    now: datetime,
    due_in: timedelta | None = None,
) -> Case:
    """A new case, waiting."""
    return Case(
        id=case_id,
        kind=kind.name,
        subject_type=subject.type,
        subject_id=subject.id,
        title=subject.title[:LONGEST_TITLE],
        party=subject.party,
        opened_by=by,
        opened_tenant=tenant,
        state=CaseState.WAITING,
        round=1,
        version=1,
        opened_at=now,
        queued_at=now,
        due_at=now + (due_in or kind.due_in),
    )


def check_version(case: Case, seen: int | None) -> None:
    """Whether the case is the one that the caller saw.

    Raises:
        CaseMoved: it has moved on since.
    """
    if seen is not None and seen != case.version:
        detail = f"You saw version {seen}, and the case is at version {case.version} now."
        raise CaseMoved(detail, case.standing)


def claimed(case: Case, by: UUID, now: datetime) -> Case:
    """The case, held by one person for a while; their own claim is prolonged, an ended one taken over.

    Raises:
        CaseSettled: nothing is left to decide.
        CaseHeld: another's claim holds.
    """
    _require_open(case)
    _require_free(case, by, now)
    return replace(
        case, version=case.version + 1, state=CaseState.CLAIMED, claimed_by=by, claimed_until=now + LEASE
    )


def let_go(case: Case, by: UUID) -> Case:
    """The case, waiting again.

    Raises:
        CaseSettled: nothing is left to decide.
        NotClaimed: somebody else holds it, or nobody.
    """
    _require_open(case)
    if case.claimed_by != by:
        raise NotClaimed("You cannot let go what you do not hold.", case.standing)
    return replace(
        case, version=case.version + 1, state=CaseState.WAITING, claimed_by=None, claimed_until=None
    )


def decided(case: Case, kind: CaseKind, ruling: Ruling, by: Decider, now: datetime) -> Case:
    """The case, decided; in its second round for good.

    Raises:
        CaseSettled: it was decided or withdrawn.
        CaseHeld: another's claim holds.
        CaseMoved: it is not the one that the decider saw.
        OwnCase: the kind wants another pair of eyes.
        VerdictUnknown: this kind knows no such verdict.
    """
    _require_open(case)
    _require_free(case, by.id, now)
    check_version(case, ruling.version)
    if kind.four_eyes:
        _require_other_eyes(case, by)
    if ruling.verdict not in kind.verdicts:
        fault = Fault("/verdict", f"one of {', '.join(sorted(kind.verdicts))}")
        raise VerdictUnknown("Cases of this kind are not decided so.", faults=[fault])
    return replace(
        case,
        version=case.version + 1,
        state=CaseState.DECIDED,
        claimed_by=None,
        claimed_until=None,
        verdict=ruling.verdict,
        reason=ruling.reason,
        decided_by=by.id,
        decided_at=now,
        appeal_until=_appeal_until(case, kind, ruling.verdict, now),
    )


def appealed(case: Case, kind: CaseKind, tenant: UUID, now: datetime) -> Case:
    """The case, waiting for its second and last decision; the first stands until then.

    Raises:
        NotAffected: the tenant is not the party.
        AppealRefused: there is no decision to appeal, no appeal of this one, or no time left.
    """
    if tenant != case.party:
        raise NotAffected("The decision touches another tenant.")
    if not case.appealable_at(now):
        raise AppealRefused(_why_no_appeal(case), case.standing)
    return replace(
        case,
        version=case.version + 1,
        state=CaseState.WAITING,
        round=2,
        queued_at=now,
        due_at=now + kind.due_in,
        appeal_until=None,
    )


def withdrawn(case: Case) -> Case:
    """The case, taken back by who brought it.

    Raises:
        CaseSettled: it was decided or withdrawn; after an appeal, too, there is a decision.
    """
    _require_open(case)
    if case.round != 1:
        raise CaseSettled("It was decided once and can only be decided again.", case.standing)
    return replace(
        case, version=case.version + 1, state=CaseState.WITHDRAWN, claimed_by=None, claimed_until=None
    )


def _require_open(case: Case) -> None:
    if case.state is CaseState.WITHDRAWN:
        raise CaseSettled("The case was withdrawn.", case.standing)
    if case.state is CaseState.DECIDED:
        detail = f"The case was decided at {case.decided_at:%Y-%m-%d %H:%M} UTC: {case.verdict}."
        raise CaseSettled(detail, case.standing)


def _require_free(case: Case, by: UUID | None, now: datetime) -> None:
    if case.held_at(now) and case.claimed_by != by:
        detail = f"Another member of staff holds the case until {case.claimed_until:%H:%M} UTC."
        raise CaseHeld(detail, case.standing)


def _require_other_eyes(case: Case, by: Decider) -> None:
    if by.of_party:
        raise OwnCase("You belong to the tenant that the decision touches.")
    if by.id is not None and by.id == case.opened_by:
        raise OwnCase("You brought this case yourself.")
    if by.id is not None and case.round > 1 and by.id == case.decided_by:
        raise OwnCase("You made the decision that is appealed.")


def _appeal_until(case: Case, kind: CaseKind, verdict: str, now: datetime) -> datetime | None:
    if case.round > 1 or kind.appeal_within is None or verdict in kind.favourable:
        return None
    return now + kind.appeal_within


def _why_no_appeal(case: Case) -> str:
    if case.round > 1:
        return "The one appeal was made; the decision about it is, or will be, final."
    if case.state is not CaseState.DECIDED:
        return "There is no decision to appeal."
    if case.appeal_until is None:
        return "This decision cannot be appealed."
    return f"The time to appeal ended at {case.appeal_until:%Y-%m-%d %H:%M} UTC."
