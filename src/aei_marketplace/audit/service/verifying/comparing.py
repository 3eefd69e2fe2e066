"""Reading the whole log, and comparing the tree that grows of it with the one that is stored."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncpg
from asyncpg.cursor import Cursor

from aei_marketplace.audit.rules.verification.entries import judge_openings
from aei_marketplace.audit.rules.verification.reading import Reading, TooWide
from aei_marketplace.audit.rules.verification.regrowth import CHUNK, CHUNK_LEVEL, Chunk
from aei_marketplace.audit.store import verifying as store


@dataclass
class WrongHashes:
    """Stored hashes that the entries do not come to.

    Attributes:
        pairs: those over two leaves, by position.
        nodes: those above, by level and position.
    """

    pairs: list[int] = field(default_factory=list)
    nodes: list[tuple[int, int]] = field(default_factory=list)

    def note(self, level: int, positions: list[int]) -> None:
        """Take in positions of one level, from 1."""
        if level == 1:
            self.pairs += positions
        else:
            self.nodes += [(level, position) for position in positions]


@dataclass
class Comparison:
    """What was read and compared so far.

    Attributes:
        reading: takes the entries in, and what is found of them.
        progress: is told entries done and in all.
        erased: personal values that were erased.
    """

    connection: asyncpg.Connection
    reading: Reading
    progress: Callable[[int, int], None]
    wrong: WrongHashes = field(default_factory=WrongHashes)
    erased: int = 0

    async def run(self, total: int) -> None:
        """Read and compare everything."""
        with _collector_paused():
            await self._read_all(total)
        await self._compare_upper_nodes()

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
        self.reading.findings += judge_openings(committed, openings)
        self.erased += sum(len(entry.values) for entry in committed.values()) - len(openings)

    async def _compare_nodes(self, chunk: Chunk) -> None:
        for level in range(1, len(chunk.levels)):
            grown, first = chunk.levels[level], chunk.start >> level
            stored = await store.row_of_nodes(self.connection, level, first, first + len(grown))
            if stored == b"".join(grown):
                continue
            found = await store.nodes(self.connection, level, first, first + len(grown))
            wrong = [first + i for i, value in enumerate(grown) if found.get(first + i) != value]
            self.wrong.note(level, wrong)

    async def _compare_upper_nodes(self) -> None:
        stored = await store.upper_nodes(self.connection, CHUNK_LEVEL)
        for node in self.reading.regrowth.upper:
            if stored.get((node.level, node.position)) != node.hash:
                self.wrong.note(node.level, [node.position])


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
