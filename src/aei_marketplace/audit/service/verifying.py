"""Verifying the whole log: the tree is recomputed from the entries and compared with all that was signed."""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
from asyncpg.cursor import Cursor

from aei_inspection.notes import VerifyingKey
from aei_marketplace.audit.rules.verification.entries import judge_openings
from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.rules.verification.places import explain_pairs, which_is_wrong
from aei_marketplace.audit.rules.verification.reading import Mismatch, Reading, TooWide
from aei_marketplace.audit.rules.verification.regrowth import CHUNK, CHUNK_LEVEL, Chunk
from aei_marketplace.audit.rules.verification.signed import Claim, Signed, compare
from aei_marketplace.audit.service.archiving import Archives
from aei_marketplace.audit.service.verifying_archives import verify_archives
from aei_marketplace.audit.store import sequencing
from aei_marketplace.audit.store import verifying as store

#: So many findings of one sort are listed one by one.
MOST_LISTED = 100
_HASH_BYTES = 32


class Kept(Protocol):
    """A checkpoint outside the database, as `CheckpointFolder.all` gives it."""

    @property
    def place(self) -> str: ...
    @property
    def note(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        size: entries in the tree.
        proven: the largest size whose signed root the tree has: entries below it are as they were signed.
        waiting: entries that have no place yet.
        erased: personal values that were erased.
        archived: entries that lie in an archive.
    """

    size: int
    proven: int
    waiting: int
    erased: int
    archived: int
    checkpoints: int
    checkpoints_outside: int
    findings: tuple[Finding, ...]

    @property
    def unprotected(self) -> int:
        """Entries since the newest checkpoint, which its signature does not cover yet."""
        return self.size - self.proven + self.waiting


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows hold no cycles, and searching so many of them for some costs a third of a verification."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


async def verify_log(
    connection: asyncpg.Connection,
    outside: Callable[[], Iterable[Kept]],
    archives: Archives,
    keys: Sequence[VerifyingKey],
    progress: Callable[[int, int], None] = _silent,
) -> Verdict:
    """Verify the log as it is now, while it goes on growing.

    Args:
        connection: asyncpg, role `aei_system`, no transaction open.
        outside: reads the checkpoints outside the database, oldest first.
        archives: where archives lie.
        keys: every key that the log was ever signed with.
        progress: is told entries done and in all.

    Raises:
        OSError: the checkpoints outside cannot be read.
    """
    async with store.snapshot(connection):
        inside = [
            Claim(f"audit_checkpoints, size {row['size']}", row["note"], row["size"], row["root"])
            for row in await store.checkpoints(connection)
        ]
        signed = compare(inside, [Claim(kept.place, kept.note) for kept in outside()], keys)
        await store.let_sign(connection)
        return await _Verification(connection, archives, signed, progress).run()


@dataclass
class _Verification:
    connection: asyncpg.Connection
    archives: Archives
    signed: Signed
    progress: Callable[[int, int], None]
    wrong_pairs: list[int] = field(default_factory=list)
    wrong_nodes: list[tuple[int, int]] = field(default_factory=list)
    erased: int = 0

    def __post_init__(self) -> None:
        self.reading = Reading(self.signed.roots)
        self.findings = self.reading.findings

    async def run(self) -> Verdict:
        total = await store.size(self.connection)
        listed = await store.archives(self.connection)
        self.reading.archived_to = max((archived.after for archived in listed), default=0)
        self.findings += await verify_archives(self.connection, self.archives, listed)
        await self._read(total)
        await self._compare_upper_nodes()
        await self._explain_mismatches()
        await self._explain_places()
        await self._compare_end(total)
        waiting = await self._look_at_unsequenced()
        self._judge_signed(total)
        return Verdict(
            size=total,
            proven=max(self.reading.fits, default=0),
            waiting=waiting,
            erased=self.erased,
            archived=self.reading.archived,
            checkpoints=self.signed.inside,
            checkpoints_outside=self.signed.outside,
            findings=(*self.signed.findings, *self.findings),
        )

    async def _read(self, total: int) -> None:
        with _collector_paused():
            await self._read_all(total)

    async def _read_all(self, total: int) -> None:
        cursor = await store.leaves(self.connection)
        rows = await cursor.fetch(CHUNK)
        try:
            while rows:
                chunks, following = await self._read_ahead(rows, cursor)
                for chunk in chunks:
                    await self._compare_nodes(chunk)
                await self._compare_personal(rows[0]["sequence"], rows[-1]["sequence"] + 1)
                self.progress(self.reading.size, total)
                rows = following
        except TooWide:
            return
        for chunk in self.reading.finish():
            await self._compare_nodes(chunk)

    async def _read_ahead(
        self, rows: list[asyncpg.Record], cursor: Cursor
    ) -> tuple[list[Chunk], list[asyncpg.Record]]:
        """Judge rows while the database reads the next ones; the thread is what lets those arrive."""
        fetching = asyncio.create_task(cursor.fetch(CHUNK))
        try:
            chunks = await asyncio.to_thread(self.reading.read, rows)
        finally:
            following = await fetching  # never given up: that would end the snapshot
        return chunks, following

    async def _compare_personal(self, first: int, after: int) -> None:
        committed = self.reading.take_committed()
        found = await store.openings(self.connection, first, after)
        openings = [row for row in found if row["entry_id"] not in self.reading.unjudged]
        self.findings += judge_openings(committed, openings)
        self.erased += sum(len(entry.values) for entry in committed.values()) - len(openings)

    async def _compare_nodes(self, chunk: Chunk) -> None:
        for level in range(1, len(chunk.levels)):
            grown, first = chunk.levels[level], chunk.start >> level
            stored = await store.row_of_nodes(self.connection, level, first, first + len(grown))
            if stored == b"".join(grown):
                continue
            found = await store.nodes(self.connection, level, first, first + len(grown))
            wrong = [first + i for i, value in enumerate(grown) if found.get(first + i) != value]
            self._note_wrong(level, wrong)

    async def _compare_upper_nodes(self) -> None:
        stored = await store.upper_nodes(self.connection, CHUNK_LEVEL)
        for node in self.reading.regrowth.upper:
            if stored.get((node.level, node.position)) != node.hash:
                self._note_wrong(node.level, [node.position])

    def _note_wrong(self, level: int, positions: list[int]) -> None:
        if level == 1:
            self.wrong_pairs += positions
        else:
            self.wrong_nodes += [(level, position) for position in positions]

    async def _explain_mismatches(self) -> None:
        """Entries that differ from their leaves: exchanged, edited, or the leaf was changed."""
        by_leaf = {found.leaf: found for found in self.reading.mismatches}
        for found in self.reading.mismatches[:MOST_LISTED]:
            other = by_leaf.get(found.content_hash)
            if other is not None:
                detail = f"at place {found.sequence} stands the entry that belongs to place {other.sequence}"
                self._find(Kind.REORDERED, detail, found)
                continue
            kind = await self._which_is_wrong(found)
            words = {
                Kind.LEAF_CHANGED: "its hash in the tree was changed; the entry itself is as it was",
                Kind.EDITED: "its bytes are not those that were hashed",
            }
            self._find(kind, f"entry {found.sequence} ({found.entry}): {words[kind]}", found)
            if kind is Kind.LEAF_CHANGED:
                self._explained(found.sequence // 2)

    async def _which_is_wrong(self, found: Mismatch) -> Kind:
        neighbour, parent = (0, found.sequence ^ 1), (1, found.sequence >> 1)
        stored = await sequencing.hashes(self.connection, [neighbour, parent])
        odd = found.sequence & 1 == 1
        return which_is_wrong(found.content_hash, found.leaf, stored[neighbour], stored[parent], odd)

    def _find(self, kind: Kind, detail: str, found: Mismatch) -> None:
        self.findings.append(Finding(kind, detail, found.sequence, found.entry))

    def _explained(self, pair: int) -> None:
        """Leave out what follows from a pair that is explained: itself and all nodes above it."""
        self.wrong_pairs = [p for p in self.wrong_pairs if p != pair]
        self.wrong_nodes = [(level, p) for level, p in self.wrong_nodes if p != pair >> (level - 1)]
        self.reading.unfit = [size for size in self.reading.unfit if size <= 2 * pair]

    async def _explain_places(self) -> None:
        for place in sorted(self.reading.missing):
            self._explained(place // 2)
        if self.wrong_pairs:
            await self._explain_pairs()
        for level, position in self.wrong_nodes[:MOST_LISTED]:
            detail = (
                f"the stored hash over entries {position << level} and following, level {level}, was changed"
            )
            self.findings.append(Finding(Kind.NODE_CHANGED, detail, position << level))

    async def _explain_pairs(self) -> None:
        wrong = sorted(self.wrong_pairs)[:MOST_LISTED]
        places = {(0, leaf) for pair in wrong for leaf in range(2 * pair, 2 * pair + 4)}
        places |= {(1, parent) for pair in wrong for parent in (pair, pair + 1)}
        found = await sequencing.hashes(self.connection, sorted(places))
        leaves = {place: value for (level, place), value in found.items() if level == 0 and value}
        parents = {place: value for (level, place), value in found.items() if level == 1}
        for explanation in explain_pairs(wrong, leaves, parents):
            self.findings.append(explanation.finding)
            if explanation.onwards:
                self._explained_from(explanation.pairs[0])
                return
            for pair in explanation.pairs:
                self._explained(pair)
        for pair in [pair for pair in wrong if pair in self.wrong_pairs]:
            self._judge_pair(pair)
            self._explained(pair)

    def _explained_from(self, pair: int) -> None:
        self.wrong_pairs, self.wrong_nodes = [], []
        self.reading.unfit = [size for size in self.reading.unfit if size <= 2 * pair]

    def _judge_pair(self, pair: int) -> None:
        left, right = 2 * pair, 2 * pair + 1
        if any(size > right for size in self.reading.fits):
            detail = (
                f"the stored hash over entries {left} and {right} was changed; the entries are as they were"
            )
            self.findings.append(Finding(Kind.NODE_CHANGED, detail, left))
        else:
            detail = f"entry {left} or {right} was edited, and its hashes with it"
            self.findings.append(Finding(Kind.EDITED, detail, left))

    async def _compare_end(self, total: int) -> None:
        head = await store.newest_head(self.connection)
        beyond = await store.nodes_beyond(self.connection, total)
        if total and (total < head or beyond):
            detail = (
                f"the tree once had at least {max(head, total + 1)} entries and has {total}: its end is gone"
            )
            self.findings.append(Finding(Kind.TRUNCATED, detail, total))
        if total > head:
            detail = f"entries from {head} on were put into the tree by something else than the sequencer"
            self.findings.append(Finding(Kind.INSERTED, detail, head))

    async def _look_at_unsequenced(self) -> int:
        for row in await store.unknown_entries(self.connection, MOST_LISTED):
            detail = f"entry {row['id']} was put into the table and never into the tree"
            self.findings.append(Finding(Kind.INSERTED, detail, None, row["id"]))
        waiting = await store.waiting(self.connection)
        for row in waiting:
            if row["id"] is None:
                detail = f"entry {row['entry_id']} is gone before it had a place in the tree"
                self.findings.append(Finding(Kind.DELETED, detail, None, row["entry_id"]))
        return len(waiting)

    def _judge_signed(self, total: int) -> None:
        largest = max(self.signed.roots, default=0)
        unfit, fits = sorted(self.reading.unfit), self.reading.fits
        if total < largest and (total == 0 or (unfit and not fits)):
            words = "holds nothing" if total == 0 else "begins anew"
            detail = f"{largest} entries were signed and the log {words}: it was wiped"
            self.findings.append(Finding(Kind.WIPED, detail, 0))
        elif total < largest:
            detail = f"{largest} entries were signed and {total} are there: the end of the log is gone"
            self.findings[:] = [f for f in self.findings if f.kind is not Kind.TRUNCATED]
            self.findings.append(Finding(Kind.TRUNCATED, detail, total))
        if unfit and (fits or total >= largest):
            good = max((size for size in fits if size < unfit[0]), default=0)
            detail = (
                f"the log as signed with {unfit[0]} entries is not this one: something from entry {good} to "
                f"{unfit[0] - 1} was rewritten, hashes and all"
            )
            self.findings.append(Finding(Kind.REWRITTEN, detail, good))
        if total and not self.signed.roots:
            detail = "there is no checkpoint that a key of this log signed: nothing of it is proven"
            self.findings.append(Finding(Kind.CHECKPOINT_REMOVED, detail))
