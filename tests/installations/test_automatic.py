"""Automatic updates as the job process carries them out."""

import asyncio
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.rules.views import Installation
from tests.builders import Tenant, make_tenant
from tests.installations.conftest import CONFIGURED
from tests.plugins import install, publish, update, work_off

ALL = {"updates": "all"}
NETWORK = {"network": {"hosts": ["a.example"], "reason": "counts there"}}


async def found(deps: Deps, tenant: Tenant) -> Installation:
    async with deps.works.begin(tenant.admin) as work:
        return (await service.find_installation(work, "acme.echo")).installation


async def follow(deps: Deps, tenant: Tenant, policy: dict[str, Any], **wish: Any) -> None:
    """Install version 1.0.0 from its channel, with a policy."""
    assert (await install(deps, tenant.admin, **wish)).state == "succeeded"
    async with deps.works.begin(tenant.admin) as work:
        await service.change(work, "acme.echo", service.Change(policy=policy))


async def release(deps: Deps, acme: Tenant, version: str, **more: Any) -> None:
    await publish(deps, acme.manager, {**CONFIGURED, "version": version, **more})


async def run_job(deps: Deps) -> int:
    asked = await service.update_automatically(deps)
    await work_off(deps)
    return asked


async def set_policies(deps: Deps, tenant: Tenant, change: dict[str, Any]) -> None:
    async with deps.works.begin(tenant.admin) as work:
        await service.change_policies(work, deps, change)


async def rows(urls: DatabaseUrls, query: str, *values: Any) -> list[Any]:
    connection = await asyncpg.connect(urls.owner)
    try:
        fetched: list[Any] = await connection.fetch(query, *values)
        return fetched
    finally:
        await connection.close()


async def test_an_installation_updates_by_itself_with_an_entry_and_an_operation(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.1.0"
    [row] = await rows(urls, "select * from audit_entries where action = 'installation.update'")
    entry = read_entry(row["content"])
    assert (row["tenant_id"], row["actor_kind"]) == (globex.id, "system")
    assert entry["context"]["automatic"] is True
    [operation] = await rows(urls, "select * from operations where kind = 'update'")
    assert (operation["state"], operation["tenant_id"]) == ("succeeded", globex.id)
    assert await run_job(deps) == 0


async def test_without_a_policy_and_where_a_version_is_pinned_nothing_moves(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await install(deps, acme.admin)
    await follow(deps, globex, ALL, version="1.0.0")
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 0
    assert (await found(deps, globex)).version == (await found(deps, acme)).version == "1.0.0"


async def test_the_tenants_policy_holds_where_the_installation_has_none(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, {})
    await set_policies(deps, globex, {"updates": "compatible"})
    await release(deps, acme, "2.0.0")
    assert await run_job(deps) == 0
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.1.0"


async def test_an_update_across_a_change_of_publisher_waits_until_a_person_has_updated_once(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    initech = await make_tenant(deps.works, "initech")
    async with deps.works.begin(acme.admin) as work:
        await catalog.offer_namespace(work, "acme", "initech")
    async with deps.works.begin(initech.manager) as work:
        await catalog.accept_namespace(work, "acme")
    await release(deps, initech, "1.2.0")
    assert await run_job(deps) == 1, "what the former publisher released still comes by itself"
    assert (await found(deps, globex)).version == "1.1.0"
    assert await run_job(deps) == 0
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_update(work, deps.aei_version, "acme.echo", Wish())
    assert "1.2.0 is of another publisher than 1.1.0: Initech." in asked.warnings
    await work_off(deps)
    await release(deps, initech, "1.3.0")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.3.0"


async def test_an_update_with_a_new_permission_waits_until_somebody_grants_it(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    more = {"permissions": {"network": {"hosts": ["new.acme.example"], "reason": "fetches more"}}}
    await release(deps, acme, "1.1.0", **more)
    assert await run_job(deps) == 0
    assert (await found(deps, globex)).version == "1.0.0"
    granted = {"network": {"hosts": ["new.acme.example"]}}
    assert (await update(deps, globex.admin, grants=granted)).state == "succeeded"
    await release(deps, acme, "1.2.0", **more)
    assert await run_job(deps) == 1
    assert ((await found(deps, globex)).version, (await found(deps, globex)).grants) == ("1.2.0", granted)


async def test_an_update_that_calls_another_plugin_waits_until_somebody_updates(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    """What the other plugin was granted would work for it as well."""
    await follow(deps, globex, ALL)
    await publish(deps, acme.manager, {"id": "acme.tally", "permissions": NETWORK})
    await install(deps, globex.admin, "acme.tally", grants={"network": {"hosts": ["a.example"]}})
    calls = {"dependencies": {"acme.tally": "^1.0.0"}}
    await release(deps, acme, "1.1.0", **calls)
    assert await run_job(deps) == 0
    assert (await update(deps, globex.admin)).state == "succeeded"
    await release(deps, acme, "1.2.0", **calls)
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.2.0"


async def test_a_security_release_is_what_its_publisher_says_or_what_replaces_a_yanked_one(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, {"updates": "security"})
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 0
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.1.0", security=True)
    assert await run_job(deps) == 1
    await release(deps, acme, "1.2.0")
    assert await run_job(deps) == 0
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.1.0", ReleaseState.YANKED, "it leaks")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.2.0"


async def test_a_deprecated_release_is_passed_over_for_the_one_below_it(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    for version in ("1.1.0", "1.2.0"):
        await release(deps, acme, version)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.2.0", ReleaseState.DEPRECATED, "it forgets")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.1.0"


async def test_a_release_below_the_minimum_age_waits_and_is_installed_by_name_alone(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    await set_policies(deps, globex, {"minimum_release_age_hours": 24})
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 0
    await set_policies(deps, acme, {"minimum_release_age_hours": 24})
    with pytest.raises(NotAdmitted, match="minimum age"):
        await install(deps, acme.admin)
    assert (await install(deps, acme.admin, version="1.1.0")).state == "succeeded"


async def test_a_staged_rollout_reaches_nobody_at_0_and_everybody_at_100(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout_start(work, "acme.echo", 0)
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 0
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.1.0", 100)
    assert await run_job(deps) == 1


async def test_a_rollout_that_is_taken_back_takes_nobody_back(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    assert await run_job(deps) == 1
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.1.0", 0)
        await catalog.change_state(work, "acme.echo", "1.1.0", ReleaseState.YANKED, "it leaks")
    assert await run_job(deps) == 0
    assert (await found(deps, globex)).version == "1.1.0"


async def test_a_policy_that_was_switched_off_meanwhile_is_obeyed(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    assert await service.update_automatically(deps) == 1
    async with deps.works.begin(globex.admin) as work:
        await service.change(work, "acme.echo", service.Change(policy={"updates": "off"}))
    await work_off(deps)
    assert (await found(deps, globex)).version == "1.0.0"
    [operation] = await rows(urls, "select * from operations where kind = 'update'")
    assert operation["state"] == "failed"


async def test_jobs_that_meet_ask_once(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    asked = await asyncio.gather(*(service.update_automatically(deps) for _ in range(3)))
    assert sum(asked) == 1
    await work_off(deps)
    assert (await found(deps, globex)).version == "1.1.0"


async def test_a_plugin_that_is_hidden_from_the_tenant_by_now_updates_nobody(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    secret = {"id": "acme.secret"}
    await publish(deps, acme.manager, secret, visibility="private", audience=["globex"])
    assert (await install(deps, globex.admin, "acme.secret")).state == "succeeded"
    await set_policies(deps, globex, ALL)
    await publish(deps, acme.manager, {**secret, "version": "1.1.0"}, visibility="private", audience=[])
    await rows(urls, "delete from plugin_audiences where plugin_id = 'acme.secret'")
    assert await run_job(deps) == 0


async def test_no_tenant_sees_which_updates_another_was_asked_for(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await follow(deps, globex, ALL)
    await release(deps, acme, "1.1.0")
    await run_job(deps)
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, expected in ((acme.id, 0), (globex.id, 1)):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            assert await connection.fetchval("select count(*) from automatic_updates") == expected
    finally:
        await connection.close()


async def test_nothing_updates_by_itself_where_it_would_not_go_together_with_the_rest(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    needing = {"id": "acme.user", "dependencies": {"acme.echo": "^1.0.0"}}
    await publish(deps, acme.manager, needing)
    await follow(deps, globex, ALL)
    assert (await install(deps, globex.admin, "acme.user")).state == "succeeded"
    await release(deps, acme, "1.1.0", dependencies={"acme.missing": "^1.0.0"})
    await release(deps, acme, "2.0.0")
    assert await run_job(deps) == 0
    assert (await found(deps, globex)).version == "1.0.0"
    await release(deps, acme, "1.2.0")
    assert await run_job(deps) == 1
    assert (await found(deps, globex)).version == "1.2.0"
