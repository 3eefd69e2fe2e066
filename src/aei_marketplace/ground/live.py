"""Live news inside one process: who listens to a topic hears what is said from then on."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import contextmanager, suppress
from typing import Any

#: A listener that falls this far behind loses the oldest news; the final state is never lost,
#: because listeners read it from the database.
BACKLOG = 256


class Live:
    """Topics are texts such as `operation:<id>`; news are any values."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[Any]]] = defaultdict(set)

    def say(self, topic: str, news: Any) -> None:
        """Tell everyone who listens to the topic."""
        for queue in self._listeners.get(topic, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(news)

    @contextmanager
    def listen(self, *topics: str) -> Any:
        """Hear topics from now on: gives an `asyncio.Queue` that fills while the block lasts."""
        queue: asyncio.Queue[Any] = asyncio.Queue(BACKLOG)
        for topic in topics:
            self._listeners[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in set(topics):
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]


async def until_quiet(queue: "asyncio.Queue[Any]", seconds: float) -> AsyncIterator[Any]:
    """News as they come; None whenever `seconds` pass without any, so that the caller can look again."""
    while True:
        news = None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                news = await queue.get()
        yield news
