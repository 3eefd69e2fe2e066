"""Reading an archive: first whole, to know that it is what was written, then part by part."""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from aei_marketplace.backup.archive.form import (
    BLOCK,
    FORMAT,
    HEAD,
    INDEX,
    KEYS,
    LARGEST_DOCUMENT,
    MANIFEST,
    TAIL_BYTES,
    Head,
    Manifest,
    header,
    index_line,
    order_of,
    tail,
)
from aei_marketplace.backup.errors import BackupDamaged, NotABackup

_CHUNK = 1024 * 1024
#: What one piece of a table may unpack to: the writer's limit, and the longest single row beyond it.
_LARGEST_PIECE = 1024 * 1024 * 1024
_AGAIN = "Use another copy of it."

T = TypeVar("T")
Advance = Callable[[int], None]


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
            chunk = self._file.read(min(_CHUNK, left))
            if not chunk:
                raise BackupDamaged(f"The backup ends inside {self.name}. {_AGAIN}")
            left -= len(chunk)
            yield chunk

    def content(self) -> bytes:
        """The whole content."""
        return b"".join(self.chunks())

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
                    rows = unpacking.decompress(rest, _CHUNK)
                    rest = unpacking.unconsumed_tail
                    size += len(rows)
                    yield rows
                    if size > _LARGEST_PIECE or unpacking.unused_data:
                        raise BackupDamaged(f"{self.name} unpacks to more than it may. {_AGAIN}")
            yield unpacking.flush()
        except zlib.error as error:
            raise BackupDamaged(f"{self.name} does not unpack: {error}. {_AGAIN}") from error
        if not unpacking.eof:
            raise BackupDamaged(f"{self.name} does not unpack to its end. {_AGAIN}")


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive whose every byte has been compared with what was written.

    Attributes:
        keys: the part `keys.json`, or None.
        size: its bytes.
    """

    head: Head
    manifest: Manifest
    keys: bytes | None
    size: int
    _file: IO[bytes]

    def parts(self) -> Iterator[Part]:
        """The parts once more, in their order, without index and manifest."""
        self._file.seek(0)
        for part in _parts(self._file, self.size - TAIL_BYTES):
            if part.name == INDEX:
                return
            yield part


@contextmanager
def open_archive(path: Path, advance: Advance = lambda _: None) -> Iterator[Archive]:
    """Open an archive and read it once to its end.

    Args:
        advance: told of each so many bytes read.

    Raises:
        NotABackup: the file is none, or of a form that this version does not read.
        BackupDamaged: it is not what was written; the message names the part if it can.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = _read_head(file)
        whole = _digest_of_all(file, size, advance)
        keys, manifest = _check_parts(file, size, head)
        if not whole:
            raise BackupDamaged(
                f"The backup was altered: its bytes do not have the digest at its end. {_AGAIN}"
            )
        yield Archive(head, manifest, keys, size, file)


def _read_head(file: IO[bytes]) -> Head:
    """The first part; it comes before all other checks so that another form is called by its name."""
    first = file.read(BLOCK + LARGEST_DOCUMENT)
    try:
        name, size = _read_header(first[:BLOCK])
        document = msgspec.json.decode(first[BLOCK : BLOCK + size])
        form = document["format"]
    except (ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
        raise NotABackup(
            "The file is not a backup of a marketplace, or its first part is damaged."
        ) from error
    if name != HEAD or not isinstance(form, int):
        raise NotABackup("The file is not a backup of a marketplace.")
    if form != FORMAT:
        age = "newer" if form > FORMAT else "older"
        raise NotABackup(
            f"The backup has form {form} and this version reads form {FORMAT}. "
            f"Restore it with the {age} version of the marketplace that wrote it."
        )
    return _decoded(first[BLOCK : BLOCK + size], Head, HEAD)


def _digest_of_all(file: IO[bytes], size: int, advance: Advance) -> bool:
    """Whether the bytes have the digest that the end says.

    Raises:
        BackupDamaged: there is no end.
    """
    file.seek(0)
    digest, left = hashlib.sha256(), size - TAIL_BYTES
    while left > 0 and (chunk := file.read(min(_CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
        advance(len(chunk))
    end = file.read(TAIL_BYTES)
    if len(end) != TAIL_BYTES or end[:BLOCK] != tail(bytes(32))[:BLOCK]:
        raise BackupDamaged(f"The backup is truncated: it has no end. {_AGAIN}")
    return end == tail(digest.digest())


def _check_parts(file: IO[bytes], size: int, head: Head) -> tuple[bytes | None, Manifest]:
    """Compare every part with the index, and the index with the manifest."""
    file.seek(0)
    keys, listed = None, hashlib.sha256()
    lines = _Lines(file, size)
    parts = _parts(file, size - TAIL_BYTES)
    for part in parts:
        if part.name == INDEX:
            lines.require_end()
            index_sha256 = _digest(part)
            break
        content = _document(part) if part.name == KEYS else None
        digest = hashlib.sha256(content).hexdigest() if content is not None else _digest(part)
        keys = content if content is not None else keys
        lines.compare(part.name, part.size, digest)
        listed.update(index_line(digest, part.size, part.name))
    else:
        raise BackupDamaged(f"The backup has no index. {_AGAIN}")
    manifest = _decoded(_last_document(parts), Manifest, MANIFEST)
    if manifest.head != head or not manifest.index_sha256 == index_sha256 == listed.hexdigest():
        raise BackupDamaged(f"The backup's manifest belongs to another backup. {_AGAIN}")
    return keys, manifest


class _Lines:
    """The lines of the index, read beside the parts that they tell of."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._lines = _index_lines(file, size)

    def compare(self, name: str, size: int, sha256: str) -> None:
        """Compare the next line with a part.

        Raises:
            BackupDamaged: it tells of another part, or of another content.
        """
        line = next(self._lines, b"")
        if line == index_line(sha256, size, name):
            return
        listed = line.decode("ascii", "replace").rstrip("\n").rpartition(" ")[2]
        if listed == name:
            raise BackupDamaged(f"The part {name} was altered. {_AGAIN}")
        raise BackupDamaged(f"The part {listed or name} is missing or misplaced. {_AGAIN}")

    def require_end(self) -> None:
        """Require that no part is missing at the end.

        Raises:
            BackupDamaged: naming the first.
        """
        line = next(self._lines, b"")
        if line:
            missing = line.decode("ascii", "replace").rstrip("\n").rpartition(" ")[2]
            raise BackupDamaged(f"The part {missing} is missing. {_AGAIN}")


def _index_lines(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The index's lines, through a descriptor of their own."""
    with os.fdopen(os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY), "rb") as beside:
        for part in _parts(beside, size - TAIL_BYTES):
            if part.name == INDEX:
                left = part.size
                while left > 0 and (line := beside.readline(min(4096, left))):
                    left -= len(line)
                    yield line
                return


def _parts(file: IO[bytes], end: int) -> Iterator[Part]:
    """The parts from here to `end`; each can be read until the next one is asked for."""
    last = (-1, "")
    while (at := file.tell()) < end:
        try:
            name, size = _read_header(file.read(BLOCK))
            place = order_of(name)
        except ValueError as error:
            raise BackupDamaged(
                f"At byte {at:,} there is no part that a backup can have. {_AGAIN}"
            ) from error
        if place <= last:
            raise BackupDamaged(f"The part {name} is not in its place. {_AGAIN}")
        last = place
        begins = file.tell()
        yield Part(name, size, file)
        file.seek(begins + size + -size % BLOCK)


def _read_header(block: bytes) -> tuple[str, int]:
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


def _digest(part: Part) -> str:
    digest = hashlib.sha256()
    for chunk in part.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _document(part: Part) -> bytes:
    if part.size > LARGEST_DOCUMENT:
        raise BackupDamaged(f"The part {part.name} is larger than it can be. {_AGAIN}")
    return part.content()


def _last_document(parts: Iterator[Part]) -> bytes:
    """The manifest, after which nothing comes."""
    for part in parts:
        if part.name == MANIFEST:
            content = _document(part)
            if next(parts, None) is None:
                return content
    raise BackupDamaged(f"The backup has no manifest. {_AGAIN}")


def _decoded(content: bytes, shape: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupDamaged(f"The part {name} is not what a backup holds there: {error}. {_AGAIN}") from error
