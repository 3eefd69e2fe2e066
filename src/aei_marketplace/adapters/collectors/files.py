"""A file that another program reads on."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from aei_marketplace.ground.collecting import CollectorFailed, Delivery


class FileCollector:
    """Appends one JSON object a line. The file is opened anew each time, so that it may be rotated.

    Args:
        path: made when it is missing, 0600; its folder has to be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """As `Collector.name`."""
        return f"file://{self._path}"

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """As `Collector.send`: what is acknowledged is on the disk."""
        content = b"".join(delivery.body + b"\n" for delivery in deliveries)
        try:
            await asyncio.to_thread(self._append, content)
        except OSError as error:
            raise CollectorFailed(f"{self._path}: {error.strerror}") from error

    def _append(self, content: bytes) -> None:
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
