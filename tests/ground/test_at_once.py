"""Turns within a process."""

import asyncio

import pytest
import uvloop

from aei_marketplace.ground.at_once import AtOnce


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_no_more_are_within_than_may_be_in_one_loop_after_the_other(new_loop) -> None:
    turns, within, most = AtOnce(2), 0, 0

    async def enter() -> None:
        nonlocal within, most
        async with turns:
            within += 1
            most = max(most, within)
            await asyncio.sleep(0)
            within -= 1

    async def crowd() -> None:
        await asyncio.gather(*(enter() for _ in range(9)))

    for _ in range(3):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(crowd())
    assert (within, most) == (0, 2)
