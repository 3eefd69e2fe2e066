"""How each ecosystem orders its versions.

PyPI: PEP 440, by `packaging`. npm and crates: SemVer 2.0.0. Go: SemVer with a leading `v`, in which
pseudo-versions are pre-releases, and the toolchain's own numbers (`go1.21rc2`).

A version is read strictly: what stands in an inventory is a version or it is unknown. A bound is read a
little more freely: advisories write `1.0` for `1.0.0`.
"""

import re
from functools import lru_cache

from packaging.version import InvalidVersion, Version

from aei_inspection.advisories.ecosystems import Ecosystem

LONGEST_VERSION = 256
#: Compares with every other position of its ecosystem, and with no position of another.
Position = Version | tuple[int, int, int, tuple[tuple[int, int, str], ...]]

_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_NUMBER = r"(0|[1-9][0-9]*)"
_TAIL = rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}{_TAIL}")
_SHORT = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?{_TAIL}")
_TOOLCHAIN = re.compile(r"go([0-9]+\.[0-9]+)(\.[0-9]+)?(?:(rc|beta)([0-9]+))?(?:-[a-z0-9.]+)?")
#: Sorts after every pre-release: a release has no identifiers to compare (SemVer 2.0.0, section 11.3).
_RELEASE = ((2, 0, ""),)
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*")
#: Plain, and spelled as it is to be spelled but for zeros at its end.
_TIDY = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")


class VersionUnreadable(ValueError):
    """The text is no version of this ecosystem: nothing can be said about it."""


def position(ecosystem: Ecosystem, version: str) -> Position:
    """Where a version of an inventory stands.

    Raises:
        VersionUnreadable: it is not written as its ecosystem writes versions.
    """
    return _position(ecosystem, version.strip(), _SEMVER)


def bound(ecosystem: Ecosystem, version: str) -> Position:
    """Where a bound of an advisory stands; minor number and patch may be left out.

    Raises:
        VersionUnreadable: it cannot be ordered.
    """
    return _position(ecosystem, version.strip(), _SHORT)


@lru_cache(maxsize=65_536)
def canonical(ecosystem: Ecosystem, version: str) -> str:
    """One spelling for all of one version; a text that is none stays as it is.

    What does not count in the order is left out: build metadata, and of a PyPI version the local label,
    so that a rebuilt package counts as what it was built from.
    """
    text = version.strip()
    try:
        if ecosystem is Ecosystem.PYPI:
            return _canonical_pypi(text)
        if ecosystem is Ecosystem.GO:
            text = text.removeprefix("v")
        position(ecosystem, text)
    except VersionUnreadable:
        return text
    return text.removeprefix("v").partition("+")[0]


def _canonical_pypi(text: str) -> str:
    if not text.endswith(".0") and _TIDY.fullmatch(text):
        return text
    if _PLAIN.fullmatch(text):
        numbers = [number.lstrip("0") or "0" for number in text.split(".")]
    else:
        return _spelled(_pep440(text))
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    return ".".join(numbers)


def _spelled(version: Version) -> str:
    release = list(version.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    epoch = f"{version.epoch}!" if version.epoch else ""
    pre = "".join(map(str, version.pre or ()))
    post = f".post{version.post}" if version.post is not None else ""
    dev = f".dev{version.dev}" if version.dev is not None else ""
    return f"{epoch}{'.'.join(map(str, release))}{pre}{post}{dev}"


@lru_cache(maxsize=65_536)
def _position(ecosystem: Ecosystem, text: str, form: re.Pattern[str]) -> Position:
    if ecosystem is Ecosystem.PYPI:
        return _pep440(text)
    if ecosystem is Ecosystem.GO:
        text = _toolchain(text) or text.removeprefix("v")
    elif ecosystem is Ecosystem.NPM:
        text = text.removeprefix("v")
    return _semver(text, form)


def _pep440(text: str) -> Version:
    if len(text) > LONGEST_VERSION:
        raise VersionUnreadable(f"a version has at most {LONGEST_VERSION} characters")
    try:
        return Version(text)
    except InvalidVersion as error:
        raise VersionUnreadable("not a version by PEP 440") from error


def _semver(text: str, form: re.Pattern[str]) -> Position:
    found = form.fullmatch(text) if len(text) <= LONGEST_VERSION else None
    if found is None:
        raise VersionUnreadable("not a version by SemVer 2.0.0")
    major, minor, patch, pre = found.groups()
    identifiers = tuple(map(_identifier, pre.split("."))) if pre else _RELEASE
    return int(major), int(minor or 0), int(patch or 0), identifiers


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _toolchain(text: str) -> str | None:
    """`go1.21rc2` → `1.21.0-rc.2`: so `stdlib` and `toolchain` stand in advisories."""
    found = _TOOLCHAIN.fullmatch(text)
    if found is None:
        return None
    minor, patch, kind, number = found.groups()
    return f"{minor}{patch or '.0'}{f'-{kind}.{number}' if kind else ''}"
