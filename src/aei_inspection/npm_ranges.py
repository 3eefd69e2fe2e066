"""Ranges of versions as npm reads them: the grammar and the meaning of its `semver` package, version 7.

A range has alternatives (`||`), an alternative has words that all hold, and a word stands for one or two
comparators: `^1.2` for `>=1.2.0 <2.0.0-0`. The `-0` keeps pre-releases of the version above out. Source of
grammar and examples: the documentation of https://github.com/npm/node-semver.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import semver

from aei_inspection.strict_json import LARGEST_INTEGER

_NUMBER = "(?:0|[1-9][0-9]*)"
_PART = f"({_NUMBER}|[xX*])"
_IDENTIFIER = f"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_PRERELEASE = rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))"
_BUILD = r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)"
_PARTIAL = rf"v?{_PART}(?:\.{_PART}(?:\.{_PART}{_PRERELEASE}?)?)?{_BUILD}?"
_WORD = re.compile(rf"(<=?|>=?|=|~>?|\^)?\s*{_PARTIAL}(?:\s+|$)")
#: What a comparison of versions gives, as the operator that it satisfies.
_SIDES = {-1: "<", 0: "=", 1: ">"}
_HYPHEN = re.compile(rf"{_PARTIAL}\s+-\s+{_PARTIAL}")


@dataclass(frozen=True, slots=True)
class Comparator:
    """A bound that versions are held against.

    Attributes:
        operator: `<`, `<=`, `>`, `>=` or `=`.
    """

    operator: str
    version: semver.Version

    def admits(self, version: semver.Version) -> bool:
        """Whether a version lies on the right side, by precedence alone."""
        return _SIDES[version.compare(self.version)] in self.operator


#: Comparators that all have to hold; none admits every version that is no pre-release.
Alternative = tuple[Comparator, ...]
_ANY: Alternative = ()
_NOTHING = (Comparator("<", semver.Version(0, 0, 0, "0")),)
_FROM_THE_FIRST = Comparator(">=", semver.Version(0, 0, 0))


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of which numbers may be left out from the right.

    Attributes:
        skips: a number follows one that is left out.
    """

    major: int | None
    minor: int | None
    patch: int | None
    prerelease: str | None
    skips: bool

    def lowest(self) -> semver.Version:
        """With zeros for what is left out; its pre-release part counts only where nothing is."""
        prerelease = None if self.patch is None else self.prerelease
        return semver.Version(self.major or 0, self.minor or 0, self.patch or 0, prerelease)

    def next(self) -> semver.Version:
        """Where the versions end that share what is written of major and minor."""
        if self.minor is None:
            return _floor((self.major or 0) + 1)
        return _floor(self.major or 0, self.minor + 1)


def read_range(text: str) -> tuple[Alternative, ...]:
    """A range as alternatives; a range that admits everything anyhow has that one alone.

    Raises:
        ValueError: it cannot be read, or a number of it is beyond what every reader keeps exact.
    """
    alternatives = tuple(_alternative(each.strip()) for each in text.split("||"))
    return (_ANY,) if _ANY in alternatives else alternatives


def lies_in(version: semver.Version, alternatives: tuple[Alternative, ...]) -> bool:
    """Whether a version lies in a range; a pre-release only beside another of the same three numbers."""
    return any(_holds(version, comparators) for comparators in alternatives)


def _holds(version: semver.Version, comparators: Alternative) -> bool:
    if not all(each.admits(version) for each in comparators):
        return False
    core = version.to_tuple()[:3]
    return version.prerelease is None or any(
        each.version.prerelease is not None and each.version.to_tuple()[:3] == core for each in comparators
    )


def _alternative(text: str) -> Alternative:
    if not text:
        raise ValueError("An alternative is empty and would allow every version")
    between = _HYPHEN.fullmatch(text)
    found = list(_between(_partial(between, 1), _partial(between, 5)) if between else _words(text))
    if _NOTHING[0] in found:
        return _NOTHING
    return tuple(each for each in found if each != _FROM_THE_FIRST)


def _words(text: str) -> Iterator[Comparator]:
    position = 0
    while position < len(text):
        word = _WORD.match(text, position)
        if word is None:
            raise ValueError(f"Not a version range: {text[position : position + 40]!r}")
        position = word.end()
        yield from _comparators(word[1] or "", _partial(word, 2))


def _comparators(operator: str, partial: _Partial) -> Alternative:
    if operator == "^":
        return _from_to(partial, _above_caret(partial))
    if operator.startswith("~"):
        return _from_to(partial, partial.next())
    if partial.skips:
        raise ValueError("Not a version range: a number stands behind one that is left out")
    if partial.patch is not None:
        return (Comparator(operator or "=", partial.lowest()),)
    if operator in ("", "="):
        return _from_to(partial, partial.next())
    if partial.major is None:
        return _NOTHING if operator in ("<", ">") else _ANY
    # `<=1.2` takes all of 1.2, and `>1.2` nothing of it.
    if operator == "<=":
        return (Comparator("<", partial.next()),)
    if operator == ">":
        return (Comparator(">=", partial.next().replace(prerelease=None)),)
    lowest = partial.lowest()
    return (Comparator(operator, lowest.replace(prerelease="0") if operator == "<" else lowest),)


def _from_to(partial: _Partial, upper: semver.Version) -> Alternative:
    if partial.major is None:
        return _ANY
    return (Comparator(">=", partial.lowest()), Comparator("<", upper))


def _above_caret(partial: _Partial) -> semver.Version:
    """Where compatible versions end: above the leftmost number that is not 0."""
    if partial.major or partial.minor is None:
        return _floor((partial.major or 0) + 1)
    if partial.minor or partial.patch is None:
        return _floor(0, partial.minor + 1)
    return _floor(0, 0, partial.patch + 1)


def _between(lower: _Partial, upper: _Partial) -> Iterator[Comparator]:
    if lower.major is not None:
        yield Comparator(">=", lower.lowest())
    if upper.patch is not None:
        yield Comparator("<=", upper.lowest())
    elif upper.major is not None:
        yield Comparator("<", upper.next())


def _partial(found: re.Match[str], first: int) -> _Partial:
    """The partial version whose groups begin with this one."""
    major, minor, patch, prerelease = found.group(*range(first, first + 4))
    numbers = [_number(part) for part in (major, minor, patch)]
    written = numbers.index(None) if None in numbers else 3
    kept = [*numbers[:written], None, None, None]
    skips = any(number is not None for number in numbers[written:])
    return _Partial(kept[0], kept[1], kept[2], prerelease, skips)


def _number(part: str | None) -> int | None:
    if part is None or part in "xX*":
        return None
    number = int(part)
    if number > LARGEST_INTEGER:
        raise ValueError(f"A number of the range is beyond {LARGEST_INTEGER}")
    return number


def _floor(major: int, minor: int = 0, patch: int = 0) -> semver.Version:
    """Below every pre-release of a version."""
    return semver.Version(major, minor, patch, "0")
