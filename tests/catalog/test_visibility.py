"""Private plugins exist for their owner, those it names and staff; for everybody else they do not."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store import plugins
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_tenant
from tests.publishing import publish, publish_listed

TABLES = (
    "publishers",
    "namespaces",
    "plugins",
    "plugin_audiences",
    "releases",
    "release_compatibility",
    "release_states",
)


@pytest.fixture
async def friend(works: Works) -> Tenant:
    return await make_tenant(works, "friend")


@pytest.fixture
async def secret(deps: Deps, acme: Tenant, friend: Tenant) -> str:
    await publish_listed(
        deps, acme.manager, {"id": "acme.secret", "name": "Hush"}, visibility="private", audience=["friend"]
    )
    return "acme.secret"


async def seen(deps: Deps, actor: Actor, plugin_id: str) -> bool:
    """Whether any way of reading shows the plugin; all of them must agree."""
    async with catalog.open_index(deps.works) as index, deps.works.begin(actor) as work:
        found = (await catalog.search_plugins(index, work, Criteria(q="hush"), PageWanted())).page
        browsed = await catalog.search_plugins(index, work, Criteria(), PageWanted(), facets=True)
        suggested = await catalog.suggest_plugins(index, work, "hu", 5)
        latest = await catalog.latest_versions(work, [plugin_id])
        try:
            release = await catalog.find_release(work, plugin_id)
            by_id = await catalog.releases_by_id(work, [release.release_id])
        except PluginNotFound:
            by_id = {}
    answers = {
        bool(found.items),
        found.total > 0,
        bool(browsed.facets["kind"]),
        bool(suggested),
        bool(latest),
        bool(by_id),
    }
    assert len(answers) == 1, "the ways of reading disagree"
    return answers.pop()


async def test_a_private_plugin_is_seen_by_owner_audience_and_staff_alone(
    deps: Deps, acme: Tenant, friend: Tenant, globex: Tenant, operator: tuple, secret: str
) -> None:
    assert await seen(deps, acme.viewer, secret)
    assert await seen(deps, friend.viewer, secret)
    assert await seen(deps, operator[0], secret)
    assert not await seen(deps, globex.admin, secret)
    assert not await seen(deps, ANONYMOUS, secret)


async def test_a_statement_of_its_own_shows_what_a_work_shows_and_leaves_no_identity_behind(
    deps: Deps, acme: Tenant, friend: Tenant, globex: Tenant, operator: tuple, secret: str
) -> None:
    quick, ids = deps.works.database.quick, [secret, "acme.nothing"]
    for actor, sees in (
        (friend.viewer, True), (ANONYMOUS, False), (operator[0], True), (globex.admin, False)
    ):  # fmt: skip
        async with deps.works.begin(actor) as work:
            shown = await plugins.by_ids(work, ids)
        assert await plugins.by_ids_for(quick, actor, ids) == shown
        assert set(shown) == ({secret} if sees else set())
        assert not await quick.fetchval("select count(*) from plugins")


async def test_who_is_not_named_any_more_sees_it_no_longer(
    deps: Deps, acme: Tenant, friend: Tenant, globex: Tenant, secret: str
) -> None:
    await publish(deps, acme.manager, {"id": secret, "version": "1.1.0"}, audience=["globex"])
    assert not await seen(deps, friend.viewer, secret)
    assert await seen(deps, globex.viewer, secret)


async def test_a_private_plugin_and_a_missing_one_are_refused_in_the_same_words(
    deps: Deps, globex: Tenant, secret: str
) -> None:
    told = []
    async with deps.works.begin(globex.admin) as work:
        for plugin_id in (secret, "acme.nothing"):
            with pytest.raises(PluginNotFound) as refused:
                await catalog.find_release(work, plugin_id, "1.0.0")
            told.append(refused.value.detail.replace(plugin_id, "ID"))
    assert told[0] == told[1]


async def cost(deps: Deps, actor: Actor, plugin_id: str) -> list[str]:
    """The statements that reading a plugin in every way sends until it is refused."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = deps.works.database.app.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for read in (
            catalog.find_plugin,
            lambda work, id: catalog.find_release(work, id),
            lambda work, id: catalog.find_release(work, id, "1.0.0"),
            lambda work, id: catalog.list_releases(work, id, PageWanted()),
            lambda work, id: catalog.list_advisories(work, PageWanted(), id),
            lambda work, id: catalog.find_rollout(work, id, "1.0.0"),
        ):
            with pytest.raises(PluginNotFound):
                async with deps.works.begin(actor) as work:
                    await read(work, plugin_id)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


async def test_a_private_plugin_takes_as_much_work_to_refuse_as_a_missing_one(
    deps: Deps, globex: Tenant, secret: str
) -> None:
    """So that time tells nothing either: what differs is one row that the policy leaves out."""
    for stranger in (globex.admin, ANONYMOUS):
        refused = await cost(deps, stranger, secret)
        assert refused == await cost(deps, stranger, "acme.nothing")
        assert refused


async def rows_as(urls: DatabaseUrls, tenant: Tenant | None, staff: bool = False) -> dict[str, int]:
    """How many rows of each table raw SQL gets in the role of requests."""
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute(
            "select set_config('aei.tenant', $1, false)", str(tenant.id) if tenant else ""
        )
        await connection.execute("select set_config('aei.staff', $1, false)", "on" if staff else "")
        return {table: await connection.fetchval(f"select count(*) from {table}") for table in TABLES}
    finally:
        await connection.close()


async def test_raw_sql_in_the_role_of_requests_shows_nothing_of_another_tenants_private_plugin(
    urls: DatabaseUrls, acme: Tenant, friend: Tenant, globex: Tenant, secret: str
) -> None:
    everything = await rows_as(urls, acme)
    assert all(everything.values())
    assert await rows_as(urls, globex) == dict.fromkeys(TABLES, 0)
    assert await rows_as(urls, None) == dict.fromkeys(TABLES, 0)
    assert await rows_as(urls, None, staff=True) == everything
    assert await rows_as(urls, friend) == everything


async def test_raw_sql_shows_no_release_that_is_not_listed_yet(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert (await rows_as(urls, acme))["releases"] == 2
    seen = await rows_as(urls, globex)
    assert (seen["plugins"], seen["releases"], seen["release_compatibility"]) == (1, 1, 1)


WRITES = (
    "update plugins set visibility = 'public', owner_tenant = $1",
    "update plugins set name = 'Mine' where $1::uuid is not null",
    "insert into plugin_audiences select id, $1, $1 from plugins",
    "insert into plugin_audiences values ('acme.secret', $1, $1)",
    "insert into plugin_audiences select 'acme.secret', $1, owner_tenant from plugins where id = 'acme.open'",
    "update releases set state = 'listed' where $1::uuid is not null",
    "update publishers set name = 'Mine' where $1::uuid is not null",
    "delete from plugin_audiences where $1::uuid is not null",
)


@pytest.mark.parametrize("statement", WRITES)
async def test_raw_sql_changes_nothing_of_another_tenants_plugin_public_or_private(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, secret: str, statement: str
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.open"})
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        try:
            done = await connection.execute(statement, globex.id)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError):
            done = "refused 0"
    finally:
        await connection.close()
    assert done.split()[-1] == "0"


@pytest.mark.parametrize(
    "statement",
    [
        "update releases set manifest = '{}'",
        "update releases set package_sha256 = repeat('0', 64)",
        "update releases set version = '9.9.9'",
        "update releases set listed_at = now()",
        "update releases set listed_at = null",
        "delete from releases",
        "truncate releases cascade",
        "delete from release_states",
        "update release_compatibility set upper = '~'",
    ],
)
async def test_not_even_the_owner_of_the_tables_changes_a_release(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, statement: str
) -> None:
    await publish_listed(deps, acme.manager)
    connection = await asyncpg.connect(urls.owner)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_audience_by_slug_tells_nothing_about_other_tenants(
    urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(acme.id))
        rows: list[Any] = await connection.fetch("select slug from tenants")
        assert [row["slug"] for row in rows] == ["acme"]
    finally:
        await connection.close()
