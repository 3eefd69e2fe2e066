"""Whose execution this process works on next, when several tenants want it."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

#: So many executions of a tenant are worked on at once: alone, and when others want that too. More of them
#: would not be faster, for one thread works on all.
ALONE, AMONG_OTHERS = 4, 1
#: A tenant that asked for nothing for so many seconds wants nothing.
_QUIET_SECONDS = 1.0


class Turns:
    """Bounds how much of one tenant is under way in this process's own steps, not in its guests.

    One thread answers all requests: whoever has hundreds under way there would have everybody else's
    wait behind each of them.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wanted: dict[UUID, float] = {}
        self._taken: Counter[UUID] = Counter()
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, tenant: UUID) -> AsyncIterator[None]:
        """Wait for the tenant's turn, and hold it until the block ends."""
        self._wanted[tenant] = self._clock()
        if self._taken[tenant] < self._bound():
            self._taken[tenant] += 1
        else:
            await self._wait(tenant)
        try:
            yield
        finally:
            self._pass_on(tenant)

    def _bound(self) -> int:
        """How many turns each tenant may hold right now."""
        quiet_since = self._clock() - _QUIET_SECONDS
        self._wanted = {tenant: at for tenant, at in self._wanted.items() if at > quiet_since}
        return ALONE if len(self._wanted) < 2 else AMONG_OTHERS

    async def _wait(self, tenant: UUID) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it was given to one who leaves
                self._pass_on(tenant)
            raise

    def _pass_on(self, tenant: UUID) -> None:
        self._taken[tenant] -= 1
        waiting, bound = self._waiting.get(tenant, deque()), self._bound()
        while waiting and self._taken[tenant] < bound:
            following = waiting.popleft()
            if not following.done():
                self._taken[tenant] += 1
                following.set_result(None)
        if not waiting:
            self._waiting.pop(tenant, None)
        if not self._taken[tenant]:
            del self._taken[tenant]
