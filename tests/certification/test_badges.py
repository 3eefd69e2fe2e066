"""The end of a badge, who is told, and tenants that run certified releases alone."""

from datetime import timedelta

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.certification import service
from aei_marketplace.certification.jobs import badges
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.certification.service.badges import end_vulnerable, sign_badges
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.errors import NotAdmitted, PolicyUnfit
from aei_marketplace.installations.rules.admission import NOT_CERTIFIED
from aei_marketplace.installations.rules.requests import Wish
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import (
    KEY,
    actions,
    certified,
    dated,
    decide,
    look,
    release,
    scanned,
    told,
)
from tests.clocks import Time
from tests.plugins import install, publish, update, work_off

S = RequestState


@pytest.mark.parametrize("by", ["quarantine", "advisory", "packages", "time"])
async def test_a_badge_ends_and_every_tenant_that_runs_the_release_is_told(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, time: Time, by: str, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    assert (await install(deps, globex.admin)).state == "succeeded"
    request = await certified(deps, acme.manager, certifier)
    if by == "quarantine":
        async with deps.works.begin(operator) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "looked at")
    elif by == "advisory":
        async with deps.works.begin(certifier) as work:
            await catalog.file_advisory(
                work, "acme.echo", {"severity": "high", "title": "Bad", "details": "Very", "affected": "*"}
            )
    elif by == "packages":
        await concern(urls, request)
        await end_vulnerable(deps.works, request.release_id, ["PYSEC-1"], "trace")
    else:
        time.ahead = timedelta(days=181)
        await badges.end_expired(deps)
    await work_off(deps)
    ended = await look(deps, acme.manager, request)
    assert ended.state is (S.EXPIRED if by == "time" else S.SUSPENDED)
    assert ended.suspended_reason
    assert not (await release(deps, acme.viewer)).certified
    assert "certification.ended" in await told(deps, globex.admin)
    assert "certification.lost" in await told(deps, acme.manager)
    action = "certification.expire" if by == "time" else "certification.suspend"
    assert (await actions(urls))[-1] == action


async def test_a_badge_that_was_renewed_outlives_the_end_of_the_one_before(
    deps: Deps, acme: Tenant, certifier: Actor, time: Time, urls: DatabaseUrls
) -> None:
    first = await certified(deps, acme.manager, certifier)
    time.ahead = timedelta(days=100)
    await dated(urls)
    second = await certified(deps, acme.manager, certifier)
    assert second.id != first.id
    time.ahead = timedelta(days=200)
    await badges.end_expired(deps)
    await work_off(deps)
    assert (await look(deps, acme.manager, first)).state is S.EXPIRED
    shown = await release(deps, acme.viewer)
    assert (shown.certification, shown.certified_until) == (second.id, second.expires_at)
    assert "certification.lost" not in await told(deps, acme.manager)
    time.ahead = timedelta(days=300)
    await badges.end_expired(deps)
    await work_off(deps)
    assert not (await release(deps, acme.viewer)).certified
    assert "certification.lost" in await told(deps, acme.manager)


@pytest.mark.parametrize("by", ["quarantine", "advisory", "packages"])
async def test_what_comes_between_an_approval_and_its_signature_leaves_it_unsigned(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, by: str, urls: DatabaseUrls
) -> None:
    request = await decide(deps, certifier, await scanned(deps, acme.manager))
    if by == "quarantine":
        async with deps.works.begin(operator) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "looked at")
    elif by == "advisory":
        async with deps.works.begin(certifier) as work:
            await catalog.file_advisory(
                work, "acme.echo", {"severity": "high", "title": "Bad", "details": "Very", "affected": "*"}
            )
    else:
        await concern(urls, request)
    await sign_badges(deps.works, KEY)  # before any reaction to it
    ended = await look(deps, acme.manager, request)
    assert (ended.state, ended.signed) == (S.SUSPENDED, False)
    assert not (await release(deps, acme.viewer)).certified
    await work_off(deps)
    assert "certification.granted" not in await told(deps, acme.manager)
    assert "certification.lost" in await told(deps, acme.manager)


async def concern(urls: DatabaseUrls, request: service.Request) -> None:
    """Have a grave advisory stand against a package inside the release."""
    connection = await asyncpg.connect(urls.system)
    await connection.execute(
        "insert into package_advisories (id, modified, aliases, severity, vectors, informational, summary,"
        " details, links, digest)"
        " values ('PYSEC-1', now(), '{}', 'critical', '{}', '', 'Bad', 'Very', '{}', $1)",
        bytes(16),
    )
    await connection.execute(
        "insert into release_vulnerabilities (release_id, ecosystem, normal_name, name, version, origin,"
        " advisory_id, certain, fixed, informational, since)"
        " values ($1, 'PyPI', 'urllib3', 'urllib3', '1.0', 'embedded', 'PYSEC-1', true, '{}', '', now())",
        request.release_id,
    )
    await connection.close()


async def test_a_tenant_that_wants_certified_releases_installs_no_others_and_keeps_what_runs(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    globex = await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.admin) as work:
        plan = await installations.find_plan(work, deps.aei_version, "acme.echo", Wish())
        assert plan.warnings == (NOT_CERTIFIED,)
    async with deps.works.begin(globex.admin) as work:
        await installations.change_policies(work, deps, {"uncertified_releases": "refuse"})
    with pytest.raises(NotAdmitted, match="wants certified releases"):
        await install(deps, globex.admin)
    await certified(deps, acme.manager, certifier)
    async with deps.works.begin(globex.admin) as work:
        action = (await installations.actions_for(work, deps.aei_version, ["acme.echo"]))["acme.echo"]
        plan = await installations.find_plan(work, deps.aei_version, "acme.echo", Wish())
    assert (action.certified, plan.warnings) == (True, ())
    assert (await install(deps, globex.admin)).state == "succeeded"
    await publish(deps, acme.manager, {"version": "1.1.0"})
    with pytest.raises(NotAdmitted):
        await update(deps, globex.admin)
    with pytest.raises(PolicyUnfit):
        async with deps.works.begin(globex.admin) as work:
            await installations.change_policies(work, deps, {"uncertified_releases": "perhaps"})
