"""New releases are scanned before they are listed."""

from dataclasses import replace
from datetime import timedelta

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.certification import service
from aei_marketplace.certification.jobs import scans
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.certification.rules.turns import FIRST_PAUSE, MOST_ATTEMPTS
from aei_marketplace.certification.service.scanning import scan_next, take_turn
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ScanFailed
from tests.builders import Tenant
from tests.certification.conftest import (
    BAD,
    ScriptedScanner,
    actions,
    release,
    set_policy,
    submit,
    told,
)
from tests.clocks import Time
from tests.plugins import publish, work_off

S = RequestState


async def test_a_new_release_is_listed_after_its_scan_and_held_when_that_fails_or_breaks(
    deps: Deps, acme: Tenant, scanner: ScriptedScanner, time: Time
) -> None:
    deps = replace(deps, publish_scan=True)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.PROCESSING
    assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.LISTED

    scanner.failed = {"permissions": BAD}
    await publish(deps, acme.manager, {"version": "1.2.0"})
    assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.2.0")
    assert held.state is ReleaseState.HELD
    assert "It asks for the network" in held.state_reason
    async with deps.works.begin(acme.manager) as work:
        standing = await service.find_standing(work, "acme.echo", "1.2.0")
    assert (standing.publish_scan.request.state, standing.certification) == (S.DENIED, None)

    scanner.failed, scanner.broken = {}, ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.3.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.3.0")
    assert (held.state, "could not be scanned" in held.state_reason) == (ReleaseState.HELD, True)
    await work_off(deps)
    kinds = await told(deps, acme.manager)
    assert (kinds.count("release.held"), kinds.count("release.delayed")) == (1, 1)
    scanner.broken = None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.3.0")).state is ReleaseState.LISTED
    assert not await scan_next(deps)

    scanner.broken = ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.4.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    scanner.failed, scanner.broken = {"permissions": BAD}, None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.4.0")
    assert (held.state, "It asks for the network" in held.state_reason) == (ReleaseState.HELD, True)
    await work_off(deps)
    kinds = await told(deps, acme.manager)
    assert (kinds.count("release.held"), kinds.count("release.delayed")) == (2, 2)


async def test_a_scan_that_never_ends_rests_longer_each_time_and_lets_others_go_first(
    deps: Deps, acme: Tenant, operator: Actor, scanner: ScriptedScanner, time: Time
) -> None:
    deps, scanner.broken = replace(deps, publish_scan=True), ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.1.0"})
    for pause in (10, 20, 40):
        for _ in range(MOST_ATTEMPTS):
            assert await scan_next(deps)
        time.ahead += timedelta(minutes=pause - 1)
        await scans.try_held_again(deps)
        assert await take_turn(deps.works) is None
        time.ahead += timedelta(minutes=1)
        await scans.try_held_again(deps)
    wish = (await submit(deps, acme.manager)).request
    await publish(deps, acme.manager, {"version": "1.2.0"})
    order = [await take_turn(deps.works) for _ in range(3)]
    assert [each.version for each in order] == ["1.2.0", "1.1.0", "1.0.0"]
    assert order[-1].id == wish.id


async def test_an_operator_may_have_unscanned_releases_listed_and_that_is_on_record(
    deps: Deps, acme: Tenant, operator: Actor, scanner: ScriptedScanner, urls: DatabaseUrls, time: Time
) -> None:
    await set_policy(deps, operator, publish_on_error="list")
    deps, scanner.broken = replace(deps, publish_scan=True), ScanFailed("walls", "there are none")
    await publish(deps, acme.manager, {"version": "1.1.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.LISTED
    assert "certification.unscanned" in await actions(urls)

    scanner.failed, scanner.broken = {"permissions": BAD}, None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    stopped = await release(deps, acme.manager, "1.1.0")
    assert stopped.state is ReleaseState.QUARANTINED
    assert "It asks for the network" in stopped.state_reason
    await work_off(deps)
    for actor in (acme.manager, operator):
        assert "release.stopped" in await told(deps, actor)
