"""Advisories where a plugin is installed: who is told, what is shown, refused, and mended by itself."""

from dataclasses import replace
from typing import Any

import pytest

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import NoSuchAdvisory
from aei_marketplace.catalog.service import Advisory
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted, PolicyUnfit
from aei_marketplace.installations.rules.admission import NOT_CERTIFIED, Answer, admit
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.notices import service as notices
from tests.builders import Tenant, make_staff, make_tenant
from tests.installations.conftest import CONFIGURED
from tests.installations.test_rules import FACTS
from tests.plugins import install, publish, uninstall, work_off

SAID = {"severity": "moderate", "title": "Echoes too much", "details": "To anybody.", "affected": "<1.1.0"}


async def file(deps: Deps, actor: Actor, **more: Any) -> Advisory:
    """File an advisory about acme.echo and do the jobs that follow."""
    async with deps.works.begin(actor) as work:
        advisory = await catalog.file_advisory(work, "acme.echo", SAID | more)
    await work_off(deps)
    return advisory


async def change(deps: Deps, actor: Actor, advisory: Advisory, **to: Any) -> None:
    async with deps.works.begin(actor) as work:
        await catalog.change_advisory(work, advisory.id, to)
    await work_off(deps)


async def release(deps: Deps, acme: Tenant, version: str) -> None:
    await publish(deps, acme.manager, {**CONFIGURED, "version": version})


async def heard(deps: Deps, actor: Actor) -> list[str]:
    """The kinds of notices about advisories that somebody has, the oldest first."""
    async with deps.works.begin(actor) as work:
        found = (await notices.list_notices(work, PageWanted())).page.items
    return [notice.kind for notice in reversed(list(found)) if notice.kind.startswith("advisory.")]


async def reach(deps: Deps, actor: Actor, advisory: Advisory) -> list[tuple[str | None, str, int]]:
    async with deps.works.begin(actor) as work:
        found = await service.advisory_reach(work, advisory.id)
    return [(each.tenant, each.version, each.installations) for each in found]


async def version_of(deps: Deps, tenant: Tenant) -> str:
    async with deps.works.begin(tenant.admin) as work:
        return (await service.find_installation(work, "acme.echo")).installation.version


async def test_who_has_an_affected_release_is_told_and_reads_it_at_the_installation(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    initech = await make_tenant(deps.works, "initech")
    await install(deps, globex.admin)
    await release(deps, acme, "1.1.0")
    await install(deps, initech.admin)
    advisory = await file(deps, acme.manager, fixed="1.1.0")
    assert await heard(deps, globex.manager) == ["advisory.filed"]
    assert await heard(deps, initech.manager) == [], "it has what is mended"
    async with deps.works.begin(globex.viewer) as work:
        [described] = (await service.list_installations(work, PageWanted())).items
    assert described.shape()["advisories"] == [
        {"id": advisory.id, "severity": "moderate", "title": "Echoes too much", "fixed": "1.1.0"}
    ]


async def test_a_change_is_told_where_it_says_more_and_a_withdrawal_where_it_concerned(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await install(deps, globex.admin)
    advisory = await file(deps, acme.manager)
    await change(deps, acme.manager, advisory, title="Echoes much too much")
    assert await heard(deps, globex.manager) == ["advisory.filed"]
    await change(deps, acme.manager, advisory, severity="critical")
    assert await heard(deps, globex.manager) == ["advisory.filed", "advisory.grave"]
    async with deps.works.begin(acme.manager) as work:
        await catalog.withdraw_advisory(work, advisory.id, "It was another plugin.")
    await work_off(deps)
    assert (await heard(deps, globex.manager))[-1] == "advisory.withdrawn"


async def test_a_tenant_sees_its_own_installations_staff_all_and_the_publisher_only_numbers(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    initech = await make_tenant(deps.works, "initech")
    certifier, _ = await make_staff(deps.works, "Certifier")
    finance, _ = await make_staff(deps.works, "Finance")
    for tenant in (globex, initech):
        await install(deps, tenant.admin)
    advisory = await file(deps, acme.manager)
    assert await reach(deps, globex.viewer, advisory) == [("globex", "1.0.0", 1)]
    assert await reach(deps, certifier, advisory) == [("globex", "1.0.0", 1), ("initech", "1.0.0", 1)]
    assert await reach(deps, acme.viewer, advisory) == [(None, "1.0.0", 2)]
    await install(deps, acme.admin)
    assert sorted(await reach(deps, acme.viewer, advisory), key=str) == [
        ("acme", "1.0.0", 1),
        (None, "1.0.0", 2),
    ]
    await uninstall(deps, globex.admin)
    assert await reach(deps, globex.viewer, advisory) == []
    for actor, refusal in ((finance, NotAllowed), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(refusal):
            await reach(deps, actor, advisory)


async def test_how_far_an_advisory_about_a_private_plugin_reaches_strangers_do_not_learn(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    hidden = {**CONFIGURED, "id": "acme.hidden"}
    await publish(deps, acme.manager, hidden, visibility="private")
    async with deps.works.begin(acme.manager) as work:
        advisory = await catalog.file_advisory(work, "acme.hidden", SAID)
    with pytest.raises(NoSuchAdvisory):
        await reach(deps, globex.admin, advisory)


async def test_an_affected_release_is_installed_with_a_warning_unless_the_tenant_refuses_it(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    advisory = await file(deps, acme.manager)
    async with deps.works.begin(globex.admin) as work:
        plan = await service.find_plan(work, deps.aei_version, "acme.echo", Wish())
    assert plan.warnings == (f"The release is affected by {advisory.id}.", NOT_CERTIFIED)
    async with deps.works.begin(globex.admin) as work:
        await service.change_policies(work, deps, {"affected_releases": "refuse"})
    for wish in ({}, {"version": "1.0.0"}):
        with pytest.raises(NotAdmitted, match=f"{advisory.id}. Your tenant's policy refuses"):
            await install(deps, globex.admin, **wish)
    async with deps.works.begin(globex.admin) as work:
        await service.change_policies(work, deps, {"affected_releases": None})
    assert (await install(deps, globex.admin)).state == "succeeded"


@pytest.mark.parametrize("value", ["", "allow", True, 1, []])
async def test_what_else_a_policy_says_of_affected_releases_is_refused(
    deps: Deps, globex: Tenant, value: Any
) -> None:
    with pytest.raises(PolicyUnfit):
        async with deps.works.begin(globex.admin) as work:
            await service.change_policies(work, deps, {"affected_releases": value})


async def follow(deps: Deps, tenant: Tenant, updates: str) -> None:
    await install(deps, tenant.admin)
    async with deps.works.begin(tenant.admin) as work:
        await service.change(work, "acme.echo", service.Change(policy={"updates": updates}))


async def run_job(deps: Deps) -> None:
    await service.update_automatically(deps)
    await work_off(deps)


async def test_an_update_that_leaves_an_affected_range_counts_as_security(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, "security")
    await release(deps, acme, "1.1.0")
    await run_job(deps)
    assert await version_of(deps, globex) == "1.0.0"
    await file(deps, acme.manager)
    await run_job(deps)
    assert await version_of(deps, globex) == "1.1.0"


async def test_an_update_within_the_affected_range_does_not(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await follow(deps, globex, "security")
    await release(deps, acme, "1.0.1")
    await file(deps, acme.manager)
    await run_job(deps)
    assert await version_of(deps, globex) == "1.0.0"


async def test_nothing_updates_by_itself_to_what_an_advisory_newly_concerns(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await follow(deps, globex, "all")
    for version in ("1.1.0", "1.2.0"):
        await release(deps, acme, version)
    await file(deps, acme.manager, affected=">=1.2.0")
    await run_job(deps)
    assert await version_of(deps, globex) == "1.1.0"


def test_what_is_installed_goes_on_running_with_a_warning_whatever_the_policy_refuses() -> None:
    facts = replace(FACTS, advisories=("AEI-2c3d-4f5g-6h7j",), refuses_affected=True)
    assert admit(facts).answer is Answer.NO
    assert admit(replace(facts, purpose="execute")).answer is Answer.WARN
    assert admit(replace(facts, refuses_affected=False)).answer is Answer.WARN
