"""A small zip writer that can lie in every field, for archives that no honest program writes."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UTF8 = 1 << 11
STREAMED = 1 << 3


@dataclass
class Entry:
    """One file; `central` and `local` overrule what the two headers would say.

    Attributes:
        data: the bytes in the archive instead of the compressed content.
        descriptor: bytes behind the data.
        before: bytes that stand in front of the local header.
        shared_with: index of an entry whose local header the directory names instead of writing one.
    """

    name: str | bytes
    content: bytes = b"content"
    method: int = 8
    flags: int | None = None
    mode: int = 0o100644
    dos: int = 0
    data: bytes | None = None
    extra: bytes = b""
    local_extra: bytes | None = None
    comment: bytes = b""
    descriptor: bytes = b""
    before: bytes = b""
    shared_with: int | None = None
    central: Mapping[str, Any] = field(default_factory=dict)
    local: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        raw = self.name.encode() if isinstance(self.name, str) else self.name
        flags = self.flags if self.flags is not None else (0 if raw.isascii() else UTF8)
        return {
            "name": raw,
            "flags": flags,
            "method": self.method,
            "crc": zlib.crc32(self.content),
            "packed": len(self.packed()),
            "unpacked": len(self.content),
            "disk": 0,
        }

    def packed(self) -> bytes:
        if self.data is not None:
            return self.data
        return deflated(self.content) if self.method == 8 else self.content


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def extra(kind: int, content: bytes) -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def descriptor(content: bytes, packed: int, signed: bool = True) -> bytes:
    fields = struct.pack("<3L", zlib.crc32(content), packed, len(content))
    return b"PK\x07\x08" + fields if signed else fields


def write(
    entries: Sequence[Entry],
    *,
    end: Mapping[str, int] | None = None,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    before_end: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    shift: int | None = None,
) -> bytes:
    """The archive; `end` overrules the end record, `shift` says by how much offsets count the prefix."""
    moved = len(prefix) if shift is None else shift
    body, offsets = bytearray(), []
    for entry in entries:
        body += entry.before
        offsets.append(len(body) if entry.shared_with is None else offsets[entry.shared_with])
        if entry.shared_with is None:
            body += _local(entry) + entry.packed() + entry.descriptor
    body += before_directory
    directory = b"".join(_central(e, at + moved) for e, at in zip(entries, offsets, strict=True))
    facts = {
        "disk": 0, "first_disk": 0, "here": len(entries), "entries": len(entries),
        "size": len(directory), "offset": len(body) + moved, "comment": len(comment),
    }  # fmt: skip
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", *({**facts, **(end or {})}).values())
    return bytes(prefix + body + directory + before_end + record + comment + suffix)


def _local(entry: Entry) -> bytes:
    f = {**entry.facts(), **entry.local}
    block = entry.extra if entry.local_extra is None else entry.local_extra
    header = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, f["flags"], f["method"], 0, 0x21,
        f["crc"], f["packed"], f["unpacked"], len(f["name"]), len(block),
    )  # fmt: skip
    return header + f["name"] + block


def _central(entry: Entry, offset: int) -> bytes:
    f = {**entry.facts(), "offset": offset, **entry.central}
    header = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 3 << 8 | 20, 20, f["flags"], f["method"], 0, 0x21,
        f["crc"], f["packed"], f["unpacked"], len(f["name"]), len(entry.extra), len(entry.comment),
        f["disk"], 0, entry.mode << 16 | entry.dos, f["offset"],
    )  # fmt: skip
    return header + f["name"] + entry.extra + entry.comment
