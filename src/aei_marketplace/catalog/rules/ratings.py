"""What a plugin's ratings come to, as its listing and the search need it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RatingFigures:
    """The published ratings of a plugin.

    Attributes:
        total, count: their sum, and how many there are.
        weighed_total, weight: the same with newer versions weighing more.
    """

    total: int
    count: int
    weighed_total: float
    weight: float
