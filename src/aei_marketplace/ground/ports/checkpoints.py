"""Where signed heads of the log lie beside the database."""

from typing import Protocol


class CheckpointShelf(Protocol):
    """Where a log's checkpoints lie outside the database."""

    async def latest(self) -> str | None:
        """The note that was kept last; None when there is none."""
        ...

    async def keep(self, note: str) -> None:
        """Keep a note durably, after those before it."""
        ...
