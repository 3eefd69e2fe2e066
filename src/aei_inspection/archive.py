"""Reading the zip of a package: believed only where every record says the same.

The order matters: sizes and counts, then names and headers, then how the entries lie in the file,
and only then is anything inflated, never further than its declared size. Nothing is written to disk.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aei_inspection import zip_records as zips
from aei_inspection.entry_headers import header_problems, size_problems
from aei_inspection.entry_names import (
    decode_name,
    folder_problems,
    missing_problems,
    name_problem,
    place_problem,
    twin_problems,
)
from aei_inspection.entry_places import placed
from aei_inspection.problems import PackageRefused, Problem, entry_pointer, refuse
from aei_inspection.zip_records import BUILD_ADVICE, Header
from aei_protocol.limits import MIB

MAX_ARCHIVE = 64 * MIB
MAX_ENTRIES = 2_000

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Archive:
    """A zip whose records have been checked against each other.

    Attributes:
        content: the archive itself.
        entries: name to header, files only, in the order of the directory.
    """

    content: bytes = field(repr=False)
    entries: Mapping[str, Header]

    @property
    def names(self) -> tuple[str, ...]:
        """The files, in the order of the directory."""
        return tuple(self.entries)

    @property
    def size(self) -> int:
        """Bytes of the archive."""
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        """The archive's digest, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def read(self, name: str) -> bytes:
        """One file's content, checked against its declared size and checksum.

        Raises:
            KeyError: there is no such file.
            PackageRefused: `size_mismatch`, `crc_mismatch`, `corrupt_data` or `hidden_data`.
        """
        return b"".join(self._pieces(name))

    def verify(self, name: str) -> None:
        """Inflate one file and let it go, piece by piece.

        Raises:
            KeyError, PackageRefused: as `read`.
        """
        for _ in self._pieces(name):
            pass

    def _pieces(self, name: str) -> Iterator[bytes]:
        header = self.entries[name]
        packed = memoryview(self.content)[header.data_at : header.data_at + header.packed]
        stored = header.method == zips.STORED
        crc = size = 0
        for piece in (bytes(packed),) if stored else _inflate(packed, header.unpacked, name):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            yield piece
        if size != header.unpacked:
            raise _size_mismatch(name, header.unpacked)
        if crc != header.crc:
            message = f"The content does not have its declared checksum; {BUILD_ADVICE}."
            raise refuse("crc_mismatch", entry_pointer(name), message)


def read_archive(content: bytes) -> Archive:
    """Read an archive's records strictly; nothing is inflated yet.

    Args:
        content: the archive, whole.

    Raises:
        PackageRefused: with every problem of the first step that finds one.
    """
    if len(content) > MAX_ARCHIVE:
        message = f"The archive has {len(content):,} bytes; at most {MAX_ARCHIVE:,} are allowed."
        raise refuse("archive_too_large", "archive:/", message)
    end = zips.read_end(content)
    if end.entries > MAX_ENTRIES:
        message = f"The archive has {end.entries:,} entries; at most {MAX_ENTRIES:,} are allowed."
        raise refuse("too_many_entries", "archive:/", message)
    directory = zips.read_directory(content, end)
    names = _names(directory)
    pairs = list(zip(names, directory, strict=True))
    _refuse_if(_set_problems(names))
    _refuse_if(problem for name, header in pairs for problem in header_problems(name, header))
    _refuse_if(size_problems(pairs))
    found = placed(content, pairs, end.offset)
    return Archive(content, {name: header for name, header in found if not name.endswith("/")})


def _refuse_if(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise PackageRefused(found)


def _names(directory: list[Header]) -> list[str]:
    decoded = [decode_name(header.name, bool(header.flags & zips.FLAG_UTF8)) for header in directory]
    _refuse_if(name for name in decoded if isinstance(name, Problem))
    return [name for name in decoded if isinstance(name, str)]


def _set_problems(names: list[str]) -> list[Problem]:
    """What is wrong with the names, each name accused once."""
    twins = [*twin_problems(names), *folder_problems(names)]
    accused = {problem.pointer for problem in twins}
    others = [problem for name in names if (problem := name_problem(name) or place_problem(name))]
    return [*twins, *(p for p in others if p.pointer not in accused), *missing_problems(names)]


def _inflate(packed: memoryview, unpacked: int, name: str) -> Iterator[bytes]:
    """The pieces of a deflate stream, one byte beyond `unpacked` at most."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    left = unpacked + 1
    at = 0
    try:
        while at < len(packed) and left and not stream.eof:
            piece = stream.decompress(packed[at : at + _CHUNK], left)
            at += _CHUNK
            left -= len(piece)
            yield piece
    except zlib.error as error:
        message = f"The compressed data is damaged ({error}); {BUILD_ADVICE}."
        raise refuse("corrupt_data", entry_pointer(name), message) from error
    if not stream.eof:
        raise _size_mismatch(name, unpacked)
    if stream.unused_data or at < len(packed):
        message = f"Bytes follow the end of the compressed data; {BUILD_ADVICE}."
        raise refuse("hidden_data", entry_pointer(name), message)


def _size_mismatch(name: str, declared: int) -> PackageRefused:
    message = f"The content does not have the {declared:,} bytes that the directory declares; {BUILD_ADVICE}."
    return refuse("size_mismatch", entry_pointer(name), message)
