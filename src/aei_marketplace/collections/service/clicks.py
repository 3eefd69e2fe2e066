"""Counting what is seen and clicked: in memory, and once a minute in the database."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID

import structlog

from aei_marketplace.collections.rules.clicks import Clicks, is_reader
from aei_marketplace.collections.rules.showing import Section
from aei_marketplace.collections.service.shelf import Shelf
from aei_marketplace.collections.store import clicks as store
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Works

#: How long counts are kept.
KEPT = timedelta(days=400)
_ONE_IMPRESSION, _ONE_CLICK = Clicks(impressions=1), Clicks(clicks=1)

log = structlog.get_logger()


class ClickCounter:
    """Counts for each collection, plugin and UTC day, and for nobody: no cookie, no address, no account.

    A process that is killed loses the last minute. What is counted stands in published collections alone,
    so there are never more counts than those have plugins.
    """

    def __init__(self, works: Works, shelf: Shelf) -> None:
        self._works = works
        self._shelf = shelf
        self._counted: dict[tuple[UUID, str, date], Clicks] = {}

    def note_shown(self, sections: Iterable[Section], actor: Actor, headers: Mapping[str, str]) -> None:
        """A page showed these plugins of these sections; robots, pages loaded ahead and staff count not."""
        if _counts(actor, headers):
            for section in sections:
                for plugin_id in section.plugin_ids:
                    self._add(section.id, plugin_id, _ONE_IMPRESSION)

    async def note_click(self, slug: str, plugin_id: str, actor: Actor, headers: Mapping[str, str]) -> None:
        """Somebody followed a section's link; what no published collection holds does not count."""
        if not _counts(actor, headers):
            return
        standing = await self._shelf.standing()
        for collection in standing.collections:
            if collection.slug == slug and plugin_id in collection.content.plugin_ids:
                self._add(collection.id, plugin_id, _ONE_CLICK)

    async def write_down(self) -> None:
        """Add what was counted since the last time to the database's counts."""
        counted, self._counted = self._counted, {}
        if counted:
            async with self._works.system("collections.clicks") as work:
                await store.add(work, counted)

    async def write_down_each_minute(self) -> None:
        """Write down for as long as the process runs."""
        while True:
            await asyncio.sleep(60)
            try:
                await self.write_down()
            except Exception:
                log.exception("clicks.not_written")  # a minute's counts; the next ones may be taken

    def _add(self, collection_id: UUID, plugin_id: str, one: Clicks) -> None:
        key = (collection_id, plugin_id, self._works.clock().date())
        self._counted[key] = self._counted.get(key, Clicks()) + one


@asynccontextmanager
async def open_counter(works: Works, shelf: Shelf) -> AsyncIterator[ClickCounter]:
    """A process's counter until the block ends; what it still holds then is written down."""
    counter = ClickCounter(works, shelf)
    writing = asyncio.create_task(counter.write_down_each_minute())
    try:
        yield counter
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await counter.write_down()


async def forget_old_counts(works: Works) -> None:
    """Drop the counts that are older than a year and a little."""
    async with works.system("collections.forget") as work:
        await store.forget_before(work, work.now.date() - KEPT)


def _counts(actor: Actor, headers: Mapping[str, str]) -> bool:
    return not actor.staff and is_reader(headers)
