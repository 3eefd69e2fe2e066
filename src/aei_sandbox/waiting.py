"""Executions that wait for a worker."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping

from aei_sandbox.shares import Shares
from aei_sandbox.worker import Key, Worker


class Waiter:
    """One execution that waits.

    Attributes:
        since: when it came, seconds, monotonic.
        worker: what it waits for.
    """

    def __init__(self, key: Key, memory_bytes: int) -> None:
        self.key = key
        self.memory_bytes = memory_bytes
        self.since = time.monotonic()
        self.worker: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()

    def disappoint(self, error: Exception) -> None:
        """Tell it that it gets no worker."""
        if not self.worker.done():
            self.worker.set_exception(error)


class Queue:
    """Those who wait, of each tenant in order of arrival.

    Args:
        shares: are told who comes and leaves, and say which tenant is next.
    """

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._of: dict[str, deque[Waiter]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self._of.get(waiter.key.tenant, ())

    def join(self, waiter: Waiter, concurrency: int | None) -> None:
        """Wait from now on; `concurrency` is the tenant's own bound, if it has one."""
        self._of.setdefault(waiter.key.tenant, deque()).append(waiter)
        self._shares.arrive(waiter.key.tenant, concurrency)

    def leave(self, waiter: Waiter) -> None:
        """Wait no more."""
        tenant = waiter.key.tenant
        self._of[tenant].remove(waiter)
        if not self._of[tenant]:
            del self._of[tenant]
        self._shares.depart(tenant)

    def disappoint(self, error: Exception) -> None:
        """Tell everybody that no worker comes."""
        for waiter in [waiter for waiting in self._of.values() for waiter in waiting]:
            waiter.disappoint(error)

    def first(self, key: Key) -> Waiter | None:
        """Who waits longest for a worker of this key."""
        return next((waiter for waiter in self._of.get(key.tenant, ()) if waiter.key == key), None)

    def most_memory(self, key: Key) -> int:
        """The bytes that suffice for everybody who waits for a worker of this key; somebody does."""
        return max(waiter.memory_bytes for waiter in self._of[key.tenant] if waiter.key == key)

    def lacking(self, making: Mapping[Key, int]) -> list[Waiter]:
        """The next of each tenant that may begin with no worker on its way, the worst served first.

        Args:
            making: how many workers of each key are on their way.
        """
        following = [waiter for tenant in self._of if (waiter := self._next_of(tenant, making)) is not None]
        return sorted(following, key=lambda waiter: (*self._shares.rank(waiter.key.tenant), waiter.since))

    def _next_of(self, tenant: str, making: Mapping[Key, int]) -> Waiter | None:
        if not self._shares.may_begin(tenant):
            return None
        on_their_way: Counter[Key] = Counter()
        for waiter in self._of[tenant]:
            on_their_way[waiter.key] += 1
            if on_their_way[waiter.key] > making.get(waiter.key, 0):
                return waiter
        return None
