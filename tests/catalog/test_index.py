"""The search index: kept up to date, and the same as one that is built anew."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import text

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.service import SearchIndex, search_index
from aei_marketplace.catalog.store.index.asking import Found, Reader
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.catalog.store.index.matching import Viewer
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant
from tests.publishing import publish_listed

ROWS = [
    "name\trank\tsummary",
    "requests\t1\tTalks to servers",
    "reqwests\t\tSomething else",
    "flask\t2\tServes pages",
]


async def found(index: SearchIndex, deps: Deps, actor: Actor = ANONYMOUS, **criteria: Any) -> list[str]:
    async with deps.works.begin(actor) as work:
        page = (await catalog.search_plugins(index, work, Criteria(**criteria), PageWanted())).page
    return [plugin.id.partition(".")[2] for plugin in page.items]


async def change(deps: Deps, statement: str) -> None:
    async with deps.works.system("tests.index") as work:
        await work.run(text(statement))


async def test_a_release_is_found_once_it_is_listed_and_not_when_it_is_yanked(
    deps: Deps, acme: Tenant
) -> None:
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert await found(index, deps, q="echo") == []
        await publish_listed(deps, acme.manager)
        assert await found(index, deps, q="echo") == ["echo"]
        async with deps.works.begin(acme.manager) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", catalog.ReleaseState.YANKED, "broken")
        assert await found(index, deps, q="echo") == []


async def test_a_plugin_that_becomes_private_is_lost_to_strangers_and_not_to_its_own(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert await found(index, deps, globex.viewer, q="echo") == ["echo"]
        await change(deps, "update plugins set visibility = 'private'")
        assert await found(index, deps, globex.viewer, q="echo") == []
        assert await found(index, deps, acme.viewer, q="echo") == ["echo"]
        assert await found(index, deps, globex.viewer) == []


async def test_a_change_that_commits_after_a_later_one_is_not_missed(deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.early"})
    await publish_listed(deps, acme.manager, {"id": "acme.late"})
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        async with deps.works.system("tests.slow") as slow:
            await slow.run(text("update plugins set installs = 50 where id = 'acme.early'"))
            await change(deps, "update plugins set installs = 9 where id = 'acme.late'")
            assert await found(index, deps, sort="installs") == ["late", "early"]
        assert await found(index, deps, sort="installs") == ["early", "late"]


async def test_an_index_that_followed_answers_as_one_that_is_new(deps: Deps, acme: Tenant) -> None:
    async with catalog.open_index(deps.works, fresh_seconds=0) as old:
        for name in ("one", "two", "three"):
            await publish_listed(
                deps, acme.manager, {"id": f"acme.{name}", "description": f"Does {name} things"}
            )
            await found(old, deps)
        await change(deps, "update plugins set installs = length(id)")
        await change(deps, "update plugins set description = 'Does other things' where id = 'acme.two'")
        async with catalog.open_index(deps.works, fresh_seconds=0) as new:
            for q in (None, "things", "other", "thre", "does two"):
                assert (q, await found(old, deps, q=q)) == (q, await found(new, deps, q=q))


async def test_a_slip_finds_what_was_meant_and_every_rank_can_be_explained(deps: Deps, acme: Tenant) -> None:
    tenant = acme.manager.in_tenant()
    assert await catalog.load_listings(deps.works, tenant, ROWS, 10, lambda _: None) == 3
    assert await catalog.load_listings(deps.works, tenant, ROWS, 10, lambda _: None) == 0
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert (await found(index, deps, q="requets"))[0] == "requests"
        assert (await found(index, deps, q="reqwests"))[0] == "reqwests"
        async with deps.works.begin(ANONYMOUS) as work:
            answer = await catalog.search_plugins(index, work, Criteria(q="servers"), PageWanted())
            begun = await catalog.suggest_plugins(index, work, "re", 5)
    parts = answer.parts["catalogue.requests"].shape()
    assert parts["text"] > 0
    assert parts["score"] == pytest.approx(sum(v for k, v in parts.items() if k != "score"), abs=0.01)
    assert [plugin.id for plugin in begun] == ["catalogue.requests", "catalogue.reqwests"]


async def test_who_slips_is_not_led_to_what_only_resembles_the_word(deps: Deps, acme: Tenant) -> None:
    rows = [ROWS[0], "mccabe\t1\tA plugin of flake8", "flask\t20\tServes pages", "ruff\t30\tLints code"]
    await catalog.load_listings(deps.works, acme.manager.in_tenant(), rows, 10, lambda _: None)
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert (await found(index, deps, q="flaks"))[0] == "flask"
        assert await found(index, deps, q="rff") == ["ruff"]


async def test_an_answer_is_remembered_for_who_sees_the_same_and_until_the_index_changes(
    deps: Deps, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Viewer] = []
    search = Reader.search

    def noted(reader: Reader, criteria: Criteria, viewer: Viewer, *rest: Any, **wish: Any) -> Found:
        looked.append(viewer)
        return search(reader, criteria, viewer, *rest, **wish)

    monkeypatch.setattr(Reader, "search", noted)
    await publish_listed(deps, acme.manager, visibility="private")
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert await found(index, deps, acme.viewer, q="echo") == ["echo"]
        assert await found(index, deps, acme.manager, q="echo") == ["echo"]
        assert await found(index, deps, globex.viewer, q="echo") == []
        assert await found(index, deps, q="echo") == []
        assert await found(index, deps, acme.viewer, q="echo") == ["echo"]
        assert [viewer.tenant for viewer in looked] == [acme.viewer.tenant, globex.viewer.tenant, None]
        await change(deps, "update plugins set visibility = 'public'")
        assert await found(index, deps, globex.viewer, q="echo") == ["echo"]
        await change(deps, "update plugins set visibility = 'private'")
        assert await found(index, deps, globex.viewer, q="echo") == []
    assert len(looked) == 5


async def test_no_more_answers_are_remembered_than_there_is_room_for(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "_MOST_KEPT", 2)
    async with catalog.open_index(deps.works) as index:
        for q in ("one", "two", "three", "two"):
            await found(index, deps, q=q)
        assert [asked[0].q for asked in index._kept] == ["three", "two"]


async def test_ranges_of_loaded_listings_are_filtered_for(deps: Deps, acme: Tenant) -> None:
    await catalog.load_listings(deps.works, acme.manager.in_tenant(), ROWS, 10, lambda _: None)
    async with catalog.open_index(deps.works) as index:
        everything = set(await found(index, deps))
        supporting = set(await found(index, deps, compatible_with="2.5.0"))
        assert await found(index, deps, compatible_with="0.1.0") == []
    assert supporting <= everything


@pytest.mark.parametrize(
    "typed", ["document", "documen", "documentat", "documentati", "writes documentati", "mapp", "Mappi"]
)
async def test_a_word_is_found_while_it_is_still_typed(deps: Deps, acme: Tenant, typed: str) -> None:
    rows = ["name\trank\tsummary", "scribe\t1\tWrites documentation and mapping tables", "other\t2\tElse"]
    await catalog.load_listings(deps.works, acme.manager.in_tenant(), rows, 10, lambda _: None)
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert await found(index, deps, q=typed) == ["scribe"]


@pytest.mark.parametrize("typed", ["doxxxxxxxx", "zzz", "–––", "of documentationism nobody"])
async def test_a_word_that_nothing_has_is_not_cut_down_to_another(
    deps: Deps, acme: Tenant, typed: str
) -> None:
    rows = ["name\trank\tsummary", "scribe\t1\tWrites documentation"]
    await catalog.load_listings(deps.works, acme.manager.in_tenant(), rows, 10, lambda _: None)
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        assert await found(index, deps, q=typed) == []


async def test_an_index_that_is_closed_while_it_is_filled_waits_for_what_fills_it(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, fill = threading.Event(), threading.Event(), Feeder.fill

    def slowly(feeder: Feeder, batch: Any) -> int:
        begun.set()
        assert go_on.wait(30)
        return fill(feeder, batch)

    monkeypatch.setattr(Feeder, "fill", slowly)
    index = SearchIndex(deps.works)
    index.open()
    assert await asyncio.to_thread(begun.wait, 30)
    closing = asyncio.create_task(index.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    go_on.set()
    await closing
