"""Who runs next, and on which worker: workers bound to their key, found, made and retired here."""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from aei_sandbox.worker import Key, State, Worker

MOST_WAITING = 2_000
RECYCLE_AFTER = 1_000
#: Half of what the kernel lets a worker use in its life.
_MOST_CPU_SECONDS = 1_800.0
#: How long a waiter of another key may be passed over by the key whose worker became free, in seconds.
_PATIENCE = 0.1


class Busy(Exception):
    """More executions wait than are let wait."""


class _Waiter:
    def __init__(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.since = time.monotonic()
        self.worker: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()


def default_size() -> int:
    """Twice the cores that may be used, at least 4: a guest that waits in a host call needs no core."""
    return max(4, 2 * len(os.sched_getaffinity(0)))


class Pool:
    """At most `size` workers over all keys.

    Args:
        size: most workers alive or being made.
        idle_seconds: after which a worker that serves nobody is retired.
        make: starts a worker for a key with a memory bound; raises what `Worker.start` raises.
    """

    def __init__(self, size: int, idle_seconds: float, make: Callable[[Key, int], Awaitable[Worker]]) -> None:
        self._size = size
        self._idle_seconds = idle_seconds
        self._make = make
        self._idle: dict[Key, deque[Worker]] = {}
        self._busy: set[Worker] = set()
        self._making: Counter[Key] = Counter()
        self._makers: set[asyncio.Task[None]] = set()
        self._waiting: dict[Key, deque[_Waiter]] = {}
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    @property
    def workers(self) -> list[Worker]:
        """Those alive."""
        return [*self._busy, *self._resting()]

    @property
    def waiting(self) -> int:
        """How many executions wait for a worker."""
        return sum(map(len, self._waiting.values()))

    async def acquire(self, key: Key, memory_bytes: int) -> Worker:
        """A worker for this key that may use this much memory; first come, first served.

        Raises:
            Busy: too many wait already.
        """
        if self.waiting >= MOST_WAITING:
            raise Busy("too many executions are waiting: try again shortly")
        waiter = _Waiter(memory_bytes)
        self._waiting.setdefault(key, deque()).append(waiter)
        self._serve()
        try:
            return await waiter.worker
        except asyncio.CancelledError:
            self._forget(key, waiter)
            raise

    def release(self, worker: Worker) -> None:
        """Take back a worker after its execution, or after its death."""
        self._busy.discard(worker)
        if worker.state is not State.IDLE or worker.retired or _worn(worker) or self._starved_by(worker):
            worker.kill()
        else:
            worker.idle_since = time.monotonic()
            self._idle.setdefault(worker.key, deque()).append(worker)
        self._serve()

    def lost(self, worker: Worker) -> None:
        """A worker died; whoever runs on it hears of it elsewhere."""
        if worker in self._idle.get(worker.key, ()):
            self._drop(worker)
        self._serve()

    def retire(self, component: str, tenant: str | None) -> None:
        """End the idle workers of a component; busy ones end with their execution."""
        for worker in self.workers:
            if worker.key.component == component and tenant in (None, worker.key.tenant):
                worker.retired = True
                if worker not in self._busy:
                    self._drop(worker)

    def close(self) -> None:
        """End every worker; whoever waits is told."""
        self._sweeper.cancel()
        for waiter in (w for waiting in self._waiting.values() for w in waiting):
            if not waiter.worker.done():
                waiter.worker.set_exception(Busy("the sandbox host is stopping: try again shortly"))
        for maker in self._makers:
            maker.cancel()
        for worker in self.workers:
            worker.kill()

    def _serve(self) -> None:
        """Give idle workers to those who wait, and make workers while there is room."""
        for key in list(self._waiting):
            self._hand_over(key)
        while (lacking := self._next_to_make()) is not None and self._make_room():
            self._start_making(lacking)

    def _start_making(self, key: Key) -> None:
        memory_bytes = max(waiter.memory_bytes for waiter in self._waiting[key])
        self._making[key] += 1
        maker = asyncio.get_running_loop().create_task(self._make_for(key, memory_bytes))
        self._makers.add(maker)
        maker.add_done_callback(self._makers.discard)

    def _hand_over(self, key: Key) -> None:
        waiting = self._waiting[key]
        while waiting and (worker := self._take_idle(key, waiting[0].memory_bytes)) is not None:
            waiter = waiting.popleft()
            if waiter.worker.done():
                self.release(worker)
            else:
                waiter.worker.set_result(worker)
        if not waiting:
            self._waiting.pop(key, None)

    def _take_idle(self, key: Key, memory_bytes: int) -> Worker | None:
        """The idle worker used last: its pages are warm, and the others come to rest."""
        while idle := self._idle.get(key):
            worker = idle[-1]
            if worker.state is State.IDLE and worker.memory_bytes >= memory_bytes:
                idle.pop()
                if not idle:
                    del self._idle[key]
                self._busy.add(worker)
                return worker
            self._drop(worker)
        return None

    def _next_to_make(self) -> Key | None:
        """The key of the one who waits longest with no worker on its way."""
        unserved = [
            (waiting[self._making[key]].since, key)
            for key, waiting in self._waiting.items()
            if len(waiting) > self._making[key]
        ]
        return min(unserved, key=lambda pair: pair[0])[1] if unserved else None

    def _make_room(self) -> bool:
        if len(self.workers) + self._making.total() < self._size:
            return True
        resting = self._resting()
        if resting:
            self._drop(min(resting, key=lambda w: w.idle_since))
        return bool(resting)

    async def _make_for(self, key: Key, memory_bytes: int) -> None:
        try:
            worker = await self._make(key, memory_bytes)
        except Exception as error:  # noqa: BLE001 whoever waits gets it, whatever it is
            self._making[key] -= 1
            self._disappoint(key, error)
            self._serve()
        else:
            self._making[key] -= 1
            self._busy.add(worker)
            self.release(worker)

    def _disappoint(self, key: Key, error: Exception) -> None:
        """Tell the first who waits for this key that no worker can be made."""
        waiting = self._waiting.get(key)
        if not waiting:
            return
        waiter = waiting.popleft()
        if not waiting:
            del self._waiting[key]
        if not waiter.worker.done():
            waiter.worker.set_exception(error)

    def _forget(self, key: Key, waiter: _Waiter) -> None:
        """Somebody waits no more; a worker that was handed over already comes back."""
        waiting = self._waiting.get(key, deque())
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._waiting[key]
        elif waiter.worker.done() and not waiter.worker.cancelled() and waiter.worker.exception() is None:
            self.release(waiter.worker.result())

    def _starved_by(self, worker: Worker) -> bool:
        """Whether others wait too long while this worker's key would be served again and again."""
        key = self._next_to_make()
        if key is None or key == worker.key or self._resting():
            return False
        full = len(self.workers) + 1 + self._making.total() >= self._size
        return full and time.monotonic() - self._waiting[key][self._making[key]].since > _PATIENCE

    def _resting(self) -> list[Worker]:
        return [w for idle in self._idle.values() for w in idle]

    def _drop(self, worker: Worker) -> None:
        self._idle[worker.key].remove(worker)
        if not self._idle[worker.key]:
            del self._idle[worker.key]
        worker.kill()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._idle_seconds / 2))
            limit = time.monotonic() - self._idle_seconds
            for worker in self._resting():
                if worker.idle_since < limit:
                    self._drop(worker)


def _worn(worker: Worker) -> bool:
    """Whether a worker has served enough: leaks and the kernel's CPU bound never come into play."""
    return worker.served >= RECYCLE_AFTER or worker.cpu_seconds > _MOST_CPU_SECONDS
