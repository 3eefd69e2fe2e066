"""Publishing: what is taken in, what is refused, and what a crash leaves behind."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    AudienceRefused,
    NamespaceForeign,
    NamespaceReserved,
    NamespaceTaken,
    PackageProblems,
    PluginNotFound,
    VersionTaken,
    VisibilityFixed,
    WrongPlugin,
)
from aei_marketplace.catalog.jobs import prepare_forgotten
from aei_marketplace.catalog.service import ReleaseState, Submission
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from tests.builders import Tenant
from tests.catalog.conftest import JudgingSandbox
from tests.packages import component_wat, make_package
from tests.publishing import prepare, publish, publish_listed


async def test_a_published_release_is_processing_and_seen_by_its_tenant_alone(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    release = await publish(deps, acme.manager)
    assert release.state is ReleaseState.PROCESSING
    async with deps.works.begin(acme.viewer) as work:
        assert (await catalog.find_release(work, "acme.echo", "1.0.0")).release_id == release.release_id
    async with deps.works.begin(globex.admin) as work:
        with pytest.raises(PluginNotFound):
            await catalog.find_release(work, "acme.echo", "1.0.0")


async def test_a_prepared_release_is_listed_for_everybody(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await publish_listed(deps, acme.manager, {"version": "1.2.0"})
    async with deps.works.begin(globex.viewer) as work:
        release = await catalog.find_release(work, "acme.echo")
        plugin = await catalog.find_plugin(work, "acme.echo")
    assert (release.version, release.state) == ("1.2.0", ReleaseState.LISTED)
    assert release.publisher_name == "Acme"
    assert (plugin.latest_version, plugin.document["name"]) == ("1.2.0", "Echo")


async def test_the_sandbox_gets_the_component_and_the_interfaces_of_its_manifest(
    deps: Deps, acme: Tenant, sandbox: JudgingSandbox
) -> None:
    secrets = {"secrets": {"names": ["KEY"], "reason": "asks the service"}}
    package = make_package({"permissions": secrets}, wat=component_wat(imports=("secrets",)))
    release = await publish_listed(deps, acme.manager, package=package)
    [(component, interfaces, content)] = sandbox.judged
    assert component == release.component_sha256
    assert interfaces == ("log", "progress", "clock", "random", "config", "secrets")
    assert content == await deps.blobs.get(component)


@pytest.mark.parametrize("code", ["invalid_component", "overreach", "no_run_export", "compile_limit"])
async def test_a_component_that_the_sandbox_refuses_is_held_with_the_reason(
    deps: Deps, acme: Tenant, sandbox: JudgingSandbox, code: str
) -> None:
    sandbox.verdicts = [code]
    release = await publish_listed(deps, acme.manager)
    assert release.state is ReleaseState.HELD
    assert "as the test wants it" in (release.state_reason or "")


async def test_an_overloaded_sandbox_is_no_verdict_and_the_job_can_run_again(
    deps: Deps, acme: Tenant, sandbox: JudgingSandbox
) -> None:
    sandbox.verdicts = ["busy"]
    release = await publish(deps, acme.manager)
    with pytest.raises(SandboxRefused):
        await prepare(deps, release)
    sandbox.gone = True
    with pytest.raises(SandboxGone):
        await prepare(deps, release)
    sandbox.gone = False
    await prepare(deps, release)
    await prepare(deps, release)
    async with deps.works.begin(acme.manager) as work:
        assert (await catalog.find_release(work, "acme.echo")).state is ReleaseState.LISTED


async def test_a_release_whose_component_is_missing_is_held_with_the_reason(deps: Deps, acme: Tenant) -> None:
    release = await publish(deps, acme.manager)
    await deps.blobs.delete(release.component_sha256)
    await prepare(deps, release)
    async with deps.works.begin(acme.manager) as work:
        held = await catalog.find_release(work, "acme.echo", "1.0.0")
    assert held.state is ReleaseState.HELD
    assert "missing from the object store" in (held.state_reason or "")


async def test_releases_whose_job_gave_up_are_taken_up_again(
    deps: Deps, acme: Tenant, sandbox: JudgingSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0.0", "1.1.0"):
        await publish(deps, acme.manager, {"version": version})
    await prepare_forgotten(deps)
    assert sandbox.judged == [], "nothing has waited for long yet"
    monkeypatch.setattr("aei_marketplace.catalog.jobs.FORGOTTEN", timedelta(0))
    sandbox.gone = True
    await prepare_forgotten(deps)
    sandbox.gone = False
    await prepare_forgotten(deps)
    async with deps.works.begin(acme.manager) as work:
        found = await catalog.list_releases(work, "acme.echo", PageWanted())
    assert [release.state for release in found.items] == [ReleaseState.LISTED, ReleaseState.LISTED]


async def test_a_release_that_staff_blocked_meanwhile_is_not_listed(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    release = await publish(deps, acme.manager)
    async with deps.works.begin(operator[0]) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.BLOCKED, "malware")
    await prepare(deps, release)
    async with deps.works.begin(acme.manager) as work:
        assert (await catalog.find_release(work, "acme.echo", "1.0.0")).state is ReleaseState.BLOCKED


async def test_the_same_version_published_twice_at_once_is_taken_in_once(deps: Deps, acme: Tenant) -> None:
    packages = [make_package({"description": f"attempt {n}"}) for n in range(6)]
    results = await asyncio.gather(
        *(publish(deps, acme.manager, package=p) for p in packages), return_exceptions=True
    )
    won = [r for r in results if not isinstance(r, BaseException)]
    lost = [r for r in results if isinstance(r, BaseException)]
    assert len(won) == 1
    assert {type(error) for error in lost} == {VersionTaken}
    async with deps.works.begin(acme.manager) as work:
        found = await catalog.find_release(work, "acme.echo", "1.0.0")
        plugin = await catalog.find_plugin(work, "acme.echo")
    assert found.package_sha256 == won[0].package_sha256
    assert plugin.document["description"] == won[0].manifest.document["description"]


async def test_two_tenants_that_race_for_a_namespace_leave_one_owner(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    results = await asyncio.gather(
        publish(deps, acme.manager, {"id": "shiny.one"}),
        publish(deps, globex.manager, {"id": "shiny.two"}),
        return_exceptions=True,
    )
    assert sorted(type(r).__name__ for r in results) == ["NamespaceForeign", "ReleaseView"]


async def test_the_very_same_package_again_is_told_so(deps: Deps, acme: Tenant) -> None:
    package = make_package()
    await publish(deps, acme.manager, package=package)
    with pytest.raises(VersionTaken, match="This very package"):
        await publish(deps, acme.manager, package=package)


async def test_a_version_that_differs_only_in_build_metadata_is_taken(deps: Deps, acme: Tenant) -> None:
    await publish(deps, acme.manager, {"version": "1.0.0+one"})
    with pytest.raises(VersionTaken, match="build metadata"):
        await publish(deps, acme.manager, {"version": "1.0.0+two"})


async def test_nobody_publishes_in_a_foreign_namespace(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await publish_listed(deps, acme.manager)
    with pytest.raises(NamespaceForeign):
        await publish(deps, globex.manager, {"id": "acme.other"})


async def test_nobody_publishes_in_a_namespace_whose_plugins_they_cannot_see(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, visibility="private")
    with pytest.raises(NamespaceForeign):
        await publish(deps, globex.manager, {"id": "acme.other"})


async def test_whatever_a_publish_is_refused_for_nothing_of_it_is_stored(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls, tmp_path: Path
) -> None:
    """Also for what shows only where it is written down: a namespace that its publisher alone sees."""
    await publish(deps, acme.manager, visibility="private")
    await publish_listed(deps, acme.manager, {"id": "akme.open"})
    before = {path for path in (tmp_path / "objects").rglob("*") if path.is_file()}
    refused: list[tuple[Tenant, dict[str, Any], dict[str, Any], type[Exception]]] = [
        (globex, {"id": "acme.other"}, {}, NamespaceForeign),
        (acme, {"version": "1.0.0+other"}, {}, VersionTaken),
        (acme, {"version": "1.1.0"}, {"visibility": "private", "audience": ["nobody"]}, AudienceRefused),
        (acme, {"id": "akme.open", "version": "1.1.0"}, {"visibility": "private"}, VisibilityFixed),
    ]
    for tenant, manifest, rest, refusal in refused:
        with pytest.raises(refusal):
            await publish(deps, tenant.manager, {**manifest, "description": "Something else."}, **rest)
    assert {path for path in (tmp_path / "objects").rglob("*") if path.is_file()} == before
    connection = await asyncpg.connect(urls.owner)
    counted = "select (select count(*) from releases), (select count(*) from publishers)"
    assert tuple(await connection.fetchrow(counted)) == (2, 1)
    await connection.close()


async def test_reserved_namespaces_cannot_be_had(deps: Deps, acme: Tenant) -> None:
    for name in ("aei", "admin", "api", "marketplace"):
        with pytest.raises(NamespaceReserved):
            await publish(deps, acme.manager, {"id": f"{name}.tool"})
        async with deps.works.begin(acme.manager) as work:
            with pytest.raises(NamespaceReserved):
                await catalog.claim_namespace(work, name)


async def test_a_namespace_is_claimed_once_and_again_by_its_owner(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for _ in range(2):
        async with deps.works.begin(acme.manager) as work:
            await catalog.claim_namespace(work, "acme-labs")
    with pytest.raises(NamespaceTaken):
        async with deps.works.begin(globex.manager) as work:
            await catalog.claim_namespace(work, "acme-labs")


@pytest.mark.parametrize("name", ["", "Acme", "acme.x", "a" * 40, "1acme", "acme\n"])
async def test_a_malformed_namespace_cannot_be_claimed(deps: Deps, acme: Tenant, name: str) -> None:
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(Invalid):
            await catalog.claim_namespace(work, name)


@pytest.mark.parametrize("role", ["Agent", "Viewer"])
async def test_publishing_needs_its_action_and_the_denial_is_recorded(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, role: str
) -> None:
    with pytest.raises(NotAllowed):
        await publish(deps, acme.actors[role])
    connection = await asyncpg.connect(urls.owner)
    denied = await connection.fetchval(
        "select count(*) from audit_entries where action = 'access.denied' and resource_id = 'plugin.publish'"
    )
    await connection.close()
    assert denied == 1


async def test_staff_without_a_tenant_do_not_publish(deps: Deps, operator: tuple) -> None:
    with pytest.raises(NotAllowed):
        await publish(deps, operator[0])


async def test_all_problems_of_a_package_are_named_at_once(deps: Deps, acme: Tenant) -> None:
    with pytest.raises(PackageProblems) as refused:
        await publish(deps, acme.manager, {"version": "1", "surprise": True, "kind": "robot"})
    pointers = {fault.pointer for fault in refused.value.faults}
    assert {"/version", "/kind"} <= pointers
    assert len(pointers) >= 3
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(PluginNotFound):
            await catalog.find_plugin(work, "acme.echo")


@pytest.mark.parametrize("lie", ["trailing data", "cut", "no archive", "a file outside"])
async def test_a_hostile_archive_leaves_nothing_in_the_store_and_no_name_in_the_catalogue(
    deps: Deps, acme: Tenant, urls: DatabaseUrls, tmp_path: Path, lie: str
) -> None:
    honest = make_package()
    hostile = {
        "trailing data": honest + b"more",
        "cut": honest[:-7],
        "no archive": b"PK" * 1000,
        "a file outside": make_package(files={"../../outside": b"x"}),
    }
    with pytest.raises(PackageProblems):
        await publish(deps, acme.manager, package=hostile[lie])
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []
    connection = await asyncpg.connect(urls.owner)
    try:
        for table in ("releases", "plugins", "namespaces", "publishers"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
    finally:
        await connection.close()


async def test_a_package_of_another_plugin_than_addressed_is_refused(deps: Deps, acme: Tenant) -> None:
    with pytest.raises(WrongPlugin):
        await catalog.publish_release(
            deps, acme.manager, "t", Submission(make_package(), plugin_id="acme.other")
        )


class _Killed(BaseException):
    """Nothing in the house catches this, as nothing catches a kill."""


class _DeadlyQueue:
    """The last thing that a work does is to hand over its events; here the process dies of it."""

    async def put(self, *_: object) -> None:
        raise _Killed


async def test_a_crash_before_the_commit_leaves_no_release_and_the_next_attempt_succeeds(
    deps: Deps, urls: DatabaseUrls, acme: Tenant
) -> None:
    dying = replace(deps, works=replace(deps.works, queue=_DeadlyQueue()))
    with pytest.raises(_Killed):
        await publish(dying, acme.manager)
    connection = await asyncpg.connect(urls.owner)
    for table in ("publishers", "namespaces", "plugins", "releases", "release_states", "pgqueuer"):
        assert await connection.fetchval(f"select count(*) from {table}") == 0
    await connection.close()
    release = await publish(deps, acme.manager)
    assert release.state is ReleaseState.PROCESSING
    assert await deps.blobs.get(release.package_sha256) == make_package()


async def test_publishing_is_audited_with_digest_and_visibility(
    deps: Deps, urls: DatabaseUrls, acme: Tenant
) -> None:
    release = await publish_listed(deps, acme.manager, visibility="private")
    connection = await asyncpg.connect(urls.owner)
    rows = await connection.fetch("select action, content from audit_entries order by id")
    await connection.close()
    told = {row["action"]: row["content"] for row in rows}
    assert {"publisher.create", "namespace.claim", "plugin.publish", "release.list"} <= set(told)
    assert release.package_sha256.encode() in told["plugin.publish"]
    assert b'"visibility":"private"' in told["plugin.publish"]


async def test_a_private_plugin_can_become_public_and_never_the_other_way(deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager, visibility="private")
    later = await publish(deps, acme.manager, {"version": "1.1.0"}, visibility="public")
    assert later.visibility == "public"
    with pytest.raises(VisibilityFixed):
        await publish(deps, acme.manager, {"version": "1.2.0"}, visibility="private")


async def test_visibility_stays_when_a_further_release_does_not_name_it(deps: Deps, acme: Tenant) -> None:
    await publish(deps, acme.manager, visibility="private")
    assert (await publish(deps, acme.manager, {"version": "1.1.0"})).visibility == "private"


async def test_an_audience_of_unknown_tenants_is_refused_and_nothing_is_published(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    with pytest.raises(AudienceRefused) as refused:
        await publish(deps, acme.manager, visibility="private", audience=["globex", "nobody"])
    assert [fault.pointer for fault in refused.value.faults] == ["/audience"]
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(PluginNotFound):
            await catalog.find_plugin(work, "acme.echo")


async def test_an_audience_of_a_public_plugin_is_refused(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    with pytest.raises(Invalid):
        await publish(deps, acme.manager, audience=["globex"])


@pytest.mark.parametrize(
    "submission",
    [
        Submission(b"x", visibility="secret"),
        Submission(b"x", visibility="public", audience=["globex"]),
        Submission(b"x", signature=b""),
        Submission(b"x", signature=b"s" * 65_537),
    ],
)
async def test_what_comes_beside_the_package_is_checked(
    deps: Deps, acme: Tenant, submission: Submission
) -> None:
    with pytest.raises(Invalid) as refused:
        await catalog.publish_release(deps, acme.manager, "t", submission)
    assert refused.value.faults[0].pointer in ("/visibility", "/audience", "/signature")
