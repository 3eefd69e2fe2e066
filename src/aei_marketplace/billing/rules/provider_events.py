"""What becomes of what a provider tells: it is compared with what was asked before anything changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aei_marketplace.ground.ports.billing import PaymentSeen, RefundSeen
from aei_marketplace.ledger.rules.allocation import allocate


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an event.

    Attributes:
        state: `applied`, `parked`, `ignored` or `rejected`.
        reason: why it is not applied.
        subject: what it waits for while it is parked.
        known: what is known now, and others may have waited for.
    """

    state: str
    reason: str | None = None
    subject: str | None = None
    known: tuple[str, ...] = ()


def applied(*known: str) -> Settled:
    """It has had its effect."""
    return Settled("applied", known=known)


def parked(subject: str, reason: str) -> Settled:
    """It waits for what it is about."""
    return Settled("parked", reason, subject)


def ignored(reason: str) -> Settled:
    """It has no effect here."""
    return Settled("ignored", reason)


def rejected(reason: str) -> Settled:
    """It contradicts what is known; staff have to look."""
    return Settled("rejected", reason)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the provider was asked for: minor units."""

    amount: int
    currency: str


def contradiction(seen: PaymentSeen | RefundSeen, asked: Asked) -> str | None:
    """Why what was seen is not what was asked for; None when it is."""
    if (seen.amount, seen.currency) == (asked.amount, asked.currency):
        return None
    return f"{seen.amount} {seen.currency} came, {asked.amount} {asked.currency} were asked for"


def spread(amount: int, totals: Sequence[tuple[str, int]], left: Mapping[str, int]) -> dict[str, int]:
    """An amount that is taken from a payment, divided among its sales by what was paid for each.

    Where that takes more of one than refunds have left, it is divided by what is left, if that is enough.

    Args:
        totals: minor units with the tax, by the sale's key.
        left: of each what was not refunded.

    Returns:
        The amounts above nothing, by key.
    """
    rest = [left[key] for key, _ in totals]
    parts = allocate(amount, [total for _, total in totals])
    if any(part > most for part, most in zip(parts, rest, strict=True)) and sum(rest) >= amount:
        parts = allocate(amount, rest)
    return {key: part for (key, _), part in zip(totals, parts, strict=True) if part}


def fill(amount: int, left: Sequence[tuple[str, int]]) -> dict[str, int] | None:
    """An amount that came back unasked, taken from the lines in their order; None if it is too much."""
    amounts: dict[str, int] = {}
    for key, most in left:
        if taken := min(amount, most):
            amounts[key] = taken
            amount -= taken
    return None if amount else amounts
