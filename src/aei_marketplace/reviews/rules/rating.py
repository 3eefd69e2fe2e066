"""What the ratings of a plugin come to.

The average that is shown is the plain mean of the published ratings, one of each writer: their newest.

What ranks plugins is a Bayesian average: the mean of the ratings and of a number of imagined usual ones, so
that few ratings say little. The imagined ones are the catalogue's (`catalog/rules/ranking.py:rating_share`);
here the ratings are weighed before: those of the newest reviewed version count 1, of the version before 0.8,
of the one before that 0.8², and so on. With `C` imagined ratings of `m` and ratings `r` weighing `w`, that is
`(C·m + Σ w·r) / (C + Σ w)`.

Source of the form: Evan Miller, "Bayesian Average Ratings" (2012), with weights for age of our own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aei_marketplace.catalog.rules.ranking import PRIOR_RATING, PRIOR_REVIEWS
from aei_marketplace.catalog.rules.versions import precedence_key

#: How much a rating of a version weighs beside one of the version after it.
STEP = 0.8


@dataclass(frozen=True, slots=True)
class Counted:
    """How many writers gave a version this rating."""

    version: str
    rating: int
    count: int


@dataclass(frozen=True, slots=True)
class Rating:
    """The ratings of a plugin together.

    Attributes:
        total, count: the sum of the ratings, and how many.
        weighed_total, weight: the same with newer versions weighing more.
        distribution: how many gave each rating from 1 to 5.
        by_version: sum and number of the ratings of each version, the newest first.
    """

    total: int
    count: int
    weighed_total: float
    weight: float
    distribution: Mapping[int, int]
    by_version: Mapping[str, tuple[int, int]]

    @property
    def average(self) -> float | None:
        """The plain mean; None without any rating."""
        return self.total / self.count if self.count else None


def rate(counted: Iterable[Counted]) -> Rating:
    """Put ratings together."""
    groups = list(counted)
    versions = sorted({group.version for group in groups}, key=precedence_key, reverse=True)
    by_version = {version: _sum(g for g in groups if g.version == version) for version in versions}
    weights = [STEP**age for age in range(len(versions))]
    weighed = list(zip(weights, by_version.values(), strict=True))
    total, count = _sum(groups)
    return Rating(
        total=total,
        count=count,
        weighed_total=sum(weight * total for weight, (total, _) in weighed),
        weight=sum(weight * count for weight, (_, count) in weighed),
        distribution={stars: sum(g.count for g in groups if g.rating == stars) for stars in range(1, 6)},
        by_version=by_version,
    )


@dataclass(frozen=True, slots=True)
class ScorePart:
    """What the ratings of one version do to the score.

    Attributes:
        average, count: of the version's ratings.
        weight: how much each of them weighs.
    """

    version: str
    average: float
    count: int
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """The mean by which plugins are ranked, with all that goes into it.

    Attributes:
        value: from 1 to 5.
        imagined, usual: so many ratings are imagined beside the real ones, each of that many stars.
        parts: of each version, the newest first.
    """

    value: float
    imagined: int
    usual: int
    parts: tuple[ScorePart, ...]


def explain(rating: Rating) -> Score:
    """How the ratings of a plugin become the mean by which it is ranked."""
    parts = tuple(
        ScorePart(version, total / count, count, STEP**age)
        for age, (version, (total, count)) in enumerate(rating.by_version.items())
    )
    mean = (PRIOR_REVIEWS * PRIOR_RATING + rating.weighed_total) / (PRIOR_REVIEWS + rating.weight)
    return Score(mean, PRIOR_REVIEWS, PRIOR_RATING, parts)


def _sum(groups: Iterable[Counted]) -> tuple[int, int]:
    total = count = 0
    for group in groups:
        total += group.rating * group.count
        count += group.count
    return total, count
