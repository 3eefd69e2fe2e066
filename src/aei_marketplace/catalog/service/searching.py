"""Searching: this process's index finds, the database shows what may be seen."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from aei_marketplace.catalog.errors import IndexUnfinished
from aei_marketplace.catalog.rules.searching import Criteria, check_criteria, read_position
from aei_marketplace.catalog.rules.views import PluginView
from aei_marketplace.catalog.store import plugins
from aei_marketplace.catalog.store.index import documents, layout
from aei_marketplace.catalog.store.index.asking import Found, Reader, Viewer
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.paging import Page, PageWanted, encode_cursor
from aei_marketplace.ground.work import Work, Works

#: How old the index may be when it is asked, in seconds.
FRESH_SECONDS = 0.25
#: How long a search waits for the first filling.
_PATIENCE_SECONDS = 10.0
_READERS = 4
_PREFIX = "aei-index-"
_Answer = TypeVar("_Answer")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a search answers.

    Attributes:
        page: PluginViews, with cursor and total.
        whole: whether all that match were looked at; if not, the total says how many were.
        facets: facet → value → plugins; empty unless asked for.
        parts: plugin id → the terms of its score.
    """

    page: Page
    whole: bool
    facets: Mapping[str, Mapping[str, int]]
    parts: Mapping[str, Mapping[str, float]]


class SearchIndex:
    """The index of one process: filled when it opens, brought up to date before it is asked.

    Args:
        fresh_seconds: how old it may be then.
    """

    def __init__(self, works: Works, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._works = works
        self._fresh_seconds = fresh_seconds
        self._folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}-{id(self):x}"
        self._threads = ThreadPoolExecutor(_READERS, "search")
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._syncing = asyncio.Lock()
        self._feeding = threading.Lock()
        self._closed = False
        self._synced = 0.0
        self._horizon = ""
        self._applied: set[tuple[str, str]] = set()
        self._filling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to fill it."""
        _remove_abandoned()
        self._folder.mkdir(mode=0o700)
        self._feeder = Feeder(self._remember(layout.create(self._path)))
        self._filling = asyncio.create_task(self._fill())

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        self._threads.shutdown(cancel_futures=True)
        # A cancelled task leaves its thread at work: a connection that is closed under it ends the process.
        await asyncio.to_thread(self._close_connections)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close_connections(self) -> None:
        with self._feeding:
            self._closed = True
            for connection in self._opened:
                connection.close()

    async def ask(self, question: Callable[[Reader], _Answer]) -> _Answer:
        """Put a question to an index that knows what was committed `fresh_seconds` ago.

        Raises:
            IndexUnfinished: it is still being filled.
        """
        await self._be_filled()
        if time.monotonic() - self._synced > self._fresh_seconds:
            await self._sync()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: question(self._reader()))

    @property
    def _path(self) -> Path:
        return self._folder / "index.sqlite"

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = Reader(self._remember(layout.connect(self._path)))
        return reader

    def _remember(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        self._opened.append(connection)
        return connection

    async def _be_filled(self) -> None:
        assert self._filling is not None, "the index is not open"
        try:
            await asyncio.wait_for(asyncio.shield(self._filling), _PATIENCE_SECONDS)
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

    async def _sync(self) -> None:
        """One at a time; who comes meanwhile waits for it, so that all see what was committed before."""
        async with self._syncing:
            if time.monotonic() - self._synced <= self._fresh_seconds:
                return
            now = time.monotonic()
            async with self._works.system("catalog.index") as work:
                horizon = await documents.horizon(work)
                changed = await documents.changed_since(work, self._horizon)
            # Of a transaction younger than the horizon the same change is read again and again.
            new = [d for d in changed if (d.id, d.changed_in) not in self._applied]
            if new:
                await self._feed(self._feeder.apply, new)
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


async def search_plugins(
    index: SearchIndex, work: Work, criteria: Criteria, page: PageWanted, *, facets: bool = False
) -> SearchPage:
    """Offered plugins that meet the criteria, best first.

    Raises:
        Invalid: the criteria cannot be met by anything, or the cursor is of another list.
        IndexUnfinished: not yet.
    """
    check_criteria(criteria)
    after, viewer = read_position(page.after), _viewer(work.actor)
    found: Found = await index.ask(
        lambda reader: reader.search(criteria, viewer, page.limit + 1, after, facets=facets)
    )
    hits = found.hits[: page.limit]
    cursor = encode_cursor([hits[-1].rank, hits[-1].id]) if len(found.hits) > page.limit else None
    views = await plugins.by_ids(work, [hit.id for hit in hits])
    shown = [views[hit.id] for hit in hits if hit.id in views]
    parts = {hit.id: hit.parts.shape() for hit in hits}
    return SearchPage(Page(shown, cursor, found.total), found.whole, found.facets, parts)


async def suggest_plugins(index: SearchIndex, work: Work, typed: str, limit: int) -> list[PluginView]:
    """Plugins whose name begins with what was typed so far, the most installed first.

    Raises:
        Invalid: it is too long.
        IndexUnfinished: not yet.
    """
    check_criteria(Criteria(q=typed))
    viewer = _viewer(work.actor)
    ids: list[str] = await index.ask(lambda reader: reader.begin_with(typed, viewer, limit))
    views = await plugins.by_ids(work, ids)
    return [views[id] for id in ids if id in views]


def _viewer(actor: Actor) -> Viewer:
    return Viewer(actor.tenant, actor.staff)


def _remove_abandoned() -> None:
    """What processes left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
