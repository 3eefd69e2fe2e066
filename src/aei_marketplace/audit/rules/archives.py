"""The form of an archive: a line of JSON for each entry, `{"sequence", "leaf_hash", "entry"}`.

`entry` is the entry's bytes as text, `leaf_hash` its hash in hexadecimal: a line proves itself, and the tree
in the database proves the line.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import msgspec

from aei_marketplace.ground.audit import read_entry
from aei_protocol.merkle import leaf_hash

ACTION = "audit.archive"
_NAME = re.compile(r"audit-[0-9]{1,19}-[0-9]{1,19}\.jsonl")
_encode = msgspec.json.Encoder().encode


class Line(msgspec.Struct):
    """One entry in an archive."""

    sequence: int
    leaf_hash: str
    entry: str


class Statement(NamedTuple):
    """What the log itself says about an archive, in an entry with the action `audit.archive`."""

    file_name: str
    first: int
    after: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Archived:
    """One archive: entries `first` to before `after` lie in the file."""

    first: int
    after: int
    file_name: str
    sha256: bytes

    @property
    def statement(self) -> Statement:
        """What the log must say about it."""
        return Statement(self.file_name, self.first, self.after, self.sha256.hex())


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in an archive.

    Attributes:
        first: the first entry's place.
        hashes: leaf hashes in order, computed from the entries.
    """

    first: int
    hashes: list[bytes]
    statements: set[Statement]


_decode = msgspec.json.Decoder(Line).decode


def name_of(first: int, after: int) -> str:
    """The file's name."""
    return f"audit-{first}-{after - 1}.jsonl"


def is_name(text: str) -> bool:
    """Whether a file of ours could have this name; a database that somebody changed may name any."""
    return _NAME.fullmatch(text) is not None


def write_line(sequence: int, content: bytes) -> bytes:
    """An entry's line, with its end."""
    return _encode(Line(sequence, leaf_hash(content).hex(), content.decode())) + b"\n"


def read_lines(lines: Iterable[bytes]) -> Contents:
    """Read an archive.

    Raises:
        ValueError: it is none, or has a gap.
    """
    first = 0
    hashes: list[bytes] = []
    told: list[bytes] = []
    for raw in lines:
        try:
            line = _decode(raw)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ValueError(f"not a line of an archive: {error}") from error
        first = first if hashes else line.sequence
        if line.sequence != first + len(hashes):
            raise ValueError(f"entry {first + len(hashes)} is missing")
        content = line.entry.encode()
        hashes.append(leaf_hash(content))
        if ACTION in line.entry:
            told.append(content)
    return Contents(first, hashes, statements(told))


def entries_about(lines: Iterable[bytes], user_id: UUID) -> list[UUID]:
    """The entries in an archive that somebody caused, or that are about them.

    Raises:
        ValueError: it is no archive.
    """
    found = []
    for raw in lines:
        document = read_entry(_decode(raw).entry.encode())
        concerned = {
            ("actor", document["actor"]["id"]),
            (document["resource"]["type"], document["resource"]["id"]),
        }
        if concerned & {("actor", str(user_id)), ("user", str(user_id))}:
            found.append(UUID(document["id"]))
    return found


def statements(contents: Iterable[bytes]) -> set[Statement]:
    """What entries say about archives; those that say nothing of the kind are left out."""
    found = set()
    for content in contents:
        try:
            document = read_entry(content)
            told = document["context"]
            if document["action"] == ACTION:
                name = document["resource"]["id"]
                found.add(Statement(name, told["first"], told["after"], told["sha256"]))
        except (ValueError, KeyError, TypeError):
            continue  # an entry that somebody edited; the reading of entries names it
    return found
