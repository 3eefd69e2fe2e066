"""Reading an archive: first whole, to know that it is what was written, then part by part."""

import hashlib
import os
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
    index_line,
    tail,
)
from aei_marketplace.backup.archive.parts import AGAIN, CHUNK, Part, parts_of, read_header
from aei_marketplace.backup.errors import BackupDamaged, NotABackup

T = TypeVar("T")
Advance = Callable[[int], None]


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
        for part in parts_of(self._file, self.size - TAIL_BYTES):
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
                f"The backup was altered: its bytes do not have the digest at its end. {AGAIN}"
            )
        yield Archive(head, manifest, keys, size, file)


def _read_head(file: IO[bytes]) -> Head:
    """The first part; it comes before all other checks so that another form is called by its name."""
    first = file.read(BLOCK + LARGEST_DOCUMENT)
    try:
        name, size = read_header(first[:BLOCK])
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
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
        advance(len(chunk))
    end = file.read(TAIL_BYTES)
    if len(end) != TAIL_BYTES or end[:BLOCK] != tail(bytes(32))[:BLOCK]:
        raise BackupDamaged(f"The backup is truncated: it has no end. {AGAIN}")
    return end == tail(digest.digest())


def _check_parts(file: IO[bytes], size: int, head: Head) -> tuple[bytes | None, Manifest]:
    """Compare every part with the index, and the index with the manifest."""
    file.seek(0)
    keys, listed = None, hashlib.sha256()
    lines = _Lines(file, size)
    parts = parts_of(file, size - TAIL_BYTES)
    for part in parts:
        if part.name == INDEX:
            lines.require_end()
            index_sha256 = part.digest()
            break
        content = part.document() if part.name == KEYS else None
        digest = hashlib.sha256(content).hexdigest() if content is not None else part.digest()
        keys = content if content is not None else keys
        lines.compare(part.name, part.size, digest)
        listed.update(index_line(digest, part.size, part.name))
    else:
        raise BackupDamaged(f"The backup has no index. {AGAIN}")
    manifest = _decoded(_last_document(parts), Manifest, MANIFEST)
    if manifest.head != head or not manifest.index_sha256 == index_sha256 == listed.hexdigest():
        raise BackupDamaged(f"The backup's manifest belongs to another backup. {AGAIN}")
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
            raise BackupDamaged(f"The part {name} was altered. {AGAIN}")
        raise BackupDamaged(f"The part {listed or name} is missing or misplaced. {AGAIN}")

    def require_end(self) -> None:
        """Require that no part is missing at the end.

        Raises:
            BackupDamaged: naming the first.
        """
        line = next(self._lines, b"")
        if line:
            missing = line.decode("ascii", "replace").rstrip("\n").rpartition(" ")[2]
            raise BackupDamaged(f"The part {missing} is missing. {AGAIN}")


def _index_lines(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The index's lines, through a descriptor of their own."""
    with os.fdopen(os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY), "rb") as beside:
        for part in parts_of(beside, size - TAIL_BYTES):
            if part.name == INDEX:
                left = part.size
                while left > 0 and (line := beside.readline(min(4096, left))):
                    left -= len(line)
                    yield line
                return


def _last_document(parts: Iterator[Part]) -> bytes:
    """The manifest, after which nothing comes."""
    for part in parts:
        if part.name == MANIFEST:
            content = part.document()
            if next(parts, None) is None:
                return content
    raise BackupDamaged(f"The backup has no manifest. {AGAIN}")


def _decoded(content: bytes, shape: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupDamaged(f"The part {name} is not what a backup holds there: {error}. {AGAIN}") from error
