"""SemVer 2.0.0 versions and npm-style ranges, as the registry understands them everywhere."""

from functools import lru_cache
from typing import Any

import nodesemver
import semver

from aei_inspection.strict_json import LARGEST_INTEGER

LONGEST_VERSION = 64
LONGEST_RANGE = 200


def parse_version(text: str) -> semver.Version:
    """Read a version by SemVer 2.0.0.

    Raises:
        ValueError: it is not one, or one of its numbers is beyond what every reader keeps exact.
    """
    if len(text) > LONGEST_VERSION:
        raise ValueError(f"a version has at most {LONGEST_VERSION} characters")
    version = semver.Version.parse(text)
    if max(version.major, version.minor, version.patch) > LARGEST_INTEGER:
        raise ValueError(f"a number of the version is beyond {LARGEST_INTEGER}")
    return version


@lru_cache(maxsize=4096)
def check_range(text: str) -> str:
    """The range, if it can be read as npm reads it: `^1.2`, `>=1.0.0 <3.0.0`, `1.x || 2.x`, `*`.

    Raises:
        ValueError: it can't be read.
    """
    if not text.strip() or len(text) > LONGEST_RANGE or not text.isascii():
        raise ValueError(f"A range has 1 to {LONGEST_RANGE} plain characters")
    alternatives = text.split("||")
    if len(alternatives) > 1 and not all(alternative.strip() for alternative in alternatives):
        raise ValueError("An alternative beside || is empty and would allow every version")
    try:
        found = nodesemver.make_range(text, loose=False).set
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        # The parser lets several of its own errors through when a comparator makes no sense.
        raise ValueError(f"Not a version range ({error})") from error
    if any(_beyond(comparator) for comparators in found for comparator in comparators):
        raise ValueError(f"A number of the range is beyond {LARGEST_INTEGER}")
    return text


def _beyond(comparator: Any) -> bool:
    """Whether a bound lies where no version can; the open end of `^9007199254740991` lies one above."""
    bound = comparator.semver
    if not hasattr(bound, "major"):
        return False  # `*`: no bound
    return bool(max(bound.major, bound.minor, bound.patch) > LARGEST_INTEGER + 1)


def satisfies(version: str, version_range: str) -> bool:
    """Whether a version lies in a range; a pre-release only where the range names one of the same version.

    Raises:
        ValueError: the version or the range can't be read.
    """
    parse_version(version)
    return bool(nodesemver.satisfies(version, check_range(version_range), loose=False))
