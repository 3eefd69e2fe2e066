"""The records of a zip archive, read strictly.

Layout after PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4. Nothing here inflates anything.
"""

import struct
from dataclasses import dataclass

from aei_inspection.problems import PackageRefused, entry_pointer, refuse

END = struct.Struct("<4s4H2LH")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
DESCRIPTOR = struct.Struct("<3L")
EXTRA = struct.Struct("<2H")

END_SIGNATURE = b"PK\x05\x06"
CENTRAL_SIGNATURE = b"PK\x01\x02"
LOCAL_SIGNATURE = b"PK\x03\x04"
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
ZIP64_LOCATOR_SIGNATURE, ZIP64_LOCATOR_SIZE = b"PK\x06\x07", 20

STORED, DEFLATED = 0, 8

FLAG_ENCRYPTED, FLAG_DESCRIPTOR, FLAG_STRONG, FLAG_UTF8, FLAG_MASKED = (
    1 << 0,
    1 << 3,
    1 << 6,
    1 << 11,
    1 << 13,
)
#: Bits 1 and 2 say how hard the writer tried to compress.
FLAGS_KNOWN = 1 << 1 | 1 << 2 | FLAG_DESCRIPTOR | FLAG_UTF8

ZIP64_EXTRA = 0x0001
#: Times and owners that ordinary writers add; every other extra field is refused.
EXTRAS_KNOWN = {0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xCAFE}
UINT16, UINT32 = 0xFFFF, 0xFFFFFFFF

BUILD_ADVICE = "write it again with `aei plugin build`, or with any ordinary zip program"


@dataclass(frozen=True, slots=True)
class End:
    """The end record. `at` is its offset; `entries`, `size` and `offset` describe the central directory."""

    at: int
    entries: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a central or a local header says about an entry; sizes in bytes.

    Attributes:
        name: the raw bytes of the name.
        at: offset of the local header (in a local header: its own).
        data_at: offset of the compressed data; 0 in a central header.
        mode: the Unix mode, or 0; `dos`: the MS-DOS attributes. Both 0 in a local header.
    """

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    at: int
    extras: tuple[int, ...]
    data_at: int = 0
    mode: int = 0
    dos: int = 0
    disk: int = 0
    comment: bytes = b""


def read_end(content: bytes) -> End:
    """Read the end record, which must be the archive's last 22 bytes.

    Raises:
        PackageRefused: `not_a_zip`, `truncated`, `comment`, `trailing_data`, `multi_disk`, `zip64`,
            `entry_count_mismatch`, `leading_data` or `directory_misplaced`.
    """
    at = content.rfind(END_SIGNATURE)
    if at < 0:
        raise _not_an_archive(content)
    if at + END.size > len(content):
        raise _refuse("truncated", f"The archive breaks off in its end record; {BUILD_ADVICE}.")
    _, disk, first_disk, here, entries, size, offset, comment = END.unpack_from(content, at)
    _refuse_tail(len(content) - at - END.size, comment)
    locator = content[max(0, at - ZIP64_LOCATOR_SIZE) : at]
    if locator.startswith(ZIP64_LOCATOR_SIGNATURE) or UINT32 in (size, offset) or UINT16 in (here, entries):
        raise _refuse("zip64", f"Zip64 records are never needed below 64 MiB; {BUILD_ADVICE}.")
    if disk or first_disk:
        raise _refuse("multi_disk", f"The archive is one part of several; {BUILD_ADVICE}.")
    if here != entries:
        raise _refuse(
            "entry_count_mismatch",
            f"The end record counts both {here} and {entries} entries; {BUILD_ADVICE}.",
        )
    _refuse_misplaced_directory(content, at, size, offset)
    return End(at, entries, size, offset)


def _refuse(code: str, message: str) -> PackageRefused:
    return refuse(code, "archive:/", message)


def _not_an_archive(content: bytes) -> PackageRefused:
    if content.startswith(LOCAL_SIGNATURE):
        return _refuse("truncated", "The archive's end is missing; upload the whole file.")
    return _refuse("not_a_zip", "This is not a zip archive; publish the file that `aei plugin build` writes.")


def _refuse_tail(tail: int, comment: int) -> None:
    if tail < comment:
        raise _refuse("truncated", f"The archive breaks off in its comment; {BUILD_ADVICE}.")
    if tail > comment:
        raise _refuse("trailing_data", f"{tail - comment} bytes follow the end record; {BUILD_ADVICE}.")
    if comment:
        raise _refuse("comment", f"The archive carries a comment of {comment} bytes; {BUILD_ADVICE}.")


def _refuse_misplaced_directory(content: bytes, end: int, size: int, offset: int) -> None:
    if offset + size == end:
        return
    before = end - size - offset
    if before > 0 and content[end - size : end - size + 4] == CENTRAL_SIGNATURE:
        raise _refuse("leading_data", f"{before} bytes precede the archive; {BUILD_ADVICE}.")
    claim = f"from {offset} to {offset + size}, but it ends at {end}"
    raise _refuse("directory_misplaced", f"The end record places the directory {claim}; {BUILD_ADVICE}.")


def read_directory(content: bytes, end: End) -> list[Header]:
    """Read the central directory, exactly as long and as full as the end record says.

    Raises:
        PackageRefused: `directory_malformed`, `entry_count_mismatch`, `malformed_extra`.
    """
    headers: list[Header] = []
    at = end.offset
    while at < end.at and len(headers) <= end.entries:
        header, at = _read_central(content, at, end.at)
        headers.append(header)
    if len(headers) != end.entries:
        found = "more" if len(headers) > end.entries else str(len(headers))
        counts = f"The end record counts {end.entries} entries, the directory holds {found}"
        raise _refuse("entry_count_mismatch", f"{counts}; {BUILD_ADVICE}.")
    return headers


def _read_central(content: bytes, at: int, limit: int) -> tuple[Header, int]:
    if at + CENTRAL.size > limit or content[at : at + 4] != CENTRAL_SIGNATURE:
        raise _refuse("directory_malformed", f"No directory entry stands at byte {at}; {BUILD_ADVICE}.")
    fields = CENTRAL.unpack_from(content, at)
    (
        flags,
        method,
        _,
        _,
        crc,
        packed,
        unpacked,
        name_size,
        extra_size,
        comment_size,
        disk,
        _,
        attributes,
        offset,
    ) = fields[3:]
    name_at = at + CENTRAL.size
    extra_at = name_at + name_size
    comment_at = extra_at + extra_size
    after = comment_at + comment_size
    if after > limit:
        raise _refuse("directory_malformed", f"The directory entry at byte {at} is cut off; {BUILD_ADVICE}.")
    name = content[name_at:extra_at]
    extras = read_extras(content[extra_at:comment_at], name)
    header = Header(
        name, flags, method, crc, packed, unpacked, offset, extras,
        mode=attributes >> 16, dos=attributes & UINT16, disk=disk, comment=content[comment_at:after],
    )  # fmt: skip
    return header, after


def read_local(content: bytes, at: int, limit: int, name: bytes) -> Header:
    """Read the local header that the directory places at `at`; it must end before `limit`.

    Raises:
        PackageRefused: `header_missing`, `malformed_extra`.
    """
    if at + LOCAL.size > limit or content[at : at + 4] != LOCAL_SIGNATURE:
        raise _header_missing(name, at)
    _, _, flags, method, _, _, crc, packed, unpacked, name_size, extra_size = LOCAL.unpack_from(content, at)
    extra_at = at + LOCAL.size + name_size
    data_at = extra_at + extra_size
    if data_at > limit:
        raise _header_missing(name, at)
    own_name = content[at + LOCAL.size : extra_at]
    extras = read_extras(content[extra_at:data_at], name)
    return Header(own_name, flags, method, crc, packed, unpacked, at, extras, data_at)


def _header_missing(name: bytes, at: int) -> PackageRefused:
    message = f"No whole entry begins at byte {at}, where the directory says; {BUILD_ADVICE}."
    return refuse("header_missing", _pointer(name), message)


def read_extras(block: bytes, name: bytes) -> tuple[int, ...]:
    """The ids of the extra fields in a block.

    Raises:
        PackageRefused: `malformed_extra` when the fields do not fill the block exactly.
    """
    ids: list[int] = []
    at = 0
    while at + EXTRA.size <= len(block):
        kind, size = EXTRA.unpack_from(block, at)
        at += EXTRA.size + size
        ids.append(kind)
    if at != len(block):
        message = f"The entry's extra fields do not fill their block; {BUILD_ADVICE}."
        raise refuse("malformed_extra", _pointer(name), message)
    return tuple(ids)


def descriptor_size(content: bytes, header: Header, at: int, limit: int) -> int | None:
    """Length of the data descriptor at `at` if it repeats the header's crc and sizes, else None."""
    expected = DESCRIPTOR.pack(header.crc, header.packed, header.unpacked)
    for form in (DESCRIPTOR_SIGNATURE + expected, expected):
        if content[at : min(at + len(form), limit)] == form:
            return len(form)
    return None


def _pointer(name: bytes) -> str:
    return entry_pointer(name[:255].decode("utf-8", "backslashreplace"))
