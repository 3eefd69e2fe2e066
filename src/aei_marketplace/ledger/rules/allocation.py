"""Dividing whole amounts without losing any of it."""

from collections.abc import Sequence

from aei_marketplace.ledger.errors import EntryUnfit


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide an amount by weights, by largest remainder; a tie goes to the earlier part.

    A negative amount is divided as its mirror image. Source of the method: Hamilton's apportionment.

    Args:
        total: minor units.
        weights: none negative, at least one positive.

    Returns:
        As many amounts as weights; they sum to `total`.

    Raises:
        EntryUnfit: the weights cannot divide anything.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise EntryUnfit("An amount is divided by weights that are positive together.")
    if total < 0:
        return tuple(-part for part in allocate(-total, weights))
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return tuple(parts)


def reversal(parts: Sequence[int], before: int, after: int) -> tuple[int, ...]:
    """What each part gives back when more of their sum is taken back.

    Reckoned on the whole that is taken back: many small reversals give back what one large one would.

    Args:
        parts: what was allocated, none negative.
        before: how much of their sum was taken back already.
        after: how much is taken back now, all in all; less than `before` when some is returned.

    Returns:
        What each part gives back now, negative where it receives.

    Raises:
        EntryUnfit: more would be taken back than there was, or less than nothing.
    """
    if not (0 <= before <= sum(parts) and 0 <= after <= sum(parts)):
        raise EntryUnfit("No more can be taken back than was paid.")
    if before == after:
        return tuple(0 for _ in parts)
    earlier, later = allocate(before, parts), allocate(after, parts)
    return tuple(new - old for old, new in zip(earlier, later, strict=True))
