"""Each process's search index: filled when it opens, brought up to date before it is asked."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from aei_marketplace.catalog.errors import IndexUnfinished
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store.index import documents, layout
from aei_marketplace.catalog.store.index.asking import Found, Reader
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.catalog.store.index.matching import Viewer
from aei_marketplace.ground.work import Works

#: How old the index may be when it is asked, in seconds.
FRESH_SECONDS = 0.25
#: For so long after a question the index is kept current, so that the next ones need not wait for that.
_FOLLOWING_SECONDS = 1.0
#: It is then brought up to date when it has this share of its age, so that it is done in time.
_AHEAD = 0.8
#: How long a search waits for the first filling.
_PATIENCE_SECONDS = 10.0
#: Half of a search happens outside of Python's lock, beside the requests. Two searches at once mostly wait
#: for the lock with each other: on two cores the slowest answers came a fifth later.
_READERS = 1
#: So many answers are remembered until the index changes.
_MOST_KEPT = 256
_PREFIX = "aei-index-"
_Answer = TypeVar("_Answer")

log = structlog.get_logger()


class SearchIndex:
    """The index of one process: filled when it opens, brought up to date before it is asked.

    Args:
        fresh_seconds: how old it may be then.
    """

    def __init__(self, works: Works, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._works = works
        self._fresh_seconds = fresh_seconds
        self._facts = Facts()
        self._folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}-{id(self):x}"
        self._threads = ThreadPoolExecutor(_READERS, "search")
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._syncing = asyncio.Lock()
        self._feeding = threading.Lock()
        self._closed = False
        self._synced = self._asked = 0.0
        self._horizon = ""
        self._applied: set[tuple[str, str]] = set()
        self._generation = 0
        self._kept: OrderedDict[tuple[object, ...], Found] = OrderedDict()
        self._following: asyncio.Task[None] | None = None
        self._filling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to fill it."""
        _remove_abandoned()
        self._folder.mkdir(mode=0o700)
        self._feeder = Feeder(self._remember(layout.create(self._path)), self._facts)
        self._filling = asyncio.create_task(self._fill())

    async def close(self) -> None:
        """Leave nothing behind."""
        under_way = [task for task in (self._filling, self._following) if task is not None]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self._threads.shutdown(cancel_futures=True)
        # A cancelled task leaves its thread at work: a connection that is closed under it ends the process.
        await asyncio.to_thread(self._close_connections)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close_connections(self) -> None:
        with self._feeding:
            self._closed = True
            for connection in self._opened:
                connection.close()

    async def search(
        self,
        criteria: Criteria,
        viewer: Viewer,
        limit: int,
        after: tuple[float, str] | None = None,
        *,
        facets: bool = False,
    ) -> Found:
        """The first hits behind `after`. Until the index changes, who sees the same is told the same again.

        Raises:
            IndexUnfinished: it is still being filled.
        """
        await self._be_current()
        asked, generation = (criteria, viewer, limit, after, facets), self._generation
        found = self._kept.pop(asked, None)
        if found is None:
            found = await self._put(
                lambda reader: reader.search(criteria, viewer, limit, after, facets=facets)
            )
        if generation == self._generation:  # else it may be of the index before
            self._keep(asked, found)
        return found

    async def begin_with(self, typed: str, viewer: Viewer, limit: int) -> list[str]:
        """Ids of plugins whose name begins with what was typed, the most installed first.

        Raises:
            IndexUnfinished: it is still being filled.
        """
        await self._be_current()
        return await self._put(lambda reader: reader.begin_with(typed, viewer, limit))

    def _keep(self, asked: tuple[object, ...], found: Found) -> None:
        """The one that was asked for last stands last."""
        if len(self._kept) >= _MOST_KEPT:
            self._kept.popitem(last=False)
        self._kept[asked] = found

    async def _put(self, question: Callable[[Reader], _Answer]) -> _Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: question(self._reader()))

    async def _be_current(self) -> None:
        """Know what was committed `fresh_seconds` ago."""
        await self._be_filled()
        self._asked = time.monotonic()
        if self._asked - self._synced > self._fresh_seconds:
            await self._sync(self._fresh_seconds)
        if self._fresh_seconds and (self._following is None or self._following.done()):
            self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """Keep current while questions come, a step ahead of them."""
        ahead = self._fresh_seconds * _AHEAD
        try:
            while time.monotonic() - self._asked < _FOLLOWING_SECONDS:
                await asyncio.sleep(ahead)
                await self._sync(ahead)
        except Exception:
            # Who asks next tries again, and hears what is wrong.
            log.warning("catalog.index_not_followed", exc_info=True)

    @property
    def _path(self) -> Path:
        return self._folder / "index.sqlite"

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = Reader(self._remember(layout.connect(self._path)), self._facts)
        return reader

    def _remember(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        self._opened.append(connection)
        return connection

    async def _be_filled(self) -> None:
        assert self._filling is not None, "the index is not open"
        if self._filling.done():
            return self._filling.result()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.shield(self._filling)
        except TimeoutError:
            raise IndexUnfinished("The search index is still being built.") from None

    async def _feed(self, work: Callable[..., object], *values: object) -> None:
        def alone() -> None:
            with self._feeding:
                if not self._closed:
                    work(*values)

        await asyncio.to_thread(alone)

    async def _fill(self) -> None:
        began = time.monotonic()
        async with self._works.system("catalog.index") as work:
            self._horizon = await documents.horizon(work)
            async for batch in documents.all_offered(work):
                await self._feed(self._feeder.fill, batch)
        await self._feed(self._feeder.finish)
        self._synced = time.monotonic()
        log.info("catalog.index_filled", seconds=round(self._synced - began, 2))

    async def _sync(self, oldest: float) -> None:
        """One at a time; who comes meanwhile waits for it, so that all see what was committed before.

        Args:
            oldest: how old it may be to stay as it is, in seconds.
        """
        async with self._syncing:
            if time.monotonic() - self._synced <= oldest:
                return
            now = time.monotonic()
            async with self._works.system("catalog.index") as work:
                horizon = await documents.horizon(work)
                changed = await documents.changed_since(work, self._horizon)
            # Of a transaction younger than the horizon the same change is read again and again.
            new = [d for d in changed if (d.id, d.changed_in) not in self._applied]
            if new:
                await self._feed(self._feeder.apply, new)
                self._generation += 1
                self._kept.clear()
            self._applied = {(d.id, d.changed_in) for d in changed}
            self._horizon, self._synced = horizon, now


@asynccontextmanager
async def open_index(works: Works, fresh_seconds: float = FRESH_SECONDS) -> AsyncIterator[SearchIndex]:
    """A process's index until the block ends."""
    index = SearchIndex(works, fresh_seconds)
    index.open()
    try:
        yield index
    finally:
        await index.close()


def _remove_abandoned() -> None:
    """What processes left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
