"""What is new in a release against the last certified one, for somebody who decides about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aei_protocol.permissions import Capabilities

#: What a capability is called, and whether its values are a list of names.
_CALLED = {
    "hosts": "hosts it may reach",
    "secrets": "secrets it may read",
    "chat": "models it may chat with",
    "embed": "models it may embed with",
    "max_tokens": "tokens for a run",
    "scratch_mib": "MiB of files for a run",
    "persistent_mib": "MiB of files that last",
    "plugins": "plugins it may call",
}
#: Of each list so many are named.
MOST_NAMED = 50


@dataclass(frozen=True, order=True)
class Package:
    """A piece of software inside a release."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True)
class Content:
    """What one release is.

    Attributes:
        hosts: those that its code names.
        packages: what is inside; None where that could not be told.
    """

    version: str
    size_bytes: int
    capabilities: Capabilities
    hosts: frozenset[str]
    packages: frozenset[Package] | None


@dataclass(frozen=True)
class Difference:
    """What came and what went in one respect; `more` counts what is not named."""

    what: str
    came: tuple[str, ...]
    went: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True)
class Changes:
    """A release against the last certified one.

    Attributes:
        since: the version that was certified before, and `certified_at` when.
        differences: only where something differs, what it may do first.
        unknown: what could not be compared, in words.
    """

    since: str
    certified_at: datetime
    size_before: int
    size_now: int
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]


def compare(before: Content, now: Content, certified_at: datetime) -> Changes:
    """What differs."""
    found = [*_capabilities(before.capabilities, now.capabilities)]
    found.append(_difference("hosts its code names", before.hosts, now.hosts))
    unknown = []
    if before.packages is None or now.packages is None:
        unknown.append("Which packages are inside could not be told of both releases.")
    else:
        found.append(_packages(before.packages, now.packages))
    changed = tuple(each for each in found if each.came or each.went)
    return Changes(before.version, certified_at, before.size_bytes, now.size_bytes, changed, tuple(unknown))


def _capabilities(before: Capabilities, now: Capabilities) -> Iterable[Difference]:
    for name, words in _CALLED.items():
        was, is_now = getattr(before, name), getattr(now, name)
        if isinstance(was, int):
            if was != is_now:
                yield Difference(words, (f"{is_now:,}",), (f"{was:,}",))
        else:
            yield _difference(words, was, is_now)


def _packages(before: frozenset[Package], now: frozenset[Package]) -> Difference:
    return _difference("packages inside", map(_spelled, before), map(_spelled, now))


def _spelled(package: Package) -> str:
    return " ".join(filter(None, (package.ecosystem, package.name, package.version)))


def _difference(what: str, before: Iterable[str], now: Iterable[str]) -> Difference:
    was, is_now = set(before), set(now)
    came, went = sorted(is_now - was), sorted(was - is_now)
    more = max(0, len(came) - MOST_NAMED) + max(0, len(went) - MOST_NAMED)
    return Difference(what, tuple(came[:MOST_NAMED]), tuple(went[:MOST_NAMED]), more)
