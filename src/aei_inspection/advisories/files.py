"""Exports of advisories on disk: a folder, a zip, or one file, read record by record and never unpacked.

Taken are `.json` (one record), `.jsonl` and `.jsonl.zst` (one record a line) and `.zip` (OSV's `all.zip`: one
record a file). Whatever is malformed, cut off or beyond a limit refuses the whole: a part of an export would
pass for all of it.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from aei_inspection.advisories.records import LARGEST_RECORD, Advisory, RecordRefused, read_record
from aei_inspection.problems import shown

MOST_RECORDS = 2_000_000
LARGEST_FILE, MOST_BYTES = 4 * 1024**3, 8 * 1024**3
#: A frame's window is memory that reading it takes.
_LARGEST_WINDOW = 128 * 1024**2
#: A block of 4 bytes gives at most 128 KiB (RFC 8878, section 3.1.1.2.2), so this gives at most 32 MiB.
_PIECE = 1024
_SUFFIXES = (".json", ".jsonl", ".jsonl.zst", ".zip")


class ExportRefused(ValueError):
    """The export cannot be taken, as a whole; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A record with where it stands in its export.

    Attributes:
        done: bytes of the export's files that were read so far.
    """

    advisory: Advisory
    done: int


def size_of(path: Path) -> int:
    """Bytes of an export's files.

    Raises:
        ExportRefused: as `read_export`.
    """
    return sum(file.stat().st_size for file in _files(path))


def read_export(
    path: Path, *, left_out: Callable[[str], None] = lambda _: None, most_bytes: int = MOST_BYTES
) -> Iterator[Counted]:
    """Every record of an export, in a fixed order.

    Args:
        left_out: told the names of a folder's files that hold something else than advisories: JSON, but its
            first document has no `id` and `modified`.
        most_bytes: of all records together.

    Raises:
        ExportRefused: it is malformed, cut off, beyond a limit, or of no form that is known.
        OSError: it cannot be read.
    """
    read, done, records = 0, 0, 0
    for file in _files(path):
        for number, (place, content, inside) in enumerate(_contents(file)):
            if number == 0 and file != path and _is_something_else(content):
                left_out(file.name)
                break
            read, records = read + len(content), records + 1
            if read > most_bytes or records > MOST_RECORDS:
                raise ExportRefused(
                    f"{shown(place)}: an export has at most {MOST_RECORDS:,} records and {most_bytes:,} bytes"
                )
            try:
                yield Counted(read_record(content), done + inside)
            except RecordRefused as refusal:
                raise ExportRefused(f"{shown(place)}: {refusal}") from refusal
        done += file.stat().st_size
    if not records:
        raise ExportRefused(f"{shown(str(path))} holds no record")


def _is_something_else(content: bytes) -> bool:
    """Whether this is JSON, and surely no advisory, as other files beside an export are."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return not isinstance(document, dict) or not document.keys() >= {"id", "modified"}


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [_regular(path)]
    found = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += [_regular(Path(folder, name)) for name in sorted(names) if name.endswith(_SUFFIXES)]
    return found


def _regular(path: Path) -> Path:
    """The path, if it is a file of a form that is known.

    Links are refused inside of a folder as much as beside one: they lead to what was not handed over.
    """
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise ExportRefused(f"{shown(str(path))} is a link, a device or something else that is no file")
    if not path.name.endswith(_SUFFIXES):
        raise ExportRefused(f"{shown(path.name)}: expected a folder or one of {', '.join(_SUFFIXES)}")
    if about.st_size > LARGEST_FILE:
        raise ExportRefused(f"{shown(path.name)}: a file has at most {LARGEST_FILE:,} bytes")
    return path


def _contents(file: Path) -> Iterator[tuple[str, bytes, int]]:
    """Place (as written there, not yet safe to show), bytes, and how far into the file, for each record."""
    with file.open("rb") as opened:
        if file.name.endswith(".zip"):
            yield from _zipped(file.name, opened)
        elif file.name.endswith(".json"):
            yield file.name, opened.read(LARGEST_RECORD + 1), 0
        else:
            packed = file.name.endswith(".zst")
            pieces = _unpacked(file.name, opened) if packed else iter(lambda: opened.read(64 * 1024), b"")
            for number, line in enumerate(_lines(file.name, pieces), 1):
                if line.strip():
                    yield f"{file.name}, line {number}", line, opened.tell()


def _lines(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > LARGEST_RECORD:
            raise ExportRefused(f"{shown(name)}: a line has at most {LARGEST_RECORD:,} bytes")
    yield rest


def _unpacked(name: str, file: BinaryIO) -> Iterator[bytes]:
    """The content of Zstandard frames, of which the last one is whole (RFC 8878)."""
    reader = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    frame, begun = reader.decompressobj(), False
    try:
        while piece := file.read(_PIECE):
            while piece:
                yield frame.decompress(piece)
                begun, piece = True, frame.unused_data
                if frame.eof:
                    frame, begun = reader.decompressobj(), bool(piece)
    except zstandard.ZstdError as error:
        raise ExportRefused(f"{shown(name)}: not Zstandard, or damaged ({error})") from error
    if begun:
        raise ExportRefused(f"{shown(name)}: cut off before its end")


def _zipped(name: str, file: BinaryIO) -> Iterator[tuple[str, bytes, int]]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _refuse_overlaps(name, entries, os.fstat(file.fileno()).st_size)
            for entry in entries:
                if entry.is_dir():
                    continue
                place = f"{name}, {entry.filename}"
                _refuse_odd(place, entry)
                with archive.open(entry) as opened:
                    content = opened.read(LARGEST_RECORD + 1)
                yield (
                    place,
                    content,
                    min(entry.header_offset + entry.compress_size, file.seek(0, os.SEEK_END)),
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, ExportRefused):
            raise
        raise ExportRefused(f"{shown(name)}: not a zip, or damaged ({shown(str(error))})") from error


def _refuse_overlaps(name: str, entries: list[zipfile.ZipInfo], size: int) -> None:
    """Entries that share their bytes are a bomb: together they claim more than there is."""
    if sum(entry.compress_size for entry in entries) > size:
        raise ExportRefused(f"{shown(name)}: its entries overlap")


def _refuse_odd(place: str, entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or not name.endswith(".json"):
        raise ExportRefused(f"{shown(place)}: expected the relative path of a .json file")
    plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not plain or entry.flag_bits & 1 or stat.S_ISLNK(entry.external_attr >> 16):
        raise ExportRefused(f"{shown(place)}: encrypted entries, links and rare compressions are not read")
    if entry.file_size > LARGEST_RECORD:
        raise ExportRefused(f"{shown(place)}: a record has at most {LARGEST_RECORD:,} bytes")
