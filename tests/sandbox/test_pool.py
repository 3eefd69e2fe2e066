"""Who gets which worker, and when: the pool with workers that do nothing."""

import asyncio
import time
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_sandbox import pool as pools
from aei_sandbox.pool import Busy, Pool
from aei_sandbox.worker import Key, State, Worker


class IdleWorker:
    """Has a worker's outside only."""

    def __init__(self, key: Key, memory_bytes: int) -> None:
        self.key, self.memory_bytes = key, memory_bytes
        self.state, self.served, self.cpu_seconds = State.IDLE, 0, 0.0
        self.idle_since, self.retired, self.grown_bytes = 0.0, False, 0

    def kill(self) -> None:
        self.state = State.DEAD


class Maker:
    """Counts the living, so that a pool that makes too many is seen."""

    def __init__(self) -> None:
        self.made: list[IdleWorker] = []
        self.error: Exception | None = None
        self.most = 0

    async def __call__(self, key: Key, memory_bytes: int) -> Worker:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.made.append(IdleWorker(key, memory_bytes))
        self.most = max(self.most, sum(w.state is not State.DEAD for w in self.made))
        return cast(Worker, self.made[-1])


def key(name: str) -> Key:
    return Key(name, "c", ())


async def test_a_worker_is_used_again_by_its_key_alone() -> None:
    maker = Maker()
    pool = Pool(4, 60, maker)
    first = await pool.acquire(key("a"), 1)
    pool.release(first)
    assert await pool.acquire(key("a"), 1) is first
    assert await pool.acquire(key("b"), 1) is not first
    assert await pool.acquire(Key("a", "c", ("log",)), 1) is not first
    pool.close()


async def test_the_longest_idle_worker_makes_room_for_another_key() -> None:
    maker = Maker()
    pool = Pool(2, 60, maker)
    workers = [await pool.acquire(key(name), 1) for name in "ab"]
    for worker in workers:
        pool.release(worker)
    await pool.acquire(key("c"), 1)
    assert [w.state for w in maker.made] == [State.DEAD, State.IDLE, State.IDLE]
    pool.close()


async def test_spare_workers_rest_beyond_the_places_and_the_longest_idle_one_makes_room() -> None:
    maker = Maker()
    pool = Pool(1, 60, maker, spare=1)
    for name in "abab":
        pool.release(await pool.acquire(key(name), 1))
    assert len(maker.made) == 2
    pool.release(await pool.acquire(key("c"), 1))
    assert [w.state for w in maker.made] == [State.DEAD, State.IDLE, State.IDLE]
    pool.close()


async def test_a_resting_worker_runs_only_where_a_place_is_free() -> None:
    pool = Pool(1, 60, Maker(), spare=4)
    pool.release(await pool.acquire(key("a"), 1))
    held = await pool.acquire(key("b"), 1)
    waiting = asyncio.create_task(pool.acquire(key("a"), 1))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    pool.release(held)
    assert (await waiting).key == key("a")
    pool.close()


async def test_waiting_is_in_order_of_arrival() -> None:
    pool = Pool(1, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    served: list[int] = []

    async def one(number: int) -> None:
        mine = await pool.acquire(key("a"), 1)
        served.append(number)
        await asyncio.sleep(0)
        pool.release(mine)

    waiting = [asyncio.create_task(one(n)) for n in range(10)]
    await asyncio.sleep(0)
    pool.release(worker)
    await asyncio.gather(*waiting)
    assert served == list(range(10))
    pool.close()


async def test_a_key_that_never_rests_does_not_starve_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_QUANTUM", 0.01)
    pool = Pool(1, 60, Maker())
    stop = False

    async def busy() -> None:
        while not stop:
            worker = await pool.acquire(key("loud"), 1)
            await asyncio.sleep(0.001)
            pool.release(worker)

    loud = [asyncio.create_task(busy()) for _ in range(3)]
    await asyncio.sleep(0.05)
    quiet = await asyncio.wait_for(pool.acquire(key("quiet"), 1), 10)
    assert quiet.key == key("quiet")
    stop = True
    pool.release(quiet)
    await asyncio.gather(*loud)
    pool.close()


async def test_a_worker_with_too_little_memory_is_not_given() -> None:
    maker = Maker()
    pool = Pool(4, 60, maker)
    small = await pool.acquire(key("a"), 10)
    pool.release(small)
    large = await pool.acquire(key("a"), 20)
    assert large.memory_bytes >= 20
    assert small.state is State.DEAD
    pool.close()


@pytest.mark.parametrize("wear", ["served", "cpu_seconds", "grown_bytes"])
async def test_a_worn_worker_is_replaced(wear: str) -> None:
    pool = Pool(4, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    setattr(worker, wear, 1 << 30)
    pool.release(worker)
    assert worker.state is State.DEAD
    assert await pool.acquire(key("a"), 1) is not worker
    pool.close()


async def test_a_retired_component_loses_its_idle_workers_now_and_its_busy_ones_later() -> None:
    pool = Pool(4, 60, Maker())
    idle, busy, other = [
        await pool.acquire(Key(t, c, ()), 1) for t, c in (("a", "c"), ("b", "c"), ("a", "d"))
    ]
    pool.release(idle)
    pool.release(other)
    pool.retire("c", None)
    assert (idle.state, busy.state, other.state) == (State.DEAD, State.IDLE, State.IDLE)
    pool.release(busy)
    assert busy.state is State.DEAD
    pool.close()


async def test_whoever_gives_up_waiting_leaves_no_trace() -> None:
    pool = Pool(1, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    waiting = asyncio.create_task(pool.acquire(key("a"), 1))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert pool.waiting == 0
    pool.release(worker)
    assert await asyncio.wait_for(pool.acquire(key("a"), 1), 5) is worker
    pool.close()


async def test_a_worker_handed_over_to_one_who_just_left_comes_back() -> None:
    pool = Pool(1, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    waiting = asyncio.create_task(pool.acquire(key("a"), 1))
    await asyncio.sleep(0)
    pool.release(worker)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.wait_for(pool.acquire(key("a"), 1), 5) is worker
    pool.close()


async def test_a_worker_that_cannot_be_made_is_an_error_for_one_and_the_pool_goes_on() -> None:
    maker = Maker()
    pool = Pool(2, 60, maker)
    maker.error = OSError("no memory")
    with pytest.raises(OSError, match="no memory"):
        await pool.acquire(key("a"), 1)
    maker.error = None
    await asyncio.wait_for(pool.acquire(key("a"), 1), 5)
    pool.close()


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MOST_WAITING", 2)
    pool = Pool(1, 60, Maker())
    await pool.acquire(key("a"), 1)
    waiting = [asyncio.create_task(pool.acquire(key("a"), 1)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await pool.acquire(key("b"), 1)
    pool.close()
    assert all(isinstance(e, Busy) for e in await asyncio.gather(*waiting, return_exceptions=True))


async def test_the_queue_of_one_tenant_is_bounded_and_leaves_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "MOST_WAITING_OF_A_TENANT", 2)
    pool = Pool(1, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    waiting = [asyncio.create_task(pool.acquire(key("a"), 1)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await pool.acquire(key("a"), 1)
    other = asyncio.create_task(pool.acquire(key("b"), 1))
    await asyncio.sleep(0)
    pool.release(worker)
    for _ in range(2):
        pool.release(await waiting.pop(0))
    assert (await other).key == key("b")
    pool.close()


async def test_one_tenant_never_occupies_every_worker() -> None:
    maker = Maker()
    pool = Pool(4, 60, maker)
    flood = [asyncio.create_task(pool.acquire(key("loud"), 1)) for _ in range(20)]
    await asyncio.wait(flood, timeout=0.1)
    assert sum(task.done() for task in flood) == 3
    quiet = await asyncio.wait_for(pool.acquire(key("quiet"), 1), 5)
    assert quiet.key == key("quiet")
    pool.close()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_a_tenant_s_own_bound_is_kept() -> None:
    pool = Pool(8, 60, Maker())
    tasks = [asyncio.create_task(pool.acquire(key("a"), 1, 2)) for _ in range(5)]
    await asyncio.wait(tasks, timeout=0.1)
    assert sum(task.done() for task in tasks) == 2
    pool.close()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_tenant_that_has_nothing_running_goes_before_one_that_has() -> None:
    pool = Pool(3, 60, Maker())
    held = [await pool.acquire(key("loud"), 1) for _ in range(2)]
    third = await pool.acquire(key("other"), 1)
    loud = [asyncio.create_task(pool.acquire(key("loud"), 1)) for _ in range(10)]
    await asyncio.sleep(0)
    quiet = asyncio.create_task(pool.acquire(key("quiet"), 1))
    await asyncio.sleep(0)
    pool.release(held.pop())
    assert (await asyncio.wait_for(quiet, 5)).key == key("quiet")
    assert not any(task.done() for task in loud)
    assert third.state is State.IDLE
    pool.close()
    await asyncio.gather(*loud, return_exceptions=True)


async def test_two_tenants_that_never_rest_share_three_workers_evenly_and_seldom_change_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "_QUANTUM", 0.02)
    maker = Maker()
    pool = Pool(3, 60, maker)
    had = {"a": 0.0, "b": 0.0}
    stop = time.monotonic() + 1.5

    async def flood(name: str) -> None:
        while time.monotonic() < stop:
            worker = await pool.acquire(key(name), 1)
            began = time.monotonic()
            await asyncio.sleep(0.001 if name == "a" else 0.004)
            had[name] += time.monotonic() - began
            pool.release(worker)

    await asyncio.wait_for(asyncio.gather(*(flood(n) for n in "aaaabbbb")), 20)
    assert 0.6 < had["a"] / had["b"] < 1.6
    assert len(maker.made) < 150
    pool.close()


async def test_a_tenant_s_warm_worker_is_not_taken_for_one_that_has_its_own() -> None:
    pool = Pool(2, 60, Maker())
    mine = await pool.acquire(key("quiet"), 1)
    pool.release(mine)
    await pool.acquire(key("a"), 1)
    more = asyncio.create_task(pool.acquire(Key("a", "other", ()), 1))
    await asyncio.sleep(0.05)
    assert await pool.acquire(key("quiet"), 1) is mine
    pool.close()
    await asyncio.gather(more, return_exceptions=True)


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3), st.booleans()), max_size=60),
    st.integers(1, 4),
)
async def test_everybody_is_served_and_the_size_is_never_exceeded(
    wishes: list[tuple[str, int, bool]], size: int
) -> None:
    maker = Maker()
    pool = Pool(size, 60, maker)

    async def one(name: str, memory: int, dies: bool) -> None:
        worker = await pool.acquire(key(name), memory)
        assert worker.key == key(name)
        assert worker.memory_bytes >= memory
        await asyncio.sleep(0)
        if dies:
            worker.kill()
        pool.release(worker)

    await asyncio.wait_for(asyncio.gather(*(one(*wish) for wish in wishes)), 20)
    assert maker.most <= size
    assert pool.waiting == 0
    pool.close()
