"""Dependencies: the version that does for all, and who excludes which where none does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import satisfies
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service
from aei_marketplace.installations.rules.dependencies import (
    Requirement,
    Resolution,
    missing_dependencies,
    resolve,
)
from aei_marketplace.installations.rules.requests import Wish
from tests.builders import Tenant
from tests.plugins import install, publish

OFFERED = ["2.1.0", "2.0.0", "1.4.0", "1.0.0"]
NEW, OLD = Requirement("acme.counter 2.0.0", "^2.0.0"), Requirement("acme.report 1.1.0", "^1.0.0")


def test_the_highest_version_in_every_range_is_taken() -> None:
    assert resolve(OFFERED, [OLD]) == Resolution("1.4.0")
    assert resolve(OFFERED, [NEW, Requirement("acme.x 1.0.0", "<2.1.0")]) == Resolution("2.0.0")


def test_where_none_does_it_is_said_which_requirement_of_whom_excludes_which_version() -> None:
    found = resolve(["2.1.0", "1.4.0"], [NEW, OLD])
    assert found.version is None
    assert found.why == (
        "2.1.0 is excluded by acme.report 1.1.0 (needs ^1.0.0); "
        "1.4.0 is excluded by acme.counter 2.0.0 (needs ^2.0.0)"
    )


def test_an_explanation_stays_short() -> None:
    found = resolve([f"1.{n}.0" for n in range(50, 0, -1)], [NEW])
    assert found.why.count("is excluded by") == 5
    assert found.why.endswith("and 45 lower ones likewise")


def test_of_what_is_not_offered_there_is_no_version() -> None:
    assert resolve([], [NEW]) == Resolution(None, "no version is offered to your tenant")


@pytest.mark.parametrize("unreadable", ["", "no range", "||", "x" * 300, "^^1", "1.2.3 ||"])
def test_in_a_range_that_cannot_be_read_lies_no_version(unreadable: str) -> None:
    found = resolve(OFFERED, [Requirement("acme.odd 1.0.0", unreadable)])
    assert found.version is None
    assert "acme.odd 1.0.0" in found.why


ranges = st.sampled_from(["^1.0.0", "^2.0.0", ">=1.4.0", "<2.0.0", "*", "2.1.0", "junk"])


@given(st.lists(ranges, max_size=4))
def test_what_is_taken_lies_in_every_range_and_nothing_higher_does(wanted: list[str]) -> None:
    found = resolve(OFFERED, [Requirement(f"by {n}", each) for n, each in enumerate(wanted)])
    fitting = ["junk" not in wanted and all(satisfies(v, r) for r in wanted) for v in OFFERED]
    assert found.version == next((v for v, fits in zip(OFFERED, fitting, strict=True) if fits), None)
    assert bool(found.why) is (found.version is None)


def test_what_is_installed_and_fits_needs_no_word() -> None:
    needed = {"acme.tally": [OLD]}
    assert missing_dependencies(needed, {"acme.tally": "1.0.0"}, {"acme.tally": OFFERED}) == []
    [told] = missing_dependencies({"acme.tally": [NEW]}, {"acme.tally": "1.0.0"}, {"acme.tally": OFFERED})
    assert told == "acme.tally 1.0.0 is installed; 2.1.0 does for acme.counter 2.0.0 (needs ^2.0.0)."


async def asked(deps: Deps, tenant: Tenant, plugin_id: str) -> list[str]:
    async with deps.works.begin(tenant.admin) as work:
        requested = await service.request_install(work, deps.aei_version, plugin_id, Wish())
    return list(requested.warnings)


async def needing(deps: Deps, acme: Tenant, plugin_id: str, wanted: str) -> None:
    await publish(deps, acme.manager, {"id": plugin_id, "dependencies": {"acme.tally": wanted}})


async def test_installing_says_which_dependency_is_missing_and_what_would_do(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for version in ("1.0.0", "1.4.0", "2.0.0"):
        await publish(deps, acme.manager, {"id": "acme.tally", "version": version})
    await needing(deps, acme, "acme.counter", "^1.0.0")
    [told] = await asked(deps, globex, "acme.counter")
    assert "acme.tally, which is not installed; 1.4.0 does for acme.counter 1.0.0 (needs ^1.0.0)" in told


async def test_what_is_installed_already_has_its_say_and_a_conflict_is_explained(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for version in ("1.0.0", "2.0.0"):
        await publish(deps, acme.manager, {"id": "acme.tally", "version": version})
    await needing(deps, acme, "acme.old", "^1.0.0")
    await needing(deps, acme, "acme.new", "^2.0.0")
    await install(deps, globex.admin, "acme.old")
    await install(deps, globex.admin, "acme.tally", version="1.0.0")
    [told] = await asked(deps, globex, "acme.new")
    assert "No version of acme.tally does" in told
    assert "2.0.0 is excluded by acme.old 1.0.0 (needs ^1.0.0)" in told
    assert "1.0.0 is excluded by acme.new 1.0.0 (needs ^2.0.0)" in told


async def test_a_dependency_on_anothers_private_plugin_tells_nothing_of_it(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.tally"}, visibility="private")
    await needing(deps, acme, "acme.counter", "^1.0.0")
    [told] = await asked(deps, globex, "acme.counter")
    assert told.endswith("no version is offered to your tenant.")
