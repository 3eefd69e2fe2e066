"""Which release is taken where nobody named one."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import parse_version
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted
from aei_marketplace.installations.rules.choosing import Option, choose_version
from aei_marketplace.installations.rules.requests import Wish
from tests.builders import Tenant
from tests.clocks import Time
from tests.installations.conftest import CONFIGURED
from tests.plugins import install, publish, update
from tests.serving import Client

CORES = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
VERSIONS = st.builds(
    lambda core, pre: ".".join(map(str, core)) + pre,
    CORES,
    st.sampled_from(["", "-alpha", "-alpha.1", "-beta", "-beta.2", "-beta.11", "-rc.1"]),
)


def free(*versions: str) -> list[Option]:
    return [Option(version, None) for version in versions]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], None),
        ([Option("1.0.0", "too young")], None),
        (free("1.9.0", "1.10.0", "1.2.0"), "1.10.0"),
        (free("1.0.0-rc.2", "1.0.0-rc.11", "1.0.0-rc.x.1"), "1.0.0-rc.x.1"),
        (free("1.0.0-rc.1", "1.0.0"), "1.0.0"),
        ([Option("2.0.0", "incompatible"), *free("1.0.0", "1.1.0")], "1.1.0"),
        ([Option("2.0.0", None, second_choice=True), *free("1.0.0")], "1.0.0"),
        ([Option("2.0.0", None, second_choice=True), Option("1.0.0", "held back")], "2.0.0"),
    ],
)
def test_the_newest_that_nothing_stands_against_is_chosen(
    options: list[Option], expected: str | None
) -> None:
    assert choose_version(options) == expected


@given(st.dictionaries(VERSIONS, st.booleans()))
def test_nothing_hindered_is_chosen_and_nothing_free_stands_above_it(hindered: dict[str, bool]) -> None:
    chosen = choose_version(Option(v, "no" if no else None) for v, no in hindered.items())
    left = [parse_version(version) for version, no in hindered.items() if not no]
    assert (chosen is None) == (not left)
    assert chosen is None or (not hindered[chosen] and parse_version(chosen) == max(left))


# ---------------------------------------------------------------- through the services


async def release(deps: Deps, acme: Tenant, version: str, **more: object) -> None:
    await publish(deps, acme.manager, {**CONFIGURED, "version": version, **more})


async def offered(deps: Deps, actor: Actor, wish: Wish | None = None) -> tuple[str | None, str]:
    """What the button leads to, and what the plan is about."""
    async with deps.works.begin(actor) as work:
        button = (await service.actions_for(work, deps.aei_version, ["acme.echo"]))["acme.echo"]
        plan = await service.find_plan(work, deps.aei_version, "acme.echo", wish or Wish())
    return button.version, plan.release.version


async def version_of(deps: Deps, actor: Actor) -> str:
    async with deps.works.begin(actor) as work:
        return (await service.find_installation(work, "acme.echo")).installation.version


async def test_whoever_names_no_version_gets_the_newest_that_fits_their_tenant(
    deps: Deps, client: Client, acme: Tenant, globex: Tenant
) -> None:
    """Newer ones are yanked, of another AEI, a preview, not rolled out, or denied by the tenant's policy."""
    await release(deps, acme, "1.1.0")
    await release(deps, acme, "1.2.0")
    await release(deps, acme, "1.3.0", compatibility={"aei": ">=3.0.0"})
    await release(deps, acme, "1.4.0-rc.1")
    await release(deps, acme, "1.5.0", permissions={})
    scratch = {"scratch_mib": 1, "reason": "keeps notes"}
    await release(deps, acme, "1.6.0", permissions={"filesystem": scratch})
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.5.0", 0)
        await catalog.change_state(work, "acme.echo", "1.2.0", ReleaseState.YANKED, "for a test")
    async with deps.works.begin(globex.admin) as work:
        await service.change_policies(work, deps, {"deny": {"permissions": ["filesystem"]}})
    assert await offered(deps, globex.admin) == ("1.1.0", "1.1.0")
    assert await offered(deps, acme.admin) == ("1.6.0", "1.6.0")
    asked = await client.post("/api/plugins/acme.echo/install", json={}, token=globex.tokens["Admin"])
    assert asked.status == 202, asked
    assert any(told.startswith("1.6.0 is newer, and does not fit: ") for told in asked.json["warnings"])
    assert (await install(deps, globex.admin)).state == "succeeded", "whoever comes second follows the first"
    assert await version_of(deps, globex.admin) == "1.1.0"
    with pytest.raises(NotAdmitted, match=r"1\.6\.0: .*denies the permission filesystem.* No older release"):
        await update(deps, globex.admin)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.5.0", 100)
    assert (await offered(deps, globex.admin))[1] == "1.5.0"
    assert (await update(deps, globex.admin)).state == "succeeded"
    assert await version_of(deps, globex.admin) == "1.5.0"


async def test_a_release_that_is_not_rolled_out_is_had_by_its_name_alone(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_rollout(work, "acme.echo", "1.0.0", 0)
    with pytest.raises(NotAdmitted, match=r"1\.0\.0: .*not rolled out to your tenant yet; name its version"):
        await install(deps, globex.admin)
    assert (await install(deps, globex.admin, version="1.0.0")).state == "succeeded"


async def test_the_newest_that_is_old_enough_and_certified_is_taken_and_if_none_is_the_newest_says_why(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    time = Time()
    deps = replace(deps, works=replace(deps.works, clock=time.now))
    await release(deps, acme, "1.1.0")
    time.ahead = timedelta(hours=48)
    await release(deps, acme, "1.2.0")
    async with deps.works.begin(globex.admin) as work:
        change = {"minimum_release_age_hours": 24, "uncertified_releases": "refuse"}
        await service.change_policies(work, deps, change)
    with pytest.raises(NotAdmitted, match=r"1\.2\.0: .*minimum age.*Not certified.* No older release"):
        await install(deps, globex.admin)
    connection = await asyncpg.connect(urls.owner)
    certified = "update releases set certified_until = now() + interval '90 days' where version = '1.0.0'"
    assert await connection.execute(certified) == "UPDATE 1"
    await connection.close()
    assert await offered(deps, globex.admin) == ("1.0.0", "1.0.0")
    async with deps.works.begin(globex.admin) as work:
        await service.change_policies(work, deps, {"uncertified_releases": None})
    assert await offered(deps, globex.admin) == ("1.1.0", "1.1.0")
