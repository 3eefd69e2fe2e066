"""At most so many at once in a process."""

import asyncio
from weakref import WeakKeyDictionary


class AtOnce:
    """A semaphore that a module may hold: each event loop has its own turns.

    One of asyncio's belongs to the loop that first waited for it, and fails in every other.

    Args:
        most: how many may be within at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def __aenter__(self) -> None:
        await self._own().acquire()

    async def __aexit__(self, *error: object) -> None:
        self._own().release()

    def _own(self) -> asyncio.Semaphore:
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._most))
