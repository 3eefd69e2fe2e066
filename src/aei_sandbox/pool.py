"""Who runs next, and on which worker: workers bound to their key, handed over, made and retired here."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from aei_sandbox.resting import Resting
from aei_sandbox.shares import Shares
from aei_sandbox.waiting import Queue, Waiter
from aei_sandbox.worker import Key, State, Worker

MOST_WAITING, MOST_WAITING_OF_A_TENANT = 2_000, 500
RECYCLE_AFTER = 1_000
#: What a worker may keep of memory beyond what it had at its first rest.
MOST_GROWTH_BYTES = 64 << 20
#: Half of what the kernel lets a worker use in its life.
_MOST_CPU_SECONDS = 1_800.0
#: A worker costs a fork when it changes hands: it does so only for a tenant that is this many seconds of
#: worker time behind, and for another component of the same tenant that waits this long.
_QUANTUM = 0.1
#: A tenant's only worker is not taken for tenants that have one, until it has rested this many seconds.
_KEPT_SECONDS = 1.0


class Busy(Exception):
    """More executions wait than are let wait."""


def default_spare() -> int:
    """One worker for each 256 MiB of the machine's memory, at most 32: they rest at 9 to 25 MB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(32, memory >> 28)


def default_size() -> int:
    """Twice the cores that may be used, at least 4: a guest that waits in a host call needs no core."""
    return max(4, 2 * len(os.sched_getaffinity(0)))


class Pool:
    """At most `size` workers run over all keys; one tenant occupies at most all but one of these places.

    Args:
        size: most workers running or being made.
        idle_seconds: after which a worker that serves nobody is retired.
        make: starts a worker for a key with a memory bound; raises what `Worker.start` raises.
        spare: how many further workers may rest: they cost memory only, and spare their keys a start.
    """

    def __init__(
        self,
        size: int,
        idle_seconds: float,
        make: Callable[[Key, int], Awaitable[Worker]],
        spare: int = 0,
    ) -> None:
        self._size = size
        self._most_alive = size + spare
        self._idle_seconds = idle_seconds
        self._make = make
        self._shares = Shares(max(1, size - 1))
        self._queue = Queue(self._shares)
        self._resting = Resting()
        self._busy: set[Worker] = set()
        self._beside: set[Worker] = set()
        self._making: Counter[Key] = Counter()
        self._makers: set[asyncio.Task[None]] = set()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    @property
    def workers(self) -> list[Worker]:
        """Those alive."""
        return [*self._busy, *self._resting]

    @property
    def waiting(self) -> int:
        """How many executions wait for a worker."""
        return len(self._queue)

    async def acquire(self, key: Key, memory_bytes: int, concurrency: int | None = None) -> Worker:
        """A worker for this key that may use this much memory.

        Who occupies fewest workers is served first, then who was served least; a tenant's own
        executions in order of arrival.

        Args:
            concurrency: most workers that the tenant wants to occupy at once.

        Raises:
            Busy: too many wait already.
        """
        if self.waiting >= MOST_WAITING or self._shares.waiting(key.tenant) >= MOST_WAITING_OF_A_TENANT:
            raise Busy("too many executions are waiting: try again shortly")
        waiter = Waiter(key, memory_bytes)
        self._queue.join(waiter, concurrency)
        self._serve()
        try:
            return await waiter.worker
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    async def acquire_beside(self, key: Key, memory_bytes: int) -> Worker:
        """A worker at once, for an execution that another one waits for.

        It stands in the waiting one's place: counted neither against the size nor as its tenant's, so
        that it never waits for a place that only its own end would free. Each execution waits for at
        most one other, so there are never more of these than calls may be nested for each place.
        """
        worker = self._resting.take(key, memory_bytes) or await self._make(key, memory_bytes)
        self._busy.add(worker)
        self._beside.add(worker)
        return worker

    def release(self, worker: Worker) -> None:
        """Take back a worker after its execution, or after its death."""
        self._busy.discard(worker)
        if worker in self._beside:
            self._release_beside(worker)
            return
        self._shares.end(worker.key.tenant)
        if not _may_serve_again(worker):
            worker.kill()
        elif not self._pass_on(worker):
            self._resting.add(worker)
        self._serve()

    def lost(self, worker: Worker) -> None:
        """A worker died; whoever runs on it hears of it elsewhere."""
        if worker in self._resting:
            self._resting.end(worker)
        self._serve()

    def occupied_by(self, tenant: str) -> int:
        """How many workers a tenant occupies right now."""
        return self._shares.active(tenant)

    def retire(self, component: str, tenant: str | None) -> None:
        """End the idle workers of a component; busy ones end with their execution."""
        for worker in self.workers:
            if worker.key.component == component and tenant in (None, worker.key.tenant):
                worker.retired = True
                if worker not in self._busy:
                    self._resting.end(worker)

    def close(self) -> None:
        """End every worker; whoever waits is told."""
        self._sweeper.cancel()
        self._queue.disappoint(Busy("the sandbox host is stopping: try again shortly"))
        for maker in self._makers:
            maker.cancel()
        for worker in self.workers:
            worker.kill()

    def _serve(self) -> None:
        """Give idle workers to those who wait, and make workers while there is room."""
        while any(self._serve_one(waiter) for waiter in self._queue.lacking(self._making)):
            pass

    def _serve_one(self, waiter: Waiter) -> bool:
        if self._taken >= self._size:
            return False
        worker = self._resting.take(waiter.key, waiter.memory_bytes)
        if worker is not None:
            self._hand_over(worker, waiter)
            return True
        if self._make_room(waiter.key.tenant):
            self._start_making(waiter.key)
            return True
        return False

    def _hand_over(self, worker: Worker, waiter: Waiter) -> None:
        self._queue.leave(waiter)
        self._shares.begin(worker.key.tenant)
        self._busy.add(worker)
        if waiter.worker.done():  # whoever waited has just gone
            self.release(worker)
        else:
            waiter.worker.set_result(worker)

    def _pass_on(self, worker: Worker) -> bool:
        """Give a worker to the next of its own key, unless others come first."""
        key = worker.key
        mine = self._queue.first(key)
        if mine is None or mine.memory_bytes > worker.memory_bytes or not self._shares.may_begin(key.tenant):
            return False
        if any(self._comes_before(other, key) for other in self._queue.lacking(self._making)):
            return False
        self._hand_over(worker, mine)
        return True

    def _comes_before(self, other: Waiter, key: Key) -> bool:
        if other.key == key:
            return False
        if other.key.tenant == key.tenant:
            return time.monotonic() - other.since > _QUANTUM
        workers, served = self._shares.rank(other.key.tenant)
        return (workers, served + _QUANTUM) < self._shares.rank(key.tenant)

    def _release_beside(self, worker: Worker) -> None:
        self._beside.discard(worker)
        if not _may_serve_again(worker):
            worker.kill()
            return
        self._resting.add(worker)
        if self._alive > self._most_alive:
            self._resting.end(min(self._resting, key=lambda w: w.idle_since))
        self._serve()

    @property
    def _taken(self) -> int:
        """Places that are taken."""
        return len(self._busy) - len(self._beside) + self._making.total()

    @property
    def _alive(self) -> int:
        """Workers in places, on their way to one, or resting."""
        return self._taken + len(self._resting)

    def _make_room(self, tenant: str) -> bool:
        if self._alive < self._most_alive:
            return True
        resting = [w for w in self._resting if not self._is_kept(w, tenant)]
        if resting:
            self._resting.end(min(resting, key=lambda w: w.idle_since))
        return bool(resting)

    def _is_kept(self, worker: Worker, tenant: str) -> bool:
        """Whether a worker rests too shortly to be taken from its tenant for one that has others."""
        owner = worker.key.tenant
        return (
            owner != tenant
            and self._shares.active(tenant) > 0
            and self._shares.active(owner) == 0
            and time.monotonic() - worker.idle_since < _KEPT_SECONDS
            and sum(w.key.tenant == owner for w in self._resting) == 1
        )

    def _start_making(self, key: Key) -> None:
        memory_bytes = self._queue.most_memory(key)
        self._making[key] += 1
        self._shares.begin(key.tenant)
        maker = asyncio.get_running_loop().create_task(self._make_for(key, memory_bytes))
        self._makers.add(maker)
        maker.add_done_callback(self._makers.discard)

    async def _make_for(self, key: Key, memory_bytes: int) -> None:
        try:
            worker = await self._make(key, memory_bytes)
        except Exception as error:  # noqa: BLE001 whoever waits gets it, whatever it is
            self._unmake(key)
            self._shares.end(key.tenant)
            self._disappoint(key, error)
            self._serve()
        else:
            self._unmake(key)
            self.release(worker)

    def _unmake(self, key: Key) -> None:
        self._making[key] -= 1
        if not self._making[key]:
            del self._making[key]

    def _disappoint(self, key: Key, error: Exception) -> None:
        """Tell the first who waits for this key that no worker can be made."""
        waiter = self._queue.first(key)
        if waiter is not None:
            self._queue.leave(waiter)
            waiter.disappoint(error)

    def _give_up(self, waiter: Waiter) -> None:
        """Somebody waits no more; a worker that was handed over already comes back."""
        if waiter in self._queue:
            self._queue.leave(waiter)
        elif waiter.worker.done() and not waiter.worker.cancelled() and waiter.worker.exception() is None:
            self.release(waiter.worker.result())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._idle_seconds / 2))
            limit = time.monotonic() - self._idle_seconds
            for worker in self._resting:
                if worker.idle_since < limit:
                    self._resting.end(worker)
            self._serve()


def _may_serve_again(worker: Worker) -> bool:
    return worker.state is State.IDLE and not worker.retired and not _worn(worker)


def _worn(worker: Worker) -> bool:
    """Whether a worker has served enough: leaks and the kernel's CPU bound never come into play."""
    return (
        worker.served >= RECYCLE_AFTER
        or worker.cpu_seconds > _MOST_CPU_SECONDS
        or worker.grown_bytes > MOST_GROWTH_BYTES
    )
