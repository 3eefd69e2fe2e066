"""What the central directory says about the entries, judged before an entry itself is touched."""

import stat
from collections.abc import Iterable, Iterator

from aei_inspection import zip_records as zips
from aei_inspection.problems import Problem, entry_pointer
from aei_inspection.zip_records import BUILD_ADVICE, Header
from aei_protocol.limits import MIB
from aei_protocol.manifest import MANIFEST_NAME

MAX_UNPACKED = 256 * MIB
MAX_MANIFEST = 64 * 1024
MAX_RATIO = 50
#: Below this a ratio says nothing: a short file of spaces compresses a hundredfold.
RATIO_FLOOR = 1 * MIB

NO_ZIP64 = f"Zip64 records are never needed below 64 MiB; {BUILD_ADVICE}."
_STRANGE_EXTRA = f"The entry has extra fields that could give it another name or size; {BUILD_ADVICE}."
_ENCRYPTED = zips.FLAG_ENCRYPTED | zips.FLAG_STRONG | zips.FLAG_MASKED
_DOS_VOLUME, _DOS_FOLDER = 0x08, 0x10


def header_problems(name: str, header: Header) -> Iterator[Problem]:
    """Everything that one directory entry says and may not say."""
    faults = (
        *_flag_faults(header),
        *extra_faults(header),
        *_content_faults(header),
        *_kind_faults(name, header),
    )
    return (Problem(code, entry_pointer(name), message) for code, message in faults)


def extra_faults(header: Header) -> Iterator[tuple[str, str]]:
    """Extra fields that could say something else than the header, in a central or a local one."""
    if zips.ZIP64_EXTRA in header.extras or zips.UINT32 in (header.packed, header.unpacked, header.at):
        yield "zip64", NO_ZIP64
    elif set(header.extras) - zips.EXTRAS_KNOWN:
        yield "unknown_extra", _STRANGE_EXTRA


def _flag_faults(header: Header) -> Iterator[tuple[str, str]]:
    if header.flags & _ENCRYPTED:
        yield "encrypted", "The entry is encrypted; a package is readable by everyone who may install it."
    elif header.flags & ~zips.FLAGS_KNOWN:
        yield (
            "unsupported_flags",
            f"The entry uses unsupported zip flags ({header.flags:#06x}); {BUILD_ADVICE}.",
        )
    if header.disk:
        yield "multi_disk", f"The entry lies on another part of a split archive; {BUILD_ADVICE}."
    if header.comment:
        yield "entry_comment", f"The entry carries a comment; {BUILD_ADVICE}."


def _content_faults(header: Header) -> Iterator[tuple[str, str]]:
    if header.method not in (zips.STORED, zips.DEFLATED):
        yield (
            "unsupported_compression",
            f"The entry uses compression method {header.method}; use deflate, or none.",
        )
    elif header.method == zips.STORED and header.packed != header.unpacked:
        yield (
            "stored_size_mismatch",
            f"The entry is stored as it is, but its two sizes differ; {BUILD_ADVICE}.",
        )


def _kind_faults(name: str, header: Header) -> Iterator[tuple[str, str]]:
    kind = stat.S_IFMT(header.mode)
    folder = name.endswith("/")
    if kind == stat.S_IFLNK:
        yield "symlink", "The entry is a symbolic link; put the file itself into the package."
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR) or header.dos & _DOS_VOLUME:
        yield (
            "special_file",
            "The entry is a device, pipe, socket or volume label; a package holds plain files.",
        )
    elif not folder and (kind == stat.S_IFDIR or header.dos & _DOS_FOLDER):
        yield "folder_without_slash", "The entry is marked as a folder, but named like a file."
    elif folder and kind == stat.S_IFREG:
        yield "file_with_slash", "The entry is marked as a file, but named like a folder."
    elif folder and (header.unpacked or header.packed or header.crc or header.flags & zips.FLAG_DESCRIPTOR):
        yield "folder_with_data", "The entry is a folder that carries data."
    elif header.mode & 0o6000:
        yield "special_mode", "The entry is marked setuid or setgid; a package holds plain files."


def size_problems(pairs: Iterable[tuple[str, Header]]) -> Iterator[Problem]:
    """Declared sizes that go beyond the limits: all files together, the manifest, the ratios."""
    packed = unpacked = 0
    for name, header in pairs:
        packed += header.packed
        unpacked += header.unpacked
        yield from _entry_size_problems(name, header)
    if unpacked > MAX_UNPACKED:
        message = f"The files have {unpacked:,} bytes; at most {MAX_UNPACKED:,} are allowed."
        yield Problem("unpacked_too_large", "archive:/", message)
    if unpacked > max(RATIO_FLOOR, MAX_RATIO * packed):
        message = f"The archive unpacks to more than {MAX_RATIO} times its size."
        yield Problem("ratio_too_high", "archive:/", message)


def _entry_size_problems(name: str, header: Header) -> Iterator[Problem]:
    if name == MANIFEST_NAME and header.unpacked > MAX_MANIFEST:
        message = f"The manifest has {header.unpacked:,} bytes; at most {MAX_MANIFEST:,} are allowed."
        yield Problem("manifest_too_large", entry_pointer(name), message)
    if header.unpacked > max(RATIO_FLOOR, MAX_RATIO * header.packed):
        message = f"The entry unpacks to more than {MAX_RATIO} times its size; store it uncompressed."
        yield Problem("ratio_too_high", entry_pointer(name), message)
