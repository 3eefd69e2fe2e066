"""SemVer 2.0.0 versions and npm-style ranges, as the registry understands them everywhere."""

from functools import lru_cache

import semver

from aei_inspection.npm_ranges import Alternative, lies_in, read_range
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
def parse_range(text: str) -> tuple[Alternative, ...]:
    """A range as npm reads it, in comparators: `^1.2`, `>=1.0.0 <3.0.0`, `1.x || 2.x`, `*`.

    Raises:
        ValueError: it can't be read.
    """
    if not text.strip() or len(text) > LONGEST_RANGE or not text.isascii():
        raise ValueError(f"A range has 1 to {LONGEST_RANGE} plain characters")
    return read_range(text)


def check_range(text: str) -> str:
    """The range, if it can be read.

    Raises:
        ValueError: it can't.
    """
    parse_range(text)
    return text


def satisfies(version: str, version_range: str) -> bool:
    """Whether a version lies in a range; a pre-release only where the range names one of the same version.

    Raises:
        ValueError: the version or the range can't be read.
    """
    return lies_in(parse_version(version), parse_range(version_range))
