"""The parts of an archive, one after the other."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from aei_marketplace.backup.archive.form import BLOCK, LARGEST_DOCUMENT, header, order_of
from aei_marketplace.backup.errors import BackupDamaged

AGAIN = "Use another copy of it."
CHUNK = 1024 * 1024
#: What one piece of a table may unpack to: the writer's limit, and the longest single row beyond it.
_LARGEST_PIECE = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an archive, to be read before the next one is asked for."""

    name: str
    size: int
    _file: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """The content, in pieces of about 1 MiB."""
        left = self.size
        while left:
            chunk = self._file.read(min(CHUNK, left))
            if not chunk:
                raise BackupDamaged(f"The backup ends inside {self.name}. {AGAIN}")
            left -= len(chunk)
            yield chunk

    def content(self) -> bytes:
        """The whole content."""
        return b"".join(self.chunks())

    def document(self) -> bytes:
        """The whole content of a part that is no table and no object.

        Raises:
            BackupDamaged: it is longer than any.
        """
        if self.size > LARGEST_DOCUMENT:
            raise BackupDamaged(f"The part {self.name} is larger than it can be. {AGAIN}")
        return self.content()

    def digest(self) -> str:
        """The SHA-256 of the content, hexadecimal."""
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def rows(self) -> Iterator[bytes]:
        """The unpacked content of a piece of a table.

        Raises:
            BackupDamaged: it does not unpack, or to more than a writer packs.
        """
        unpacking, size = zlib.decompressobj(wbits=31), 0
        try:
            for chunk in self.chunks():
                rest = chunk
                while rest:
                    rows = unpacking.decompress(rest, CHUNK)
                    rest = unpacking.unconsumed_tail
                    size += len(rows)
                    yield rows
                    if size > _LARGEST_PIECE or unpacking.unused_data:
                        raise BackupDamaged(f"{self.name} unpacks to more than it may. {AGAIN}")
            yield unpacking.flush()
        except zlib.error as error:
            raise BackupDamaged(f"{self.name} does not unpack: {error}. {AGAIN}") from error
        if not unpacking.eof:
            raise BackupDamaged(f"{self.name} does not unpack to its end. {AGAIN}")


def parts_of(file: IO[bytes], end: int) -> Iterator[Part]:
    """The parts from here to `end`; each can be read until the next one is asked for."""
    last = (-1, "")
    while (at := file.tell()) < end:
        try:
            name, size = read_header(file.read(BLOCK))
            place = order_of(name)
        except ValueError as error:
            raise BackupDamaged(f"At byte {at:,} there is no part that a backup can have. {AGAIN}") from error
        if place <= last:
            raise BackupDamaged(f"The part {name} is not in its place. {AGAIN}")
        last = place
        begins = file.tell()
        yield Part(name, size, file)
        file.seek(begins + size + -size % BLOCK)


def read_header(block: bytes) -> tuple[str, int]:
    """Name and size in a part's header.

    Raises:
        ValueError: a writer makes no such header.
    """
    prefix, name = block[345:500].rstrip(b"\0"), block[:100].rstrip(b"\0")
    full = (prefix + b"/" + name if prefix else name).decode("ascii")
    size = int(block[124:135], 8)
    if header(full, size) != block:
        raise ValueError("not a header")
    return full, size
