"""Staged rollouts: which tenants they reach, and who decides about them."""

from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import NotYourPlugin, PluginNotFound
from aei_marketplace.catalog.rules.rollouts import Rollout, reaches
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from tests.builders import Tenant
from tests.publishing import prepare, publish, publish_listed
from tests.serving import Client

PATH = "/api/plugins/acme.echo/versions/1.0.0/rollout"


@given(st.uuids(), st.uuids(), st.integers(0, 100), st.integers(0, 100))
def test_whom_a_rollout_has_reached_it_reaches_for_ever_more(
    release: UUID, tenant: UUID, one: int, other: int
) -> None:
    less, more = sorted((one, other))
    assert reaches(release, tenant, more) or not reaches(release, tenant, less)
    assert not reaches(release, tenant, 0)
    assert reaches(release, tenant, 100)


def test_a_rollout_reaches_about_its_share_and_each_release_others_first() -> None:
    fixed = [UUID(int=n) for n in range(2000)]
    first, second = UUID(int=1), UUID(int=2)
    reached = [{i for i in fixed if reaches(release, i, 25)} for release in (first, second)]
    assert all(420 < len(each) < 580 for each in reached)
    assert len(reached[0] & reached[1]) < 200


async def test_a_release_begins_with_the_plugins_own_percentage_and_earlier_ones_stay(
    deps: Deps, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout_start(work, "acme.echo", 10)
    await publish_listed(deps, acme.manager, {"version": "1.1.0"})
    async with deps.works.begin(acme.viewer) as work:
        assert await catalog.find_rollout(work, "acme.echo", "1.0.0") == Rollout(100)
        assert await catalog.find_rollout(work, "acme.echo", "1.1.0") == Rollout(10)


async def test_a_mark_before_the_listing_does_not_skip_the_plugins_own_percentage(
    deps: Deps, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout_start(work, "acme.echo", 10)
    release = await publish(deps, acme.manager, {"version": "1.1.0"})
    async with deps.works.begin(acme.manager) as work:
        assert await catalog.find_rollout(work, "acme.echo", "1.1.0") == Rollout(10)
        await catalog.change_rollout(work, "acme.echo", "1.1.0", security=True)
    await prepare(deps, release)
    async with deps.works.begin(acme.viewer) as work:
        assert await catalog.find_rollout(work, "acme.echo", "1.1.0") == Rollout(10, security=True)


async def test_newer_releases_are_the_offered_ones_of_the_channel_and_none_below(
    deps: Deps, acme: Tenant
) -> None:
    for version in ("0.9.0", "1.0.0", "1.1.0", "1.2.0", "2.0.0-rc.1"):
        await publish_listed(deps, acme.manager, {"version": version})
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.2.0", catalog.ReleaseState.YANKED, "old")
        found = {
            channel: [r.version for r, _ in await catalog.newer_releases(work, "acme.echo", "1.0.0", channel)]
            for channel in ("stable", "preview")
        }
    assert found == {"stable": ["1.1.0"], "preview": ["2.0.0-rc.1", "1.1.0"]}


async def test_only_who_publishes_the_plugin_decides_about_its_rollout(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    for actor, refusal in ((acme.viewer, NotAllowed), (globex.manager, NotYourPlugin)):
        with pytest.raises(refusal):
            async with deps.works.begin(actor) as work:
                await catalog.change_rollout(work, "acme.echo", "1.0.0", 5)
        with pytest.raises(refusal):
            async with deps.works.begin(actor) as work:
                await catalog.change_rollout_start(work, "acme.echo", 5)


async def test_a_rollout_of_anothers_private_plugin_is_not_found(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await publish_listed(deps, acme.manager, visibility="private", audience=[])
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.0.0", 5)
    with pytest.raises(PluginNotFound):
        async with deps.works.begin(globex.manager) as work:
            await catalog.find_rollout(work, "acme.echo", "1.0.0")
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, expected in ((globex.id, 0), (acme.id, 1), (uuid4(), 0)):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            assert await connection.fetchval("select count(*) from release_rollouts") == expected
    finally:
        await connection.close()


@pytest.mark.parametrize("percent", [-1, 101])
async def test_what_is_no_percentage_is_refused(deps: Deps, acme: Tenant, percent: int) -> None:
    await publish_listed(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(Invalid):
            await catalog.change_rollout(work, "acme.echo", "1.0.0", percent)
        with pytest.raises(Invalid):
            await catalog.change_rollout_start(work, "acme.echo", percent)


async def test_a_rollout_is_read_and_changed_over_http(client: Client, deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager)
    token = acme.tokens["ProjectManager"]
    changed = await client.send("PATCH", PATH, token, json={"percent": 25, "security": True})
    assert changed.json == {"percent": 25, "security": True}
    assert (await client.get(PATH)).json == {"percent": 25, "security": True}
    for body in ({"percent": 101}, {"percent": "25"}, {"security": 1}, {"everybody": True}):
        assert (await client.send("PATCH", PATH, token, json=body)).status == 422
    start = "/api/plugins/acme.echo/rollout"
    assert (await client.send("PATCH", start, token, json={"start_percent": 10})).status == 200
    assert (await client.get(start)).json == {"start_percent": 10}
    assert (await client.send("PATCH", start, json={"start_percent": 10})).status == 401
