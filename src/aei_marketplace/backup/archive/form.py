"""The form of an archive, version 1.

A POSIX tar (ustar) of regular files in this order, names ascending within each kind:

    aei-backup.json                     what this is: form, id, time, revision of the tables
    checkpoints/NAME                    signed tree heads
    known-keys/NAME.vkeys               public halves of the keys that signed them
    database/TABLE/NNNNNN.gz            rows as `COPY … TO` writes text, in pieces of some MiB
    objects/SHA256                      packages and components
    files/TENANT/INSTALLATION.sqlite3   what installations keep
    audit-archive/NAME                  entries that were taken out of the database
    keys.json                           keys under a passphrase, when asked for
    index                               a line for each of the above: sha256, size, name
    manifest.json                       what the whole holds, and the digest of the index
    end                                 the sha256 of every byte before this last part

Names are never used as paths: each kind has its place, and what has no kind is refused. A header is
accepted only when it is byte for byte the one that a writer makes, so links, devices, extensions and
two readings of one archive do not exist.
"""

import re
import tarfile
from typing import Any

import msgspec

#: Counted up with every change that an older reader would misunderstand.
FORMAT = 1

BLOCK = 512
HEAD, KEYS, INDEX, MANIFEST, END = "aei-backup.json", "keys.json", "index", "manifest.json", "end"
#: The last part: a header, the digest in a block, and two empty blocks.
TAIL_BYTES = 4 * BLOCK
#: The largest of the parts that are read at once.
LARGEST_DOCUMENT = 16 * 1024 * 1024

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: Kinds in their order; a part's place in the order is its kind, then its name.
_KINDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"aei-backup\.json",
        r"checkpoints/(?:[A-Za-z0-9][A-Za-z0-9._-]{0,60}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,60}",
        r"known-keys/[A-Za-z0-9][A-Za-z0-9-]{0,60}\.vkeys",
        r"database/[a-z_][a-z0-9_]{0,62}/[0-9]{6}\.gz",
        r"objects/[0-9a-f]{64}",
        rf"files/{_UUID}/{_UUID}\.sqlite3",
        r"audit-archive/[A-Za-z0-9][A-Za-z0-9._-]{0,80}",
        r"keys\.json",
        r"index",
        r"manifest\.json",
    )
)


class Head(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an archive says of itself first.

    Attributes:
        format: of the archive.
        id: a UUID.
        made_at: RFC 3339.
        marketplace: the version that wrote it.
        revision: the last migration of its tables.
    """

    format: int
    id: str
    made_at: str
    marketplace: str
    revision: str


class TableFacts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One table: its columns in the order of the rows' fields."""

    columns: list[str]
    rows: int


class SequenceFacts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One sequence; `called` as in `setval`."""

    last: int
    called: bool


class LogFacts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The audit log's tree: leaves, and the root in hexadecimal."""

    size: int
    root: str


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a whole archive holds.

    Attributes:
        counts: of what people count: tenants, plugins, releases, …, and of parts by kind.
        log: the audit log as of the snapshot.
        master_keys: fingerprints of the keys that open the sealed values, the present one first.
        sealed: how many sealed values there are.
        left_out: objects that were damaged or missing, and that the operator gave up.
        index_sha256: of the part `index`.
    """

    head: Head
    tables: dict[str, TableFacts]
    sequences: dict[str, SequenceFacts]
    counts: dict[str, int]
    log: LogFacts
    master_keys: list[str]
    sealed: int
    left_out: list[str]
    index_sha256: str


def header(name: str, size: int) -> bytes:
    """The one header that a part of this name and size can have."""
    part = tarfile.TarInfo(name)
    part.size, part.mode = size, 0o600
    return part.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What fills the last block of a part."""
    return bytes(-size % BLOCK)


def tail(digest: bytes) -> bytes:
    """The last part of an archive.

    Args:
        digest: sha256 of all before it: 32 bytes.
    """
    line = digest.hex().encode() + b"\n"
    return header(END, len(line)) + line + padding(len(line)) + bytes(2 * BLOCK)


def order_of(name: str) -> tuple[int, str]:
    """Where a part stands among the others.

    Raises:
        ValueError: no part has such a name.
    """
    for kind, pattern in enumerate(_KINDS):
        if pattern.fullmatch(name):
            return kind, name
    raise ValueError(name)


def index_line(sha256: str, size: int, name: str) -> bytes:
    """A part's line in the index."""
    return f"{sha256} {size} {name}\n".encode()


def write_document(value: Any) -> bytes:
    """A value as indented JSON, for people too."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"
