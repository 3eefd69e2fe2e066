"""Counting in memory and writing down."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.collections import jobs, service
from aei_marketplace.collections.service import ClickCounter, Clicks, Shelf
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from tests.builders import Tenant
from tests.collections.conftest import BROWSER, Clock, Curator, sections

READER = {name.lower(): value for name, value in BROWSER.items()}


async def counted(curator: Curator, collection: service.Collection) -> service.ClickThrough:
    async with curator.works.begin(curator.actor) as work:
        return await service.read_click_through(work, collection.id)


async def test_what_was_counted_is_written_down_at_once_by_every_process(
    clock: Clock, curator: Curator, plugins: list[str], shelf: Shelf, works: Works, acme: Tenant
):
    made = await curator.publish("Work", plugins)
    shown = await sections(works, shelf, acme.viewer)
    processes = [ClickCounter(works, shelf) for _ in range(3)]
    for counter in processes:
        for _ in range(10):
            counter.note_shown(shown, acme.viewer, READER)
        await counter.note_click("work", "acme.echo", ANONYMOUS, READER)
    await asyncio.gather(*(counter.write_down() for counter in processes))
    found = await counted(curator, made)
    assert found.plugins["acme.echo"] == Clicks(30, 3)
    assert found.total == Clicks(90, 3)
    assert found.plugins["acme.echo"].rate == pytest.approx(0.1)
    for counter in processes:
        await counter.write_down()
    assert (await counted(curator, made)).total == Clicks(90, 3)


async def test_robots_pages_loaded_ahead_and_staff_do_not_count(
    curator: Curator, plugins: list[str], shelf: Shelf, works: Works, urls: DatabaseUrls
):
    await curator.publish("Work", plugins)
    shown, counter = await sections(works, shelf, ANONYMOUS), ClickCounter(works, shelf)
    for actor, headers in (
        (ANONYMOUS, {}),
        (ANONYMOUS, {**READER, "sec-purpose": "prefetch"}),
        (curator.actor, READER),
    ):
        counter.note_shown(shown, actor, headers)
        await counter.note_click("work", "acme.echo", actor, headers)
    await counter.write_down()
    connection = await asyncpg.connect(urls.system)
    try:
        assert await connection.fetchval("select count(*) from collection_clicks") == 0
    finally:
        await connection.close()


async def test_counts_stand_by_day_and_old_ones_are_forgotten(
    clock: Clock, deps: Deps, curator: Curator, plugins: list[str], shelf: Shelf, works: Works
):
    made = await curator.publish("Work", plugins)
    counter = ClickCounter(works, shelf)
    for _ in range(3):
        await counter.note_click("work", "acme.echo", ANONYMOUS, READER)
        clock.advance(days=1)
    clock.now -= timedelta(days=1)
    await counter.write_down()
    found = await counted(curator, made)
    assert [day.clicks for day in found.days[-4:]] == [0, 1, 1, 1]
    await jobs.forget_old_counts(deps)
    assert (await counted(curator, made)).total.clicks == 3
    clock.advance(days=400)
    await jobs.forget_old_counts(deps)
    clock.advance(days=-400)
    assert [day.clicks for day in (await counted(curator, made)).days[-4:]] == [0, 0, 0, 1]


async def test_a_counter_that_closes_writes_down_what_it_holds(
    curator: Curator, plugins: list[str], shelf: Shelf, works: Works
):
    made = await curator.publish("Work", plugins)
    async with service.open_counter(works, shelf) as counter:
        await counter.note_click("work", "acme.echo", ANONYMOUS, READER)
    assert (await counted(curator, made)).total.clicks == 1
