"""What is withheld of a payout."""

_WHOLE = 10_000


def withholding_of(amount: int, basis_points: int) -> int:
    """What is withheld of an amount, in minor units, rounded half up.

    Args:
        amount: minor units, not negative.
        basis_points: 0 to 10000.
    """
    return (2 * amount * basis_points + _WHOLE) // (2 * _WHOLE)
