"""How far something that takes long has come."""

from collections.abc import Callable
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Who is told."""

    def stage(self, name: str, total: int | None = None) -> Advance:
        """A stage begins, and ends the one before it.

        Args:
            total: how much there is to do, in the unit that the result is then told of.
        """
        ...


class Silent:
    """Nobody is told."""

    def stage(self, name: str, total: int | None = None) -> Advance:  # noqa: ARG002 the shape of a Progress
        """Say nothing."""
        return lambda _: None
