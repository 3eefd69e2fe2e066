"""How the ratings of a plugin are drawn for readers."""

from dataclasses import dataclass

from aei_marketplace.reviews.rules.rating import Rating

#: A line through more versions than this says less; the table beside it has all of them.
MOST_IN_LINE = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave so many stars; `share` is that of all, from 0 to 1."""

    stars: int
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Point:
    """The average of a version's ratings, from 1 to 5."""

    version: str
    average: float


def bars_of(rating: Rating) -> tuple[Bar, ...]:
    """How ratings spread, the most stars first."""
    whole = max(rating.count, 1)
    return tuple(
        Bar(stars, rating.distribution[stars], rating.distribution[stars] / whole)
        for stars in sorted(rating.distribution, reverse=True)
    )


def points_of(rating: Rating) -> tuple[Point, ...]:
    """How the average went from version to version: the newest `MOST_IN_LINE`, the oldest of them first."""
    points = [Point(version, total / count) for version, (total, count) in rating.by_version.items()]
    return tuple(reversed(points[:MOST_IN_LINE]))
