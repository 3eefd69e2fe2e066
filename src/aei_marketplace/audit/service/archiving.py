"""Moving old entries into files. Their hashes stay, so that every proof stays what it was."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.audit.rules.archives import ACTION, Archived, name_of, read_lines, write_line
from aei_marketplace.audit.store import archives as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works
from aei_protocol.merkle import leaf_hash

PAGE = 2_000
JOB = "audit.archive"


class Archives(Protocol):
    """Where archives lie. Calls block."""

    def place(self, name: str) -> str:
        """Where an archive lies, for messages."""

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        """Write an archive whole; raises OSError."""

    def lines(self, name: str) -> Iterator[bytes]:
        """Read it; raises OSError."""

    def digest(self, name: str) -> tuple[bytes, int]:
        """Its SHA-256 and size; raises OSError."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was archived; no entries when there was nothing old enough."""

    entries: int
    place: str | None = None


async def archive_log(works: Works, archives: Archives, before: datetime) -> Taken:
    """Move entries from before a moment into a file, oldest first and without a gap.

    Entries that no checkpoint covers stay, and so do those that a collector has not acknowledged. The
    personal data that they commit to stays in the database, where it can be erased.

    Raises:
        ArchiveRefused: an entry is not what its hash says, or the file is not what was written.
        OSError: the file cannot be written.
    """
    async with works.system(JOB) as work:
        first, after = await store.range_before(work, before)
    if after <= first:
        return Taken(0)
    name = name_of(first, after)
    lines, hashes = [], []
    async for sequence, content, leaf in _entries(works, first, after):
        if leaf_hash(content) != leaf:
            raise ArchiveRefused(f"entry {sequence} is not what its hash says; `audit verify` says more")
        lines.append(write_line(sequence, content))
        hashes.append(leaf)
    await asyncio.to_thread(archives.write, name, lines)
    digest, size = await asyncio.to_thread(_read_again, archives, name, first, hashes)
    archived = Archived(first, after, name, digest)
    async with works.system(JOB) as work:
        work.actor.require("audit.read_all")
        await store.take_out(work, archived, size)
        context = archived.statement._asdict()
        del context["file_name"]
        work.record(Fact(ACTION, "audit_archive", name, context=context))
    return Taken(after - first, archives.place(name))


async def _entries(works: Works, first: int, after: int) -> AsyncIterator[tuple[int, bytes, bytes]]:
    while first < after:
        async with works.system(JOB) as work:
            rows = await store.entries_of(work, first, after, PAGE)
        if not rows:
            raise ArchiveRefused(f"entry {first} is missing; `audit verify` says more")
        for row in rows:
            if row.sequence != first:
                raise ArchiveRefused(f"entry {first} is missing; `audit verify` says more")
            yield row.sequence, bytes(row.content), bytes(row.leaf_hash)
            first += 1


def _read_again(archives: Archives, name: str, first: int, hashes: list[bytes]) -> tuple[bytes, int]:
    """What lies on the disk, compared with what was meant: only then is anything deleted."""
    try:
        found = read_lines(archives.lines(name))
    except ValueError as error:
        raise ArchiveRefused(f"{archives.place(name)}: {error}; nothing was deleted") from error
    if (found.first, found.hashes) != (first, hashes):
        raise ArchiveRefused(f"{archives.place(name)} does not hold what was written; nothing was deleted")
    return archives.digest(name)
