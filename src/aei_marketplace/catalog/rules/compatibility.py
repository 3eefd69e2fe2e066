"""Ranges of AEI versions as intervals that a database can search."""

from dataclasses import dataclass

from aei_inspection.npm_ranges import Alternative
from aei_inspection.versions import parse_range, satisfies
from aei_marketplace.catalog.rules.versions import (
    core_of,
    just_above,
    key_of,
    precedence_key,
    prerelease_core,
)

#: Above every key: keys begin with digits.
UNBOUNDED = "~"


@dataclass(frozen=True, slots=True)
class Interval:
    """Versions from `lower` to just below `upper`, as precedence keys.

    Attributes:
        prerelease_cores: the `major.minor.patch` of which pre-releases count too. npm's rule: a
            pre-release lies in a range only if the range names a pre-release of the same three numbers.
    """

    lower: str
    upper: str
    prerelease_cores: tuple[str, ...]

    def holds(self, version: str) -> bool:
        """Whether the version lies inside.

        Raises:
            ValueError: it is not a SemVer version.
        """
        core = prerelease_core(version)
        admitted = core is None or core in self.prerelease_cores
        return admitted and self.lower <= precedence_key(version) < self.upper


def intervals(version_range: str) -> tuple[Interval, ...]:
    """An npm-style range as intervals, one for each alternative; none where nothing can satisfy it.

    Raises:
        ValueError: the range cannot be read.
    """
    found = (_interval(comparators) for comparators in parse_range(version_range))
    return tuple(i for i in found if i.lower < i.upper)


def is_compatible(aei_version: str, version_range: str) -> bool:
    """Whether a range admits an AEI version, by npm's rules.

    Raises:
        ValueError: the version or the range cannot be read.
    """
    return satisfies(aei_version, version_range)


def _interval(comparators: Alternative) -> Interval:
    lower, upper, cores = "", UNBOUNDED, set()
    for each in comparators:
        low, high = _bounds(each.operator, key_of(each.version))
        lower, upper = max(lower, low), min(upper, high)
        cores.add(core_of(each.version))
    return Interval(lower, upper, tuple(sorted(c for c in cores if c)))


def _bounds(operator: str, key: str) -> tuple[str, str]:
    match operator:
        case ">":
            return just_above(key), UNBOUNDED
        case ">=":
            return key, UNBOUNDED
        case "<":
            return "", key
        case "<=":
            return "", just_above(key)
        case _:
            return key, just_above(key)
