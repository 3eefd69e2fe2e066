"""Who gets which worker, and when: the pool with workers that do nothing."""

import asyncio
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
        self.idle_since, self.retired = 0.0, False

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
    monkeypatch.setattr(pools, "_PATIENCE", 0.01)
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


@pytest.mark.parametrize("wear", ["served", "cpu_seconds"])
async def test_a_worn_worker_is_replaced(wear: str) -> None:
    pool = Pool(4, 60, Maker())
    worker = await pool.acquire(key("a"), 1)
    setattr(worker, wear, 1_000_000)
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
