"""Dependencies: the plan before anything is asked for, what comes along by name, what would be missing."""

from typing import Any

import pytest

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import GrantsBeyond, PlanChanged, Unresolvable
from aei_marketplace.installations.rules.admission import NOT_CERTIFIED
from aei_marketplace.installations.rules.requests import Along, Wish
from aei_marketplace.operations.rules import OperationState
from tests.builders import Tenant, make_staff
from tests.plugins import ASKING, carried_out, install, publish, update, work_off
from tests.publishing import publish_listed


async def plan_of(deps: Deps, tenant: Tenant, plugin_id: str, version: str | None = None) -> service.Plan:
    async with deps.works.begin(tenant.viewer) as work:
        return await service.find_plan(work, deps.aei_version, plugin_id, Wish(version))


async def steps_of(deps: Deps, tenant: Tenant, plugin_id: str) -> dict[str, str]:
    plan = await plan_of(deps, tenant, plugin_id)
    assert plan.problem is None
    return {step.release.plugin_id: step.release.version for step in plan.steps}


async def installed(deps: Deps, tenant: Tenant) -> dict[str, str]:
    async with deps.works.begin(tenant.admin) as work:
        page = await service.list_installations(work, PageWanted(limit=50))
    return {d.installation.plugin_id: d.installation.version for d in page.items}


async def needing(
    deps: Deps, acme: Tenant, plugin_id: str, wanted: dict[str, str], version: str = "1.0.0", **rest: Any
) -> None:
    await publish(deps, acme.manager, {"id": plugin_id, "version": version, "dependencies": wanted, **rest})


@pytest.fixture
async def operator(deps: Deps) -> Actor:
    return (await make_staff(deps.works))[0]


@pytest.fixture
async def chain(deps: Deps, acme: Tenant) -> None:
    """`acme.counter` needs `acme.tally`, which needs `acme.echo` (it asks for permissions)."""
    await needing(deps, acme, "acme.tally", {}, "1.0.0")
    await needing(deps, acme, "acme.tally", {"acme.echo": "^1.0.0"}, "1.4.0")
    await needing(deps, acme, "acme.tally", {}, "2.0.0")
    await needing(deps, acme, "acme.counter", {"acme.tally": ">=1.1.0 <2.0.0"})


@pytest.mark.usefixtures("chain")
async def test_the_plan_names_all_that_comes_along_and_what_it_asks_for(deps: Deps, globex: Tenant) -> None:
    plan = await plan_of(deps, globex, "acme.counter")
    assert [(s.release.plugin_id, s.release.version) for s in plan.steps] == [
        ("acme.echo", "1.0.0"),
        ("acme.tally", "1.4.0"),
    ]
    assert plan.steps[0].needed_by == ("acme.tally 1.4.0",)
    assert set(plan.steps[0].new_permissions) == set(ASKING["permissions"])
    assert await installed(deps, globex) == {}


@pytest.mark.usefixtures("chain")
async def test_what_was_agreed_to_is_installed_together_with_what_was_granted_each(
    deps: Deps, globex: Tenant
) -> None:
    secrets = {"secrets": {"names": ["ACME_KEY"]}}
    along = {"acme.echo": Along("1.0.0", secrets), "acme.tally": Along("1.4.0")}
    operation = await install(deps, globex.admin, "acme.counter", along=along)
    assert operation.state is OperationState.SUCCEEDED
    assert await installed(deps, globex) == {
        "acme.counter": "1.0.0",
        "acme.echo": "1.0.0",
        "acme.tally": "1.4.0",
    }
    async with deps.works.begin(globex.admin) as work:
        echo = (await service.find_installation(work, "acme.echo")).installation
    assert echo.grants == secrets
    assert not echo.pinned
    async with deps.works.begin(globex.admin) as work:
        for plugin_id in along:
            assert (await catalog.find_plugin(work, plugin_id)).installs == 1


@pytest.mark.parametrize(
    "along",
    [
        {},
        {"acme.echo": Along("1.0.0")},
        {"acme.echo": Along("1.0.0"), "acme.tally": Along("1.0.0")},
        {"acme.echo": Along("1.0.0"), "acme.tally": Along("1.4.0"), "acme.other": Along("1.0.0")},
    ],
)
@pytest.mark.usefixtures("chain")
async def test_agreeing_to_anything_but_the_plan_installs_nothing(
    deps: Deps, globex: Tenant, along: dict[str, Along]
) -> None:
    with pytest.raises(PlanChanged, match=r"would come: acme\.echo 1\.0\.0, acme\.tally 1\.4\.0"):
        await install(deps, globex.admin, "acme.counter", along=along)
    assert await installed(deps, globex) == {}


@pytest.mark.usefixtures("chain")
async def test_what_comes_along_is_granted_no_more_than_it_asks_for(deps: Deps, globex: Tenant) -> None:
    along = {"acme.echo": Along("1.0.0", {"filesystem": {}}), "acme.tally": Along("1.4.0")}
    with pytest.raises(GrantsBeyond):
        await install(deps, globex.admin, "acme.counter", along=along)


@pytest.mark.usefixtures("chain")
async def test_a_plan_that_changed_before_it_was_carried_out_installs_nothing(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    along = {"acme.echo": Along("1.0.0"), "acme.tally": Along("1.4.0")}
    async with deps.works.begin(globex.admin) as work:
        wish = Wish(along=along)
        asked = await service.request_install(work, deps.aei_version, "acme.counter", wish)
    await publish_listed(deps, acme.manager, {"id": "acme.tally", "version": "1.5.0"})
    ended = await carried_out(deps, globex.admin, asked.operation)
    assert ended.state is OperationState.FAILED
    assert (ended.problem or {})["type"].endswith("plan-changed")
    assert await installed(deps, globex) == {}


async def asked(deps: Deps, tenant: Tenant, plugin_id: str) -> list[str]:
    async with deps.works.begin(tenant.admin) as work:
        requested = await service.request_install(work, deps.aei_version, plugin_id, Wish())
    return [warning for warning in requested.warnings if warning != NOT_CERTIFIED]


@pytest.mark.usefixtures("chain")
async def test_a_plugin_that_is_installed_alone_says_what_it_lacks(deps: Deps, globex: Tenant) -> None:
    assert await asked(deps, globex, "acme.counter") == [
        "acme.echo is not installed; 1.0.0 does for acme.tally 1.4.0.",
        "acme.tally is not installed; 1.4.0 does for acme.counter 1.0.0.",
    ]
    await work_off(deps)
    assert await installed(deps, globex) == {"acme.counter": "1.0.0"}


async def test_a_conflict_names_who_needs_what_and_refuses_the_plan(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await needing(deps, acme, "acme.tally", {})
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.0.0"})
    await install(deps, globex.admin, "acme.counter", along={"acme.tally": Along("1.0.0")})
    await needing(deps, acme, "acme.tally", {}, "2.0.0")
    await needing(deps, acme, "acme.new", {"acme.tally": "^2.0.0"})
    told = (await plan_of(deps, globex, "acme.new")).problem
    assert told == (
        "acme.new 1.0.0 needs acme.tally ^2.0.0, but acme.counter 1.0.0, which is installed, needs acme.tally"
        " ^1.0.0; acme.tally 1.0.0 is installed, and no offered version above it does for all. Update"
        " acme.tally to a version that does, naming it, or uninstall what needs another."
    )
    assert await asked(deps, globex, "acme.new") == [told]
    with pytest.raises(Unresolvable, match="which is installed"):
        await install(deps, globex.admin, "acme.new", along={})


async def test_what_is_installed_moves_up_only_where_that_was_agreed_to(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await needing(deps, acme, "acme.tally", {})
    await install(deps, globex.admin, "acme.tally")
    await needing(deps, acme, "acme.tally", {}, "2.0.0", **ASKING)
    await needing(deps, acme, "acme.new", {"acme.tally": "^2.0.0"})
    [step] = (await plan_of(deps, globex, "acme.new")).steps
    assert step.present is not None
    assert (step.present.version, set(step.new_permissions)) == ("1.0.0", set(ASKING["permissions"]))
    await install(deps, globex.admin, "acme.new", along={"acme.tally": Along("2.0.0")})
    assert await installed(deps, globex) == {"acme.new": "1.0.0", "acme.tally": "2.0.0"}
    async with deps.works.begin(globex.admin) as work:
        assert (await service.find_installation(work, "acme.tally")).installation.grants == {}


async def test_an_update_brings_along_what_its_new_version_needs(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await needing(deps, acme, "acme.tally", {})
    await needing(deps, acme, "acme.counter", {})
    await install(deps, globex.admin, "acme.counter")
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.0.0"}, "1.1.0")
    assert await steps_of(deps, globex, "acme.counter") == {"acme.tally": "1.0.0"}
    await update(deps, globex.admin, "acme.counter", along={"acme.tally": Along("1.0.0")})
    assert await installed(deps, globex) == {"acme.counter": "1.1.0", "acme.tally": "1.0.0"}


async def test_an_update_that_would_leave_others_without_what_they_need_says_so(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await needing(deps, acme, "acme.tally", {})
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.0.0"})
    await install(deps, globex.admin, "acme.tally")
    await install(deps, globex.admin, "acme.counter")
    await needing(deps, acme, "acme.tally", {}, "2.0.0")
    plan = await plan_of(deps, globex, "acme.tally")
    assert plan.problem is not None
    assert plan.problem.startswith("acme.counter 1.0.0, which is installed, needs acme.tally ^1.0.0; ")


async def test_a_newer_release_that_does_not_go_with_the_rest_is_passed_over_and_named(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await needing(deps, acme, "acme.tally", {})
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.0.0"})
    await install(deps, globex.admin, "acme.counter", along={"acme.tally": Along("1.0.0")})
    await needing(deps, acme, "acme.tally", {}, "1.1.0")
    await needing(deps, acme, "acme.tally", {}, "2.0.0")
    await needing(deps, acme, "acme.new", {"acme.tally": "^1.0.0"})
    await needing(deps, acme, "acme.new", {"acme.tally": "^2.0.0"}, "1.1.0")
    plan = await plan_of(deps, globex, "acme.new")
    assert (plan.release.version, plan.problem) == ("1.0.0", None)
    passed_over = "1.1.0 is newer, and not chosen: acme.new 1.1.0 needs acme.tally ^2.0.0, but acme.counter"
    assert plan.warnings[-1].startswith(passed_over)
    [told] = await asked(deps, globex, "acme.new")
    assert told.startswith(passed_over)
    await work_off(deps)
    assert (await update(deps, globex.admin, "acme.tally")).state is OperationState.SUCCEEDED
    expected = {"acme.counter": "1.0.0", "acme.new": "1.0.0", "acme.tally": "1.1.0"}
    assert await installed(deps, globex) == expected
    async with deps.works.begin(globex.admin) as work:
        shown = await service.request_update(work, deps.aei_version, "acme.tally", Wish(seen="2.0.0"))
    assert any("which is installed, needs acme.tally ^1.0.0" in told for told in shown.warnings)


@pytest.mark.parametrize("barred", ["too young", "other AEI", "quarantined"])
async def test_what_admission_refuses_is_not_brought_along(
    deps: Deps, acme: Tenant, globex: Tenant, operator: Actor, barred: str
) -> None:
    await needing(deps, acme, "acme.tally", {})
    rest = {"compatibility": {"aei": ">=99.0.0"}} if barred == "other AEI" else {}
    await needing(deps, acme, "acme.tally", {}, "1.5.0", **rest)
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.5.0"})
    if barred == "too young":
        async with deps.works.begin(globex.admin) as work:
            await service.change_policies(work, deps, {"minimum_release_age_hours": 24})
    if barred == "quarantined":
        async with deps.works.begin(operator) as work:
            await catalog.change_state(
                work, "acme.tally", "1.5.0", catalog.ReleaseState.QUARANTINED, "it is examined"
            )
    version = "1.0.0" if barred == "too young" else None
    problem = (await plan_of(deps, globex, "acme.counter", version)).problem
    expected = {
        "too young": "acme.tally 1.5.0 would do, and your tenant cannot install it: The release is younger",
        "other AEI": "acme.tally 1.5.0 would do, and your tenant cannot install it: The release supports AEI",
        "quarantined": "none of the offered versions of acme.tally does for all (1.0.0)",
    }
    assert expected[barred] in str(problem)


async def test_an_exact_pin_still_brings_along_what_was_yanked_and_the_reason_is_told(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for version in ("1.0.0", "1.5.0", "1.6.0"):
        await needing(deps, acme, "acme.tally", {}, version)
    await needing(deps, acme, "acme.counter", {"acme.tally": "1.5.0"})
    await needing(deps, acme, "acme.other", {"acme.tally": "~1.5.0"})
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.tally", "1.5.0", catalog.ReleaseState.YANKED, "it miscounts")
    plan = await plan_of(deps, globex, "acme.counter")
    assert plan.told() == [
        "acme.tally is not installed; 1.5.0 does for acme.counter 1.0.0."
        " acme.tally 1.5.0 was yanked: it miscounts"
    ]
    along = {"acme.tally": Along("1.5.0")}
    assert (await install(deps, globex.admin, "acme.counter", along=along)).state == "succeeded"
    assert await installed(deps, globex) == {"acme.counter": "1.0.0", "acme.tally": "1.5.0"}
    problem = (await plan_of(deps, acme, "acme.other")).problem or ""
    assert "acme.tally 1.5.0 would do, and your tenant cannot install it: The release was yanked" in problem


async def test_a_dependency_on_anothers_private_plugin_tells_nothing_of_it(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.tally"}, visibility="private")
    await needing(deps, acme, "acme.counter", {"acme.tally": "^1.0.0"})
    await needing(deps, acme, "acme.other", {"acme.missing": "^1.0.0"})
    hidden = (await plan_of(deps, globex, "acme.counter")).problem or ""
    missing = (await plan_of(deps, globex, "acme.other")).problem or ""
    assert "no version of acme.tally is offered to your tenant" in hidden
    assert hidden.replace("tally", "missing").replace("counter", "other") == missing


@pytest.mark.usefixtures("chain")
async def test_uninstalling_what_others_need_warns_of_them(deps: Deps, globex: Tenant) -> None:
    await install(deps, globex.admin, "acme.counter")
    await install(deps, globex.admin, "acme.tally", version="1.4.0")
    async with deps.works.begin(globex.admin) as work:
        requested = await service.request_uninstall(work, "acme.tally", purge=False)
    assert requested.warnings == [
        "acme.counter 1.0.0 needs acme.tally >=1.1.0 <2.0.0; without it those calls fail."
    ]
    async with deps.works.begin(globex.admin) as work:
        alone = await service.request_uninstall(work, "acme.counter", purge=False)
    assert alone.warnings == []
