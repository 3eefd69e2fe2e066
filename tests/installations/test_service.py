"""Installing, updating, removing and changing, carried out as the job process does."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound, ReleaseNotFound
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_marketplace.installations import jobs, service
from aei_marketplace.installations.errors import (
    AlreadyAtVersion,
    AlreadyInstalled,
    ConfigUnfit,
    GrantsBeyond,
    NotAdmitted,
    NotInstalled,
    Stale,
)
from aei_marketplace.installations.events import InstallRequested
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service import Requested
from tests.builders import Tenant
from tests.fakes import FakeSandbox
from tests.installations.conftest import CONFIGURED
from tests.plugins import carried_out, install, publish, uninstall, update, work_off

HOST = {"network": {"hosts": ["api.acme.example"]}}


async def installed(deps: Deps, tenant: Tenant, plugin_id: str = "acme.echo") -> service.Described:
    async with deps.works.begin(tenant.admin) as work:
        return await service.find_installation(work, plugin_id)


async def entries(urls: DatabaseUrls, action: str) -> int:
    connection = await asyncpg.connect(urls.owner)
    try:
        count = await connection.fetchval("select count(*) from audit_entries where action = $1", action)
        return int(count)
    finally:
        await connection.close()


async def move(deps: Deps, publisher: Tenant, state: ReleaseState, version: str = "1.0.0") -> None:
    async with deps.works.begin(publisher.manager) as work:
        await catalog.change_state(work, "acme.echo", version, state, "for a test")


# ---------------------------------------------------------------- install


async def test_an_installation_follows_its_channel_is_enabled_and_is_granted_nothing(
    deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    operation = await install(deps, globex.manager)
    assert (operation.state, operation.progress) == ("succeeded", 1.0)
    assert "not granted: network, secrets" in operation.message
    described = await installed(deps, globex)
    found = described.installation
    assert (found.version, found.enabled, found.pinned, found.grants) == ("1.0.0", True, False, {})
    assert set(described.not_granted) == {"network", "secrets"}
    assert found.installed_by == globex.manager.id
    assert await entries(urls, "installation.create") == 1


async def test_what_is_granted_at_installation_is_held(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin, grants=HOST, config={"tone": "plain"}, version="1.0.0")
    found = (await installed(deps, globex)).installation
    assert (found.grants, found.config, found.pinned) == (HOST, {"tone": "plain"}, True)


@pytest.mark.parametrize("role", ["Agent", "Viewer"])
async def test_who_may_not_install_is_refused(deps: Deps, globex: Tenant, role: str) -> None:
    with pytest.raises(MissingAction):
        await install(deps, globex.actors[role])


async def test_what_does_not_exist_cannot_be_installed(deps: Deps, globex: Tenant) -> None:
    with pytest.raises(PluginNotFound):
        await install(deps, globex.admin, "acme.missing")
    with pytest.raises(ReleaseNotFound):
        await install(deps, globex.admin, version="9.9.9")


async def test_a_private_plugin_is_unknown_to_others(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await publish(deps, acme.manager, {"id": "acme.hidden"}, visibility="private")
    with pytest.raises(PluginNotFound):
        await install(deps, globex.admin, "acme.hidden")
    assert (await install(deps, acme.admin, "acme.hidden")).state == "succeeded"


async def test_a_yanked_release_is_installed_by_its_exact_version_only(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await move(deps, acme, ReleaseState.YANKED)
    with pytest.raises(ReleaseNotFound):
        await install(deps, globex.admin)
    assert (await install(deps, globex.admin, version="1.0.0")).state == "succeeded"


async def test_an_incompatible_release_is_refused(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await publish(deps, acme.manager, {"id": "acme.new", "compatibility": {"aei": ">=3.0.0"}})
    with pytest.raises(NotAdmitted, match="supports AEI"):
        await install(deps, globex.admin, "acme.new")


async def test_grants_beyond_the_request_and_unfit_configurations_are_refused_at_once(
    deps: Deps, globex: Tenant
) -> None:
    with pytest.raises(GrantsBeyond):
        await install(deps, globex.admin, grants={"network": {"hosts": ["evil.example"]}})
    with pytest.raises(ConfigUnfit):
        await install(deps, globex.admin, config={"tone": "shrill"})


async def test_what_is_installed_is_not_installed_again(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin)
    with pytest.raises(AlreadyInstalled) as refusal:
        await install(deps, globex.admin)
    assert "update" in refusal.value.next_step


async def test_who_asks_for_what_is_under_way_follows_it_and_hears_that_another_decided(
    deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    async def asked(actor: Actor) -> Requested:
        async with deps.works.begin(actor) as work:
            return await service.request_install(work, deps.aei_version, "acme.echo", Wish())

    first, second = await asyncio.gather(asked(globex.admin), asked(globex.manager))
    assert first.operation.id == second.operation.id
    assert sorted([first.joined, second.joined]) == [False, True]
    joined = first if first.joined else second
    assert "acme.echo is being installed already" in joined.warnings[0]
    assert (await carried_out(deps, globex.admin, first.operation)).state == "succeeded"
    assert await entries(urls, "installation.create") == 1
    async with deps.works.begin(globex.admin) as work:
        ending = await service.request_uninstall(work, "acme.echo", purge=False)
    async with deps.works.begin(globex.manager) as work:
        again = await service.request_uninstall(work, "acme.echo", purge=False)
    assert (again.operation.id, again.joined) == (ending.operation.id, True)
    with pytest.raises(AlreadyInstalled):
        await asked(globex.admin)


async def test_a_job_that_runs_twice_or_twice_at_once_installs_once(
    deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_install(work, deps.aei_version, "acme.echo", Wish())
    assert globex.admin.id is not None
    event = InstallRequested(
        asked.operation.id, globex.id, globex.admin.id, "acme.echo", "1.0.0", "stable", False, None, None
    )
    await asyncio.gather(*(jobs.carry_out_install(deps, event, "0" * 32) for _ in range(3)))
    operation = await carried_out(deps, globex.admin, asked.operation)
    assert operation.state == "succeeded"
    assert await entries(urls, "installation.create") == 1


async def test_a_release_stopped_while_it_waits_is_not_installed(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_install(work, deps.aei_version, "acme.echo", Wish())
    await move(deps, acme, ReleaseState.YANKED)
    operation = await carried_out(deps, globex.admin, asked.operation)
    assert operation.state == "failed"
    with pytest.raises(NotInstalled):
        await installed(deps, globex)


async def test_a_component_that_the_sandbox_refuses_fails_the_operation(
    deps: Deps, globex: Tenant, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise SandboxRefused("compile_limit", "took too long")

    monkeypatch.setattr(sandbox, "prepare", refuse)
    operation = await install(deps, globex.admin)
    assert operation.state == "failed"
    assert operation.problem is not None
    assert "took too long" in operation.problem["detail"]


async def test_a_component_that_the_sandbox_lacks_is_handed_over(
    deps: Deps, globex: Tenant, sandbox: FakeSandbox
) -> None:
    sandbox.prepared = set()
    assert (await install(deps, globex.admin)).state == "succeeded"
    assert len(sandbox.prepared) == 1


async def test_without_a_sandbox_the_operation_stays_open_for_another_try(
    deps: Deps, globex: Tenant, sandbox: FakeSandbox
) -> None:
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_install(work, deps.aei_version, "acme.echo", Wish())
    assert globex.admin.id is not None
    event = InstallRequested(
        asked.operation.id, globex.id, globex.admin.id, "acme.echo", "1.0.0", "stable", False, None, None
    )
    sandbox.gone = True
    with pytest.raises(SandboxGone):
        await jobs.carry_out_install(deps, event, "0" * 32)
    sandbox.gone = False
    await jobs.carry_out_install(deps, event, "0" * 32)
    assert (await installed(deps, globex)).installation.version == "1.0.0"


# ---------------------------------------------------------------- update


async def test_an_update_runs_under_the_old_grants_and_names_what_is_new(
    deps: Deps, acme: Tenant, globex: Tenant, sandbox: FakeSandbox, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin, grants=HOST, config={"tone": "plain"})
    more = {
        **CONFIGURED,
        "version": "1.1.0",
        "permissions": {
            "network": {"hosts": ["api.acme.example"], "reason": "fetches"},
            "secrets": {"names": ["ACME_KEY", "NEW_KEY"], "reason": "signs in"},
        },
    }
    await publish(deps, acme.manager, more)
    waiting = (await installed(deps, globex)).update
    assert waiting is not None
    assert (waiting.version, waiting.new_permissions) == ("1.1.0", {"secrets": {"names": ["NEW_KEY"]}})
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_update(work, deps.aei_version, "acme.echo", Wish())
    assert asked.new_permissions == {"secrets": {"names": ["NEW_KEY"]}}
    assert (await carried_out(deps, globex.admin, asked.operation)).state == "succeeded"
    described = await installed(deps, globex)
    assert (described.installation.version, described.update) == ("1.1.0", None)
    assert (described.installation.grants, described.installation.config) == (HOST, {"tone": "plain"})
    assert (sandbox.retired, await entries(urls, "installation.update")) != ([], 0)


async def test_an_update_never_keeps_a_grant_that_is_not_requested_any_more(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await install(deps, globex.admin, grants=HOST)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert (await update(deps, globex.admin)).state == "succeeded"
    assert (await installed(deps, globex)).installation.grants == {}


async def test_there_is_nothing_to_update_to(deps: Deps, globex: Tenant) -> None:
    with pytest.raises(NotInstalled):
        await update(deps, globex.admin)
    await install(deps, globex.admin)
    with pytest.raises(AlreadyAtVersion):
        await update(deps, globex.admin)
    with pytest.raises(ReleaseNotFound):
        await update(deps, globex.admin, version="7.0.0")


async def test_an_older_version_is_taken_when_it_is_named_and_pinned_then(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {**CONFIGURED, "version": "1.1.0"})
    await install(deps, globex.admin)
    assert (await update(deps, globex.admin, version="1.0.0")).state == "succeeded"
    found = (await installed(deps, globex)).installation
    assert (found.version, found.pinned) == ("1.0.0", True)


# ---------------------------------------------------------------- uninstall


async def test_a_plugin_installed_again_within_thirty_days_is_what_it_was(
    deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin, grants=HOST, config={"tone": "formal"})
    before = (await installed(deps, globex)).installation
    assert (await uninstall(deps, globex.admin)).state == "succeeded"
    with pytest.raises(NotInstalled):
        await installed(deps, globex)
    await install(deps, globex.admin)
    again = (await installed(deps, globex)).installation
    assert (again.id, again.grants, again.config) == (before.id, HOST, {"tone": "formal"})
    assert await entries(urls, "installation.remove") == 1


async def test_purging_forgets_at_once(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin, grants=HOST, config={"tone": "formal"})
    before = (await installed(deps, globex)).installation
    await uninstall(deps, globex.admin, purge=True)
    await install(deps, globex.admin)
    again = (await installed(deps, globex)).installation
    assert again.id != before.id
    assert (again.grants, again.config) == ({}, {})


async def test_what_was_kept_is_forgotten_after_thirty_days(
    deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin, grants=HOST, config={"tone": "formal"})
    await uninstall(deps, globex.admin)
    assert await service.purge_removed(deps.works) == 0
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("update installations set purge_after = now() - interval '1 minute'")
        assert await service.purge_removed(deps.works) == 1
        kept = await connection.fetchrow("select config, grants from installations")
        assert tuple(kept) == ("{}", "{}")
    finally:
        await connection.close()
    await install(deps, globex.admin)
    assert (await installed(deps, globex)).installation.grants == {}


async def test_what_is_not_installed_cannot_be_removed(deps: Deps, globex: Tenant) -> None:
    with pytest.raises(NotInstalled):
        await uninstall(deps, globex.admin)


async def test_the_listing_counts_installations(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        await install(deps, tenant.admin)
    await uninstall(deps, acme.admin)
    async with deps.works.begin(globex.viewer) as work:
        assert (await catalog.find_plugin(work, "acme.echo")).installs == 1


# ---------------------------------------------------------------- change


async def test_switching_off_lets_idle_workers_go_and_is_logged_once(
    deps: Deps, globex: Tenant, sandbox: FakeSandbox, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    for _ in range(2):
        async with deps.works.begin(globex.manager) as work:
            described = await service.toggle(work, "acme.echo", enabled=False)
    await work_off(deps)
    assert not described.installation.enabled
    assert [tenant for _, tenant in sandbox.retired] == [str(globex.id)]
    assert await entries(urls, "installation.toggle") == 1


async def test_a_change_based_on_an_old_reading_is_refused(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin)
    before: Installation = (await installed(deps, globex)).installation
    async with deps.works.begin(globex.admin) as work:
        await service.change(work, "acme.echo", service.Change(grants=HOST), before.etag)
    with pytest.raises(Stale):
        async with deps.works.begin(globex.admin) as work:
            await service.toggle(work, "acme.echo", enabled=False, if_match=before.etag)


async def test_only_who_may_install_changes_an_installation(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin)
    for actor in (globex.agent, globex.viewer, replace(globex.admin, actions=frozenset({"plugin.browse"}))):
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.change(work, "acme.echo", service.Change(grants=HOST))
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.toggle(work, "acme.echo", enabled=False)


async def test_installations_are_listed_in_pages_and_another_tenants_are_not(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for name in ("acme.b", "acme.a"):
        await publish(deps, acme.manager, {"id": name})
        await install(deps, globex.admin, name)
    await install(deps, acme.admin)
    async with deps.works.begin(globex.viewer) as work:
        first = await service.list_installations(work, PageWanted(1))
        rest = await service.list_installations(work, PageWanted.read(1, first.next_cursor))
    assert [d.installation.plugin_id for d in (*first.items, *rest.items)] == ["acme.a", "acme.b"]
    assert (first.total, rest.next_cursor) == (2, None)
