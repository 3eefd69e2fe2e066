"""What curators can do with collections, and what stands in the log of it."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.collections import service
from aei_marketplace.collections.errors import (
    CollectionConflict,
    CollectionStale,
    CollectionUnfit,
    NoSuchCollection,
    RotationStale,
    TooManyCollections,
)
from aei_marketplace.collections.rules.content import MOST_COLLECTIONS, STAFF_PICKS_ROTATION
from aei_marketplace.collections.service import Content, Kind, State
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_staff
from tests.collections.conftest import Curator
from tests.publishing import publish_listed

ALL = frozenset(State)


async def rows(urls: DatabaseUrls, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Asked by a named job, which sees everything."""
    connection = await asyncpg.connect(urls.system)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


async def entries(urls: DatabaseUrls) -> list[str]:
    """What the log says happened to collections and rotations, in order."""
    found = await rows(
        urls,
        "select action from audit_entries where resource_type in ('collection', 'rotation') order by at, id",
    )
    return [row["action"] for row in found]


async def page_order(curator: Curator) -> list[str]:
    async with curator.works.begin(curator.actor) as work:
        found = await service.list_collections(work, frozenset({State.DRAFT, State.PUBLISHED}), PageWanted())
    return [collection.content.title for collection in found.items]


async def undo(curator: Curator, collection: service.Collection) -> service.Collection:
    async with curator.works.begin(curator.actor) as work:
        return await service.undo_change(work, collection.id)


async def test_each_step_of_a_collections_life_is_an_entry(
    curator: Curator, plugins: list[str], urls: DatabaseUrls
):
    draft = await curator.make("Work with text", plugins[:2])
    assert (draft.slug, draft.version, draft.content.state) == ("work-with-text", 1, State.DRAFT)
    changed = await curator.change(draft, plugin_ids=tuple(reversed(plugins)))
    published = await curator.change(changed, state=State.PUBLISHED)
    archived = await curator.change(published, state=State.ARCHIVED)
    assert archived.version == 4
    assert archived.content.plugin_ids == tuple(reversed(plugins))
    expected = ["collection.create", "collection.change", "collection.publish", "collection.archive"]
    assert await entries(urls) == expected


async def test_a_change_that_changes_nothing_leaves_no_trace(
    curator: Curator, plugins: list[str], urls: DatabaseUrls
):
    draft = await curator.make("Work", plugins)
    assert await curator.change(draft, title="Work") == draft
    assert await entries(urls) == ["collection.create"]


async def test_undo_brings_back_what_was_and_undoing_that_restores_the_change(
    curator: Curator, plugins: list[str], urls: DatabaseUrls
):
    draft = await curator.make("Work", plugins)
    with pytest.raises(CollectionConflict):
        await undo(curator, draft)
    published = await curator.change(draft, state=State.PUBLISHED)
    archived = await curator.change(published, state=State.ARCHIVED)
    back = await undo(curator, archived)
    assert back.content == published.content
    assert back.version == 4
    assert (await undo(curator, back)).content == archived.content
    assert (await entries(urls))[-2:] == ["collection.publish", "collection.archive"]


async def test_of_two_changes_of_the_same_revision_one_is_refused(curator: Curator, plugins: list[str]):
    draft = await curator.make("Work", plugins)
    results = await asyncio.gather(
        *(curator.change(draft, title=f"Title {n}", if_match=draft.etag) for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, CollectionStale) for result in results) == 3
    [kept] = [result for result in results if isinstance(result, service.Collection)]
    async with curator.works.begin(curator.actor) as work:
        assert await service.find_collection(work, draft.id) == kept
        with pytest.raises(CollectionStale):
            await service.undo_change(work, draft.id, draft.etag)


async def test_collections_made_at_once_get_addresses_and_places_of_their_own(curator: Curator):
    made = await asyncio.gather(*(curator.make("Same title") for _ in range(4)))
    assert sorted(c.slug for c in made) == ["same-title", "same-title-2", "same-title-3", "same-title-4"]
    assert len({c.position for c in made}) == 4


async def test_unknown_plugins_are_refused_and_those_that_stood_there_before_stay(
    curator: Curator, plugins: list[str], works: Works
):
    with pytest.raises(CollectionUnfit) as refused:
        await curator.make("Work", ["acme.echo", "acme.nowhere"])
    assert [fault.pointer for fault in refused.value.faults] == ["/plugins/1"]
    async with works.system("seed") as work:
        ahead = await service.create_collection(
            work, Content("Later", plugin_ids=("studio.later",)), Kind.CURATED, ahead=True
        )
    kept = await curator.change(ahead, plugin_ids=("studio.later", "acme.echo"))
    assert kept.content.plugin_ids == ("studio.later", "acme.echo")
    with pytest.raises(CollectionUnfit):
        await curator.change(kept, plugin_ids=("studio.later", "acme.echo", "studio.never"))


async def test_there_are_never_more_collections_than_may_be(curator: Curator, plugins: list[str]):
    async with curator.works.begin(curator.actor) as work:
        for number in range(MOST_COLLECTIONS):
            last = await service.create_collection(work, Content(f"Number {number}"), Kind.CURATED)
    with pytest.raises(TooManyCollections):
        await curator.make("One more")
    archived = await curator.change(last, state=State.ARCHIVED)
    await curator.make("One more")
    with pytest.raises(TooManyCollections):
        await curator.change(archived, state=State.DRAFT)
    with pytest.raises(TooManyCollections):
        await undo(curator, archived)


async def test_a_collection_moves_up_and_down_the_page(curator: Curator):
    made = [await curator.make(title) for title in ("a", "b", "c")]
    async with curator.works.begin(curator.actor) as work:
        await service.move_collection(work, made[2].id, -2)
    assert await page_order(curator) == ["c", "a", "b"]
    async with curator.works.begin(curator.actor) as work:
        await service.move_collection(work, made[2].id, -1)
        await service.move_collection(work, made[0].id, 1)
    assert await page_order(curator) == ["c", "b", "a"]
    archived = await curator.change(made[1], state=State.ARCHIVED)
    with pytest.raises(CollectionConflict):
        async with curator.works.begin(curator.actor) as work:
            await service.move_collection(work, archived.id, 1)


async def test_moving_on_the_page_makes_no_revision(curator: Curator):
    first, _ = await curator.make("a"), await curator.make("b")
    async with curator.works.begin(curator.actor) as work:
        await service.move_collection(work, first.id, 1)
    await curator.change(first, title="A", if_match=first.etag)
    assert await page_order(curator) == ["b", "A"]


async def test_a_list_is_read_page_by_page_and_a_foreign_cursor_is_refused(curator: Curator):
    for title in ("a", "b", "c"):
        await curator.make(title)
    async with curator.works.begin(curator.actor) as work:
        first = await service.list_collections(work, ALL, PageWanted.read(2, None))
        rest = await service.list_collections(work, ALL, PageWanted.read(2, first.next_cursor))
        for foreign in ("x", [1], [1, "no id"], ["1", str(new_id())], [2**40, str(new_id())], {}):
            with pytest.raises(Invalid):
                await service.list_collections(work, ALL, PageWanted(2, foreign))
    assert [c.content.title for c in (*first.items, *rest.items)] == ["a", "b", "c"]
    assert (first.total, rest.next_cursor) == (3, None)


async def test_a_rotation_is_switched_for_a_share_of_the_tenants(
    curator: Curator, plugins: list[str], urls: DatabaseUrls
):
    await curator.publish("Week 1", plugins, rotation="weekly")
    async with curator.works.begin(curator.actor) as work:
        changed = await service.switch_rotation(work, "weekly", 30, '"weekly-0"')
        flags = {rotation.name: rotation.percentage for rotation in await service.list_rotations(work)}
        with pytest.raises(RotationStale):
            await service.switch_rotation(work, "weekly", 60, '"weekly-0"')
        for name, percentage in (("weekly", 101), ("../weekly", 1)):
            with pytest.raises(CollectionUnfit):
                await service.switch_rotation(work, name, percentage)
    assert changed.etag == '"weekly-1"'
    assert flags == {"weekly": 30, STAFF_PICKS_ROTATION: 100}
    assert (await entries(urls))[-1] == "rotation.change"


async def test_staff_picks_join_their_rotation_by_themselves(curator: Curator, plugins: list[str]):
    picks = await curator.publish("Staff picks", plugins, Kind.STAFF_PICKS)
    assert (picks.content.rotation, picks.content.slot) == (STAFF_PICKS_ROTATION, 1)


async def test_nobody_but_curators_changes_anything(
    curator: Curator, plugins: list[str], acme: Tenant, works: Works
):
    collection = await curator.make("Work", plugins)
    moderator, _ = await make_staff(works, "Moderator")
    for actor, refusal in ((acme.admin, NotAllowed), (moderator, NotAllowed), (ANONYMOUS, NotSignedIn)):
        for attempt in (
            lambda work: service.create_collection(work, Content("x"), Kind.CURATED),
            lambda work: service.change_collection(work, collection.id, lambda c: replace(c, title="x")),
            lambda work: service.undo_change(work, collection.id),
            lambda work: service.move_collection(work, collection.id, 1),
            lambda work: service.switch_rotation(work, "weekly", 0),
            lambda work: service.list_collections(work, ALL, PageWanted()),
            lambda work: service.list_rotations(work),
            lambda work: service.can_undo(work, collection.id),
            lambda work: service.count_by_day(work),
            lambda work: service.read_click_through(work, collection.id),
        ):
            with pytest.raises(refusal):
                async with works.begin(actor) as work:
                    await attempt(work)


async def test_a_draft_is_there_for_curators_alone(curator: Curator, plugins: list[str], acme: Tenant):
    draft = await curator.make("Work", plugins)
    for actor in (acme.admin, ANONYMOUS):
        async with curator.works.begin(actor) as work:
            with pytest.raises(NoSuchCollection):
                await service.find_collection(work, draft.id)
    async with curator.works.begin(curator.actor) as work:
        assert await service.find_collection(work, draft.id) == draft
        with pytest.raises(NoSuchCollection):
            await service.find_collection(work, new_id())


async def _as_app(urls: DatabaseUrls, actor: Actor, statement: str) -> Any:
    """Raw SQL as a request of the actor would send it."""
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute(
                "select set_config('aei.tenant', $1, true), set_config('aei.actor', $2, true)",
                str(actor.tenant),
                str(actor.id),
            )
            return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_raw_sql_of_a_tenant_finds_no_draft_no_private_plugin_and_changes_nothing(
    deps: Deps, curator: Curator, plugins: list[str], acme: Tenant, globex: Tenant, urls: DatabaseUrls
):
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    draft = await curator.make("Draft", plugins)
    shown = await curator.publish("Shown", ["acme.echo", "acme.secret"])
    async with curator.works.begin(curator.actor) as work:
        await service.switch_rotation(work, "weekly", 10)
    titles = await _as_app(urls, globex.admin, "select title from collections")
    assert [row["title"] for row in titles] == ["Shown"]
    for actor, seen in ((globex.admin, ["acme.echo"]), (acme.admin, ["acme.echo", "acme.secret"])):
        found = await _as_app(urls, actor, "select plugin_id from collection_plugins order by place")
        assert [row["plugin_id"] for row in found] == seen
    for table in ("collection_revisions", "rotation_flags", "collection_clicks"):
        assert await _as_app(urls, globex.admin, f"select * from {table}") == []
    assert await _as_app(urls, globex.admin, "update collections set title = 'x' returning id") == []
    assert await _as_app(urls, globex.admin, "delete from collection_plugins returning place") == []
    for statement in (
        f"insert into collection_plugins values ('{shown.id}', 9, 'globex.ad')",
        f"insert into collection_clicks values ('{shown.id}', 'acme.echo', current_date, 0, 1000)",
        "insert into rotation_flags values ('weekly', 0, 1, now())",
        f"delete from collections where id = '{draft.id}'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _as_app(urls, globex.admin, statement)


async def test_the_catalogue_tells_of_plugins_in_brief(deps: Deps, plugins: list[str], acme: Tenant):
    async with deps.works.begin(ANONYMOUS) as work:
        briefs = await catalog.find_briefs(work, [*plugins, "acme.nowhere"])
    assert set(briefs) == set(plugins)
    assert briefs["acme.echo"].offered
    assert briefs["acme.echo"].name == "Acme.Echo"
