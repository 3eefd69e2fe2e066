"""Archives of the audit log as files in a folder."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from aei_marketplace.ground.durability import flush_to_disk


class ArchiveFolder:
    """Writes archives whole or not at all, and reads them again.

    Args:
        folder: made on first use, 0700.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, name: str) -> str:
        """Where an archive lies, for messages."""
        return str(self._folder / name)

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        """Write an archive; it is on the disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._folder / f".{name}.{os.getpid()}"
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            half.replace(self._folder / name)
        finally:
            half.unlink(missing_ok=True)
        flush_to_disk(self._folder)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of an archive.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        with (self._folder / name).open("rb") as file:
            yield from file

    def digest(self, name: str) -> tuple[bytes, int]:
        """SHA-256 and size of an archive.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        with (self._folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest(), file.tell()
