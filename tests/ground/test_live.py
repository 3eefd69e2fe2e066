"""Listeners that leave at the very moment at which there is news for them."""

import asyncio

import pytest

from aei_marketplace.ground.live import Live, until_quiet


@pytest.mark.parametrize("turns", range(5))
async def test_a_listener_leaves_when_told_to_whatever_it_hears_meanwhile(turns: int) -> None:
    live, heard = Live(), []

    async def listen() -> None:
        with live.listen("topic") as queue:
            async for news in until_quiet(queue, 3600):
                heard.append(news)  # noqa: PERF401 each is heard when it comes

    listening = asyncio.create_task(listen())
    for _ in range(3):
        await asyncio.sleep(0)
    live.say("topic", "news")
    for _ in range(turns):
        await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait((listening,), timeout=5)
    assert listening.cancelled()
    assert heard in ([], ["news"])
    live.say("topic", "nobody hears this")
    assert heard in ([], ["news"])


async def test_a_quiet_listener_hears_none_and_then_what_is_said() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    news = until_quiet(queue, 0.001)
    assert await anext(news) is None
    queue.put_nowait("news")
    assert [n for n in (await anext(news), await anext(news)) if n is not None] == ["news"]
