"""Share agreements: which part of a sale is the creator's, from when on, and what may change it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.money import AmountUnfit, check_amount, check_currency
from aei_marketplace.sales.errors import AgreementUnfit

#: All of a sale, in basis points.
WHOLE = 10_000
DEFAULT_SHARE = 8_500
#: A change for the worse is announced to the creator so long before it applies.
NOTICE = timedelta(days=30)
MOST_TIERS = 20
MOST_REASON = 500

ProcessingFeeBearer = Literal["platform", "creator"]
DisputeFeeBearer = Literal["creator_if_lost", "platform"]
PROCESSING_FEE_BEARERS: tuple[ProcessingFeeBearer, ...] = ("platform", "creator")
DISPUTE_FEE_BEARERS: tuple[DisputeFeeBearer, ...] = ("creator_if_lost", "platform")


@dataclass(frozen=True, slots=True)
class Revenue:
    """What a plugin has grossed in one currency, refunds taken off, in minor units."""

    currency: str
    gross: int


@dataclass(frozen=True, slots=True)
class Tier:
    """Another share once a plugin has grossed so much.

    Attributes:
        from_gross: minor units of `currency`; reached by exactly as much.
    """

    currency: str
    from_gross: int
    creator_share_bps: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed.

    Attributes:
        creator_share_bps: the creator's part of the gross, in basis points, below all tiers.
        effective_from: what is earned at this moment or later falls under it.
        reason: why; the creator reads it.
        processing_fee_bearer: who bears what the provider takes for a payment.
        dispute_fee_bearer: who bears what it takes for a dispute.
    """

    creator_share_bps: int
    effective_from: datetime
    reason: str
    tiers: tuple[Tier, ...] = ()
    processing_fee_bearer: ProcessingFeeBearer = "platform"
    dispute_fee_bearer: DisputeFeeBearer = "creator_if_lost"

    def share(self, revenue: Revenue) -> int:
        """The creator's part after so much revenue, in basis points."""
        reached = [t for t in self.tiers if t.currency == revenue.currency and t.from_gross <= revenue.gross]
        highest = max(reached, key=lambda tier: tier.from_gross, default=None)
        return self.creator_share_bps if highest is None else highest.creator_share_bps


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms of one plugin as they were set; never changed, only superseded.

    Attributes:
        number: counts up in the order in which terms of the same plugin were set.
    """

    id: UUID
    plugin_id: str
    terms: Terms
    set_by: UUID
    set_at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What applies to one sale, frozen with it."""

    creator_share_bps: int
    processing_fee_bearer: ProcessingFeeBearer
    dispute_fee_bearer: DisputeFeeBearer


#: What applies where nothing was agreed.
DEFAULT = Terms(DEFAULT_SHARE, datetime.min.replace(tzinfo=UTC), "")


def agreement_at(agreements: Iterable[Agreement], moment: datetime) -> Agreement | None:
    """The agreement in force: the latest that had begun, and of those that begin alike the one set last."""
    begun = [each for each in agreements if each.terms.effective_from <= moment]
    return max(begun, key=lambda each: (each.terms.effective_from, each.number), default=None)


def terms_at(agreements: Iterable[Agreement], moment: datetime) -> Terms:
    """The terms in force at a moment; the marketplace's own where nothing was agreed."""
    found = agreement_at(agreements, moment)
    return DEFAULT if found is None else found.terms


def share_at(agreements: Iterable[Agreement], earned_at: datetime, revenue_so_far: Revenue) -> Share:
    """What applies to a sale.

    Args:
        agreements: of its plugin, in any order.
        revenue_so_far: as `tiers.counted_until` says how far it is counted.
    """
    terms = terms_at(agreements, earned_at)
    return Share(terms.share(revenue_so_far), terms.processing_fee_bearer, terms.dispute_fee_bearer)


def in_percent(share_bps: int) -> str:
    """Basis points as people read them: `85 %`, `33.33 %`."""
    whole, rest = divmod(share_bps, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + " %" if rest else f"{whole} %"


def check_terms(terms: Terms) -> None:
    """Refuse terms that cannot be agreed.

    Raises:
        AgreementUnfit: a share above the whole, a tier that is none, no reason, a time without zone.
    """
    faults = [*_share_faults("creator_share_bps", terms.creator_share_bps), *_tier_faults(terms.tiers)]
    if terms.processing_fee_bearer not in PROCESSING_FEE_BEARERS:
        faults.append(Fault("processing_fee_bearer", f"one of {', '.join(PROCESSING_FEE_BEARERS)}"))
    if terms.dispute_fee_bearer not in DISPUTE_FEE_BEARERS:
        faults.append(Fault("dispute_fee_bearer", f"one of {', '.join(DISPUTE_FEE_BEARERS)}"))
    if terms.effective_from.tzinfo is None:
        faults.append(Fault("effective_from", "a time with its zone"))
    if not 1 <= len(terms.reason.strip()) <= MOST_REASON:
        faults.append(Fault("reason", f"1 to {MOST_REASON} characters; the creator reads it"))
    if faults:
        raise AgreementUnfit("The terms have problems.", faults=faults)


def check_announced(terms: Terms, agreements: Sequence[Agreement], now: datetime) -> None:
    """Refuse terms that would apply to what is earned already, or too soon for the creator's harm.

    Args:
        agreements: of the plugin so far.

    Raises:
        AgreementUnfit: they begin in the past, or are worse than what they replace and begin within `NOTICE`.
    """
    if terms.effective_from <= now:
        fault = Fault("effective_from", "later than now", "effective_in_the_past")
        raise AgreementUnfit(
            "An agreement begins in the future: what is earned is earned, and a closed month never changes.",
            faults=[fault],
            advice="Choose a later moment.",
        )
    if is_worse(terms, terms_at(agreements, terms.effective_from)) and terms.effective_from < now + NOTICE:
        fault = Fault("effective_from", f"at least {NOTICE.days} days from now", "notice_too_short")
        raise AgreementUnfit(
            f"It gives the creator less, and that is announced {NOTICE.days} days before it applies.",
            faults=[fault],
            advice=f"Let it begin at {(now + NOTICE).isoformat(timespec='minutes')} or later.",
        )


def is_worse(new: Terms, old: Terms) -> bool:
    """Whether a creator gets less by the new terms than by the old, at any revenue in any currency."""
    if new.processing_fee_bearer == "creator" != old.processing_fee_bearer:
        return True
    if new.dispute_fee_bearer == "creator_if_lost" != old.dispute_fee_bearer:
        return True
    steps = {(tier.currency, tier.from_gross) for tier in (*new.tiers, *old.tiers)} | {("", 0)}
    reached = [Revenue(currency, gross) for currency, gross in steps]
    below = [Revenue(currency, 0) for currency, _ in steps]
    return any(new.share(revenue) < old.share(revenue) for revenue in (*reached, *below))


def _share_faults(pointer: str, share: object) -> list[Fault]:
    if type(share) is int and 0 <= share <= WHOLE:
        return []
    return [Fault(pointer, f"a whole number of basis points from 0 to {WHOLE}", "share_out_of_range")]


def _tier_faults(tiers: Sequence[Tier]) -> list[Fault]:
    faults = []
    for number, tier in enumerate(tiers):
        faults += _share_faults(f"tiers/{number}/creator_share_bps", tier.creator_share_bps)
        try:
            check_currency(tier.currency, f"tiers/{number}/currency")
            check_amount(tier.from_gross, f"tiers/{number}/from_gross_minor")
        except AmountUnfit as error:
            faults += error.faults
    if len(tiers) > MOST_TIERS:
        faults.append(Fault("tiers", f"at most {MOST_TIERS}"))
    if len({(tier.currency, tier.from_gross) for tier in tiers}) < len(tiers):
        faults.append(Fault("tiers", "one for each amount of a currency", "tier_twice"))
    return faults
