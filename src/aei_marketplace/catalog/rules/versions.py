"""SemVer 2.0.0: precedence as a text that sorts, and the channel of a version."""

import re
from enum import StrEnum

import semver

from aei_inspection.versions import parse_version

#: Ends the key of a version without pre-release; sorts behind everything that can follow a core.
_RELEASE = "~"
_PRERELEASE = "-"
#: Stands between identifiers; sorts before every character of an identifier.
_NEXT = " "


class Channel(StrEnum):
    """Whether a version is for everybody (no pre-release part) or for those who want to try."""

    STABLE = "stable"
    PREVIEW = "preview"


def precedence_key(version: str) -> str:
    """A text that sorts, byte by byte, as SemVer 2.0.0 section 11 orders versions.

    Numbers are written with their length before them, numeric identifiers sort before others, and
    build metadata has no say: two versions that differ only in it have the same key.

    Raises:
        ValueError: it is not a SemVer version.
    """
    return key_of(parse_version(version))


def key_of(version: semver.Version) -> str:
    """The key of a version that was read; its numbers may be of any size."""
    core = "".join(_number_key(str(n)) for n in (version.major, version.minor, version.patch))
    if version.prerelease is None:
        return core + _RELEASE
    return core + _PRERELEASE + _NEXT.join(_identifier_key(i) for i in version.prerelease.split("."))


def prerelease_core(version: str) -> str | None:
    """`major.minor.patch` of a pre-release; None for others.

    Raises:
        ValueError: it is not a SemVer version.
    """
    return core_of(parse_version(version))


def core_of(version: semver.Version) -> str | None:
    """The same of a version that was read."""
    return None if version.prerelease is None else f"{version.major}.{version.minor}.{version.patch}"


def just_above(key: str) -> str:
    """The smallest key above `key`, between it and that of every other version."""
    return key + _NEXT


def channel_of(version: str) -> Channel:
    """The channel that a version belongs to.

    Raises:
        ValueError: it is not a SemVer version.
    """
    return Channel.STABLE if parse_version(version).prerelease is None else Channel.PREVIEW


def _identifier_key(identifier: str) -> str:
    numeric = re.fullmatch("[0-9]+", identifier)
    return "0" + _number_key(identifier) if numeric else "1" + identifier


def _number_key(digits: str) -> str:
    return f"{len(digits):02d}{digits}"
