"""What is published, kept in each process until somebody changes it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aei_marketplace.collections.rules.content import Collection, State
from aei_marketplace.collections.rules.showing import Rotation
from aei_marketplace.collections.store import collections as store
from aei_marketplace.collections.store import rotations
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.work import Works

#: The topic on which each process hears that collections changed.
NEWS_TOPIC = "collections"
#: News is lost while the way to the database is down: nothing that is kept gets older than this.
OLDEST = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is published, whoever asks.

    Attributes:
        collections: all that are published, within their time or not, in the page's order.
        flags: of rotations that somebody has touched, by name.
    """

    collections: tuple[Collection, ...]
    flags: Mapping[str, Rotation]
    read_at: datetime


class Shelf:
    """Keeps what is published until news of a change arrives.

    Who sees which plugin is not kept: it is asked each time, so that a plugin that was made private or
    stopped is gone at once, and no tenant is shown what another sees.

    Args:
        news: hears of each change, committed by whatever process.
        oldest: what is as old as this is read anew without any news.
    """

    def __init__(self, works: Works, news: "asyncio.Queue[Any]", oldest: timedelta) -> None:
        self._works = works
        self._news = news
        self._oldest = oldest
        self._kept: Standing | None = None
        self._reading = asyncio.Lock()

    async def standing(self) -> Standing:
        """What is published now."""
        async with self._reading:  # one reads; who comes meanwhile waits for it
            if self._kept is None or self._is_old(self._kept):
                self._kept = await self._read()
            return self._kept

    def _is_old(self, kept: Standing) -> bool:
        return not self._news.empty() or self._works.clock() - kept.read_at >= self._oldest

    async def _read(self) -> Standing:
        # Emptied before the rows are read: what is committed after that makes news of its own.
        while not self._news.empty():
            self._news.get_nowait()
        async with self._works.system("collections.shelf") as work:
            found = await store.find_all(work, frozenset({State.PUBLISHED}))
            return Standing(tuple(found), await rotations.find_all(work), work.now)


@asynccontextmanager
async def open_shelf(works: Works, live: Live, oldest: timedelta = OLDEST) -> AsyncIterator[Shelf]:
    """A process's shelf until the block ends."""
    with live.listen(f"{NEWS_TOPIC}:{store.PAYLOAD}") as news:
        yield Shelf(works, news, oldest)
