"""Checkpoints of a log in a file beside the database, appended and never changed.

The file `NAME.notes` holds signed notes as they are, an empty line after each. What a crash cut off was
never acknowledged: readers leave it out, and the next note takes its place.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aei_marketplace.ground.durability import flush_to_disk

#: No note of ours comes near.
MOST_NOTE_BYTES = 64 * 1024
#: A checkpoint's text has no empty line; its signature lines begin with an em dash.
_NOTE = re.compile(rb"((?:[^\n]+\n)+\n(?:\xe2\x80\x94 [^\n]+\n)+)\n")


@dataclass(frozen=True, slots=True)
class KeptNote:
    """One note of the file.

    Attributes:
        place: where it stands, for messages.
        note: None where the file holds something else.
    """

    place: str
    note: bytes | None


class CheckpointFolder:
    """The checkpoints of one log, in order.

    Args:
        folder: is made when it is missing, 0700.
        name: of the log, as it stands in the file's name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / f"{name}.notes"

    async def latest(self) -> str | None:
        """As `CheckpointShelf.latest`."""
        return await asyncio.to_thread(self._latest)

    async def keep(self, note: str) -> None:
        """As `CheckpointShelf.keep`."""
        await asyncio.to_thread(self._keep, note.encode())

    def all(self) -> Iterator[KeptNote]:
        """Everything that is kept, oldest first, and what else stands between.

        Raises:
            OSError: it cannot be read.
        """
        content = self._file.read_bytes() if self._file.exists() else b""
        end = 0
        for found in _NOTE.finditer(content):
            if found.start() > end:
                yield KeptNote(f"{self._file.name}, byte {end}", None)
            yield KeptNote(f"{self._file.name}, byte {found.start()}", found[1])
            end = found.end()

    def _latest(self) -> str | None:
        if not self._file.exists():
            return None
        with self._file.open("rb") as file:
            notes = _NOTE.findall(_tail(file))
        return notes[-1].decode() if notes else None

    def _keep(self, note: bytes) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self._file.exists()
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another process with the same folder waits its turn
            file.truncate(_end_of_whole_notes(file))
            file.seek(0, os.SEEK_END)
            file.write(note + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if new:
            flush_to_disk(self._file.parent)


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * MOST_NOTE_BYTES))
    return file.read()


def _end_of_whole_notes(file: BinaryIO) -> int:
    tail = _tail(file)
    end = max((found.end() for found in _NOTE.finditer(tail)), default=0)
    if end == 0 and len(tail) == 2 * MOST_NOTE_BYTES:
        raise OSError("the file of checkpoints ends with something else; nothing of it is overwritten")
    return file.tell() - len(tail) + end
