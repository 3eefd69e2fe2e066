"""Which release is taken where nobody named one: the newest that nothing stands against."""

from collections.abc import Iterable
from dataclasses import dataclass

from aei_inspection.versions import parse_version


@dataclass(frozen=True, slots=True)
class Option:
    """A release that could be taken.

    Attributes:
        hindrance: what stands against it; None when nothing does.
        second_choice: it is taken only where there is no other.
    """

    version: str
    hindrance: str | None
    second_choice: bool = False


def choose_version(options: Iterable[Option]) -> str | None:
    """The highest version that nothing stands against (SemVer 2.0.0); None if something does against each.

    Args:
        options: each version once.
    """
    free = [option for option in options if option.hindrance is None]
    chosen = max(free, key=lambda o: (not o.second_choice, parse_version(o.version)), default=None)
    return None if chosen is None else chosen.version
