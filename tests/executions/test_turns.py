"""Whose execution a process works on next."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.executions.service.turns import ALONE, AMONG_OTHERS, Turns

LOUD, QUIET = UUID(int=1), UUID(int=2)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Held:
    """Turns that tests hold as long as they like."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.inside: Counter[UUID] = Counter()
        self.most: Counter[UUID] = Counter()
        self.order: list[UUID] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.leave = asyncio.Event()

    def ask(self, tenant: UUID) -> "asyncio.Task[None]":
        self.tasks.append(asyncio.create_task(self._one(tenant)))
        return self.tasks[-1]

    async def _one(self, tenant: UUID) -> None:
        async with self.turns.turn(tenant):
            self.order.append(tenant)
            self.inside[tenant] += 1
            self.most[tenant] = max(self.most[tenant], self.inside[tenant])
            await self.leave.wait()
            self.inside[tenant] -= 1

    async def end(self) -> None:
        self.leave.set()
        await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), 10)
        assert not any((self.turns._taken, self.turns._waiting))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_tenant_that_is_alone_has_more_turns_than_one_among_others() -> None:
    held = Held()
    for _ in range(20):
        held.ask(LOUD)
    await settle()
    assert held.inside[LOUD] == ALONE
    held.ask(QUIET)
    await settle()
    assert held.inside[QUIET] == 1
    await held.end()
    assert len(held.order) == 21


async def test_once_others_want_turns_a_flood_gets_no_further_ones_until_its_own_ended() -> None:
    held = Held()
    held.ask(QUIET)
    for _ in range(20):
        held.ask(LOUD)
    await settle()
    assert held.inside[LOUD] == AMONG_OTHERS
    await held.end()
    assert held.most[LOUD] == AMONG_OTHERS


async def test_a_tenant_that_went_quiet_bounds_nobody_any_more() -> None:
    held = Held()
    held.ask(QUIET)
    await settle()
    held.clock.now += 10
    for _ in range(20):
        held.ask(LOUD)
    await settle()
    assert held.inside[LOUD] == ALONE
    await held.end()


async def test_whoever_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    held = Held()
    tasks = [held.ask(LOUD) for _ in range(ALONE + 3)]
    await settle()
    tasks[ALONE].cancel()
    held.leave.set()
    await settle()
    with pytest.raises(asyncio.CancelledError):
        await tasks[ALONE]
    await held.end()
    assert len(held.order) == ALONE + 2


async def test_a_turn_given_to_one_who_is_just_leaving_comes_back() -> None:
    turns = Turns()
    release = asyncio.Event()

    async def hold(until: asyncio.Event) -> None:
        async with turns.turn(LOUD):
            await until.wait()

    holders = [asyncio.create_task(hold(release)) for _ in range(ALONE)]
    waiter = asyncio.create_task(hold(release))
    await settle()
    holders[0].cancel()  # its turn goes to the waiter …
    await asyncio.sleep(0)
    waiter.cancel()  # … who leaves before it notices
    release.set()
    await asyncio.wait_for(asyncio.gather(*holders, waiter, return_exceptions=True), 5)
    assert not turns._taken
    async with asyncio.timeout(5), turns.turn(LOUD):
        pass


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
async def test_everybody_has_a_turn_in_the_end_and_nothing_is_left(wishes: list[tuple[int, bool]]) -> None:
    turns, had = Turns(), 0

    async def one(tenant: int, leaves: bool) -> None:
        nonlocal had
        async with turns.turn(UUID(int=tenant)):
            had += 1
            await asyncio.sleep(0)
            if leaves:
                raise KeyError

    tasks = [one(*wish) for wish in wishes]
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert had == len(wishes)
    assert not any((turns._taken, turns._waiting))
