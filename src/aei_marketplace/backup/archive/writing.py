"""Writing an archive: from front to end, whole or not at all."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from aei_marketplace.backup.archive.form import (
    HEAD,
    INDEX,
    MANIFEST,
    Head,
    Manifest,
    header,
    index_line,
    order_of,
    padding,
    tail,
    write_document,
)
from aei_marketplace.backup.errors import CannotBackUp
from aei_marketplace.ground.durability import flush_to_disk

_CHUNK = 1024 * 1024
#: Rows are collected up to this many bytes before they are compressed into a part.
_PIECE = 8 * 1024 * 1024


class ArchiveWriter:
    """Adds parts, in the order that `form` gives.

    Attributes:
        counts: parts by kind, the first word of their names.
    """

    def __init__(self, out: IO[bytes], index: IO[bytes]) -> None:
        """Begin.

        Args:
            out: where the archive goes.
            index: a temporary file for the lines of the index.
        """
        self._out, self._index = out, index
        self._whole, self._listed = hashlib.sha256(), hashlib.sha256()
        self._last = (-1, "")
        self.counts: dict[str, int] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a part that is at hand."""
        self._begin(name, len(content))
        self._write(content)
        self._write(padding(len(content)))
        self._list(name, len(content), hashlib.sha256(content).hexdigest())

    def add_file(self, name: str, source: IO[bytes]) -> None:
        """Add a part from a file that nobody changes meanwhile, from its beginning."""
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        digest, left = hashlib.sha256(), size
        self._begin(name, size)
        while left and (chunk := source.read(min(_CHUNK, left))):
            digest.update(chunk)
            self._write(chunk)
            left -= len(chunk)
        if left:
            raise CannotBackUp(f"{name} became shorter while it was copied. Take the backup again.")
        self._write(padding(size))
        self._list(name, size, digest.hexdigest())

    def finish(self, head: Head, **facts: object) -> Manifest:
        """Add index, manifest and end.

        Args:
            facts: the manifest's, but for the digest of the index.
        """
        listed = self._listed.hexdigest()
        self.add_file(INDEX, self._index)
        manifest = Manifest(head=head, index_sha256=listed, **facts)  # type: ignore[arg-type]  # the caller's names are the fields
        self.add(MANIFEST, write_document(manifest))
        self._out.write(tail(self._whole.digest()))
        return manifest

    def _begin(self, name: str, size: int) -> None:
        place = order_of(name)
        assert place > self._last, f"{name} after {self._last[1]}"
        self._last = place
        self._write(header(name, size))

    def _list(self, name: str, size: int, sha256: str) -> None:
        if name in (INDEX, MANIFEST):
            return
        line = index_line(sha256, size, name)
        self._index.write(line)
        self._listed.update(line)
        kind = name.partition("/")[0]
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _write(self, content: bytes) -> None:
        self._whole.update(content)
        self._out.write(content)


class TableWriter:
    """Collects a table's rows and adds them in compressed pieces."""

    def __init__(self, writer: ArchiveWriter, table: str) -> None:
        self._writer, self._table = writer, table
        self._held, self._size, self._pieces = [b""], 0, 0

    def write(self, rows: bytes) -> None:
        """Take further rows, as they come out of COPY."""
        self._held.append(rows)
        self._size += len(rows)
        if self._size >= _PIECE:
            self.close()

    def close(self) -> None:
        """Add what is held; an empty table has no piece."""
        if not self._size:
            return
        packed = zlib.compressobj(1, wbits=31)  # a gzip stream without a time: the same rows, the same bytes
        content = b"".join([*map(packed.compress, self._held), packed.flush()])
        self._writer.add(f"database/{self._table}/{self._pieces:06}.gz", content)
        self._held, self._size = [], 0
        self._pieces += 1


@contextmanager
def new_archive(target: Path, head: Head) -> Iterator[ArchiveWriter]:
    """Write an archive beside its place, and give it its name once it is whole and on the disk.

    Args:
        target: a file that does not exist.

    Raises:
        CannotBackUp: it exists.
        OSError: it cannot be written; nothing is left of it.
    """
    if target.exists():
        raise CannotBackUp(
            f"{target} exists already, and a backup is never overwritten. Choose another name."
        )
    half = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with (
            os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
            tempfile.TemporaryFile(dir=target.parent) as index,
        ):
            writer = ArchiveWriter(out, index)
            writer.add(HEAD, write_document(head))
            yield writer
            out.flush()
            os.fsync(out.fileno())
        os.link(half, target)  # unlike a rename, it never takes the place of a file that came meanwhile
        half.unlink()
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    flush_to_disk(target.parent)
