"""What the first page shows to whom, and that a change is seen by every process."""

import asyncio
from datetime import timedelta

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.collections import service
from aei_marketplace.collections.service import Content, Kind, Shelf, State
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.relay import relay
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_staff
from tests.collections.conftest import Clock, Curator, sections
from tests.publishing import publish_listed


async def plugins_seen(works: Works, shelf: Shelf, actor: Actor) -> list[str]:
    return [id for section in await sections(works, shelf, actor) for id in section.plugin_ids]


async def test_a_published_collection_is_a_section_in_its_own_order(
    curator: Curator, plugins: list[str], shelf: Shelf, works: Works, globex: Tenant
):
    order = list(reversed(plugins))
    await curator.make("Draft", plugins)
    made = await curator.publish("Work with text", order, description="Three plugins.")
    for actor in (ANONYMOUS, globex.viewer, curator.actor):
        [section] = await sections(works, shelf, actor)
        assert section.plugin_ids == tuple(order)
        assert (section.id, section.title, section.description) == (
            made.id,
            "Work with text",
            "Three plugins.",
        )
        assert section.href("acme.sort") == "/marketplace/c/work-with-text/acme.sort"


async def test_a_private_plugin_is_in_the_section_of_those_alone_who_see_it(
    deps: Deps, curator: Curator, plugins: list[str], shelf: Shelf, acme: Tenant, globex: Tenant
):
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    await curator.publish("Mixed", ["acme.secret", "acme.echo"])
    await curator.publish("Nothing for most", ["acme.secret"])
    assert await plugins_seen(deps.works, shelf, acme.viewer) == ["acme.secret", "acme.echo", "acme.secret"]
    for actor in (globex.admin, ANONYMOUS):
        [section] = await sections(deps.works, shelf, actor)
        assert section.plugin_ids == ("acme.echo",)


async def test_what_is_stopped_leaves_the_section_at_once_and_what_is_listed_again_returns(
    deps: Deps, curator: Curator, plugins: list[str], acme: Tenant
):
    operator, _ = await make_staff(deps.works)
    await curator.publish("Work", plugins)
    async with service.open_shelf(deps.works, Live()) as shelf:
        assert await plugins_seen(deps.works, shelf, ANONYMOUS) == plugins
        for state, seen in (
            (ReleaseState.QUARANTINED, plugins[1:]),
            (ReleaseState.LISTED, plugins),
            (ReleaseState.YANKED, plugins[1:]),
            (ReleaseState.BLOCKED, plugins[1:]),
            (ReleaseState.REMOVED, plugins[1:]),
        ):
            async with deps.works.begin(operator) as work:
                await catalog.change_state(work, plugins[0], "1.0.0", state, "as the test wants it")
            assert await plugins_seen(deps.works, shelf, ANONYMOUS) == seen, state


async def test_a_plugin_that_is_published_later_appears_then(
    deps: Deps, curator: Curator, acme: Tenant, shelf: Shelf
):
    async with deps.works.system("seed") as work:
        made = await service.create_collection(
            work, Content("Later", plugin_ids=("acme.later",)), Kind.CURATED, ahead=True
        )
    await curator.change(made, state=State.PUBLISHED)
    assert await sections(deps.works, shelf, ANONYMOUS) == ()
    await publish_listed(deps, acme.manager, {"id": "acme.later"})
    assert await plugins_seen(deps.works, shelf, ANONYMOUS) == ["acme.later"]


async def test_rotating_sections_follow_the_week_and_the_tenants_flag(
    clock: Clock, curator: Curator, plugins: list[str], shelf: Shelf, works: Works, acme: Tenant
):
    for slot, plugin_id in enumerate(plugins, 1):
        await curator.publish(f"Picks {slot}", [plugin_id], Kind.STAFF_PICKS, slot=slot)
    seen = []
    for _ in plugins:
        seen += await plugins_seen(works, shelf, acme.viewer)
        clock.advance(weeks=1)
    assert sorted(seen) == sorted(plugins)
    async with works.begin(curator.actor) as work:
        await service.switch_rotation(work, "staff-picks", 0)
    for _ in plugins:
        assert await plugins_seen(works, shelf, acme.viewer) == plugins[:1]
        clock.advance(weeks=1)


async def test_a_collection_appears_and_leaves_by_its_time_without_any_change(
    clock: Clock, curator: Curator, plugins: list[str], works: Works
):
    start = clock.now
    clock.advance(hours=-1)
    await curator.publish("Event", plugins, shown_from=start, shown_until=start + timedelta(days=365))
    async with service.open_shelf(works, Live()) as shelf:
        assert await sections(works, shelf, ANONYMOUS) == ()
        clock.advance(hours=1)
        assert len(await sections(works, shelf, ANONYMOUS)) == 1
        clock.advance(days=370)
        assert await sections(works, shelf, ANONYMOUS) == ()


async def test_what_is_published_is_read_once_and_again_after_news_or_half_a_minute(
    clock: Clock, curator: Curator, plugins: list[str], works: Works
):
    live = Live()
    async with service.open_shelf(works, live) as shelf:
        first = await shelf.standing()
        await curator.publish("Work", plugins)
        assert await shelf.standing() is first
        live.say("collections:now", "now")
        second = await shelf.standing()
        assert [c.content.title for c in second.collections] == ["Work"]
        assert await shelf.standing() is second
        clock.advance(seconds=31)
        assert await shelf.standing() is not second


async def test_a_change_by_one_process_reaches_the_shelf_of_another(
    deps: Deps, urls, curator: Curator, plugins: list[str]
):
    live = Live()
    async with service.open_shelf(deps.works, live) as shelf:
        relaying = asyncio.create_task(relay(urls.app, live, {"aei_collections": service.NEWS_TOPIC}))
        try:
            with live.listen("collections:now") as heard:
                await _until_relayed(deps.works, heard)
                assert await sections(deps.works, shelf, ANONYMOUS) == ()
                while not heard.empty():
                    heard.get_nowait()
                await curator.publish("Work", plugins)
                await asyncio.wait_for(heard.get(), 30)
            assert len(await sections(deps.works, shelf, ANONYMOUS)) == 1
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)


async def _until_relayed(works: Works, heard: "asyncio.Queue[str]") -> None:
    """Until the relay is connected: a word said before that is lost."""
    from aei_marketplace.collections.store.collections import announce

    async with asyncio.timeout(30):
        while heard.empty():
            async with works.system("tests") as work:
                await announce(work)
            await asyncio.sleep(0.05)
