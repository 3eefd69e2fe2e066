"""What a statement says: a creator's account of one month in one currency, in whole minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from aei_marketplace.ledger.rules.periods import Period

#: The kinds of lines, in the order in which a statement shows them.
KINDS = ("sale", "refund", "hold", "release", "charge")


@dataclass(frozen=True, slots=True)
class Figures:
    """Lines added up. What buyers get back is negative."""

    count: int = 0
    gross: int = 0
    fees: int = 0
    net: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.count + other.count, self.gross + other.gross, self.fees + other.fees, self.net + other.net
        )


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose statement it is, and in what currency."""

    creator: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class Account:
    """The figures of a statement.

    Attributes:
        opening: what the month before was closed with.
        sums: by kind of line.
        payout_reversals: payouts that came back in this month.
        threshold: the least that was paid.
        payout: what is paid of it: all, or nothing.
    """

    opening: int
    sums: Mapping[str, Figures] = field(default_factory=dict)
    payout_reversals: int = 0
    threshold: int = 1
    payout: int = 0

    def of(self, kind: str) -> Figures:
        """The lines of one kind."""
        return self.sums.get(kind, NOTHING)

    @property
    def total(self) -> Figures:
        """All lines of the month."""
        return sum((self.of(kind) for kind in KINDS), NOTHING)

    @property
    def payable(self) -> int:
        """What is owed at the end of the month, before a payout."""
        return self.opening + self.payout_reversals + self.total.net

    @property
    def closing(self) -> int:
        """What the next month opens with."""
        return self.payable - self.payout


def plan_payout(payable: int, threshold: int, *, sweep: int | None = None) -> int:
    """What is paid of a balance: all of it from the threshold on, that included; else nothing.

    Args:
        payable: minor units; what is negative is carried over.
        threshold: the least that is paid.
        sweep: the least that is paid in this month whatever the threshold; None outside of a sweep.
    """
    least = threshold if sweep is None else min(threshold, sweep)
    return payable if payable >= max(least, 1) else 0


def draw_up(
    opening: int,
    sums: Mapping[str, Figures],
    payout_reversals: int,
    threshold: int,
    *,
    sweep: int | None = None,
) -> Account:
    """The account of a month; see `plan_payout` for what is paid of it."""
    before = Account(opening, sums, payout_reversals, threshold)
    return Account(
        opening,
        sums,
        payout_reversals,
        threshold,
        plan_payout(before.payable, threshold, sweep=sweep),
    )


def differences(stated: Account, recomputed: Account) -> list[str]:
    """In what two accounts of the same month differ, in words; nothing when they agree."""
    pairs = [
        ("opening", stated.opening, recomputed.opening),
        ("payout reversals", stated.payout_reversals, recomputed.payout_reversals),
        *((kind, stated.of(kind), recomputed.of(kind)) for kind in KINDS),
    ]
    return [f"{name}: stated {said}, recomputed {found}" for name, said, found in pairs if said != found]


@dataclass(frozen=True, slots=True)
class Statement:
    """A closed month of one creator in one currency."""

    id: UUID
    period: Period
    whose: Whose
    account: Account


@dataclass(frozen=True, slots=True)
class Part:
    """What one release brought in a month, by kind of line.

    Attributes:
        version: empty where the sale names no release.
    """

    plugin_id: str
    version: str
    sums: Mapping[str, Figures]

    def of(self, kind: str) -> Figures:
        """The lines of one kind."""
        return self.sums.get(kind, NOTHING)

    @property
    def total(self) -> Figures:
        """All lines of the release."""
        return sum(self.sums.values(), NOTHING)
