"""How a tax profile stands, and what may be decided about it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.sealing import Place
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.tax_profiles.errors import ReviewRefused, ReviewUnfit
from aei_marketplace.tax_profiles.rules.declarations import Form, Kind

MOST_BPS = 10_000
LONGEST_REASON = 2_000


class State(StrEnum):
    """Where a tax profile is in its life."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


_FOLLOWS = {State.SUBMITTED: {State.REVIEWED, State.REFUSED}, State.REVIEWED: {State.REFUSED}}


@dataclass(frozen=True, slots=True)
class Profile:
    """A tax profile without what is sealed.

    Attributes:
        tax_id_end: the last characters of the tax id.
        expires_on: the last day on which it holds; None when it does not end of itself.
        withholding_bps: basis points of a payout that are withheld; None until it is reviewed.
        reason: what the reviewer said of it.
        version: grows with each change.
    """

    id: UUID
    tenant_id: UUID
    form: Form
    kind: Kind
    residence: str
    tax_id_end: str
    submitted_at: datetime
    submitted_by: UUID
    expires_on: date | None
    state: State
    withholding_bps: int | None
    reason: str | None
    reviewed_at: datetime | None
    reviewed_by: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer says.

    Attributes:
        state: `reviewed` or `refused`.
        withholding_bps: basis points; None with a refusal.
        reason: None where a review needs none.
    """

    state: State
    withholding_bps: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TaxStanding:
    """How a creator stands with tax.

    Attributes:
        reviewed: whether a tax profile of theirs was examined and stands.
        withholding_bps: basis points of a payout that are withheld.
        why_not: why they may not be paid; None when they may.
    """

    reviewed: bool
    withholding_bps: int
    why_not: str | None


NO_PROFILE = TaxStanding(False, 0, "The creator has no reviewed tax profile.")
_WHY_NOT = {
    State.SUBMITTED: "The creator's tax profile waits for its review.",
    State.REFUSED: "The creator's tax profile was refused.",
}


def standing_of(profile: Profile | None, today: date) -> TaxStanding:
    """How a creator stands by their present tax profile.

    Args:
        profile: the newest one; None when they sent none.
    """
    if profile is None:
        return NO_PROFILE
    if profile.state is not State.REVIEWED or profile.withholding_bps is None:
        return TaxStanding(False, 0, _WHY_NOT.get(profile.state, NO_PROFILE.why_not))
    if profile.expires_on is not None and today > profile.expires_on:
        return TaxStanding(False, 0, f"The creator's tax profile ended on {profile.expires_on}.")
    return TaxStanding(True, profile.withholding_bps, None)


def check_review(
    profile: Profile, approve: bool, withholding_bps: int | None, reason: str | None, today: date
) -> Review:
    """What is to be recorded of a review.

    Raises:
        ReviewRefused: in its state this cannot be decided any more, or it has ended.
        ReviewUnfit: the withholding is no share, or a refusal says no reason.
    """
    to = State.REVIEWED if approve else State.REFUSED
    if to not in _FOLLOWS.get(profile.state, ()):
        raise ReviewRefused(f"It is {profile.state}; that does not become {to}.")
    said = clean_typed(reason, LONGEST_REASON, "/reason") if reason else None
    if not approve:
        if said is None:
            raise ReviewUnfit("A refusal says why.", faults=[Fault("/reason", "what has to be corrected")])
        return Review(to, None, said)
    if profile.expires_on is not None and today > profile.expires_on:
        raise ReviewRefused(f"The form ended on {profile.expires_on}; the creator has to send a new one.")
    if type(withholding_bps) is not int or not 0 <= withholding_bps <= MOST_BPS:
        fault = Fault("/withholding_bps", f"whole basis points from 0 to {MOST_BPS}")
        raise ReviewUnfit("The withholding is no share.", faults=[fault])
    return Review(to, withholding_bps, said)


def seal_place(tenant: UUID, profile_id: UUID) -> Place:
    """Where the sealed part of a tax profile belongs."""
    return Place("tax-profile", tenant, str(profile_id), 1)
