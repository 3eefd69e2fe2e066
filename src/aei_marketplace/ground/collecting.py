"""Where the audit log is streamed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry on its way to a collector.

    Attributes:
        sequence: its place in the tree.
        body: a JSON object in UTF-8, without line breaks; nothing in it identifies a person in clear.
    """

    sequence: int
    at: datetime
    action: str
    outcome: str
    body: bytes


class CollectorFailed(Exception):
    """A collector did not acknowledge what was sent; the text says why and holds no secret."""


class Collector(Protocol):
    """Where security teams gather logs."""

    @property
    def name(self) -> str:
        """What tells it from others, without credentials: its place in the log is kept under this."""

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Hand over entries; returns when they were acknowledged.

        Raises:
            CollectorFailed: they were not, or not all.
        """
