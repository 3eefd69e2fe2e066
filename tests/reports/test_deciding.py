"""What staff decide about a report, what a verdict does to releases, and its appeal."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import StateChangeRefused
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseConflict, CaseSettled, OwnCase
from aei_marketplace.ground.actor import ANONYMOUS, Actor, MissingAction, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reports import jobs
from aei_marketplace.reports import service as reports
from tests.builders import Tenant, make_staff
from tests.clocks import Time
from tests.databases import rows
from tests.publishing import publish_listed
from tests.reports.conftest import decide, release, report, states

S = ReleaseState


async def appeal(deps: Deps, actor: Actor, case_id: Any) -> None:
    async with deps.works.begin(actor) as work:
        await decisions.record_appeal(work, reports.KIND, case_id, "there is nothing malicious in it")


async def test_a_dismissed_report_gives_every_release_back_as_it_was(
    deps: Deps, echo: None, trusted: Tenant, acme: Tenant, moderator: Actor
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.better"})
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.DEPRECATED, "old", "acme.better")
        await catalog.change_state(work, "acme.echo", "1.1.0", S.YANKED, "loses data")
    filed = await report(deps, trusted.viewer)
    assert await states(deps, acme.viewer) == [S.QUARANTINED, S.QUARANTINED]
    await decide(deps, moderator, filed.case_id, "dismiss", "nothing was found")
    old, new = [await release(deps, acme.viewer, version) for version in ("1.0.0", "1.1.0")]
    assert (old.state, old.state_reason, old.replacement) == (S.DEPRECATED, "old", "acme.better")
    assert (new.state, new.state_reason) == (S.YANKED, "loses data")


async def test_a_dismissal_leaves_alone_what_staff_did_for_another_reason(
    deps: Deps, echo: None, trusted: Tenant, acme: Tenant, operator: Actor, moderator: Actor
) -> None:
    filed = await report(deps, trusted.viewer)
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.BLOCKED, "a court wants it so")
    await decide(deps, moderator, filed.case_id, "dismiss")
    assert await states(deps, acme.viewer) == [S.BLOCKED, S.LISTED]


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("yank", S.YANKED), ("quarantine", S.QUARANTINED), ("block", S.BLOCKED), ("remove", S.QUARANTINED)],
)
@pytest.mark.parametrize("by_a_trusted_one", [True, False])
async def test_an_upheld_report_stops_what_it_named_and_its_appeal_brings_it_back(
    deps: Deps,
    echo: None,
    globex: Tenant,
    acme: Tenant,
    operator: Actor,
    verdict: str,
    state: ReleaseState,
    by_a_trusted_one: bool,
) -> None:
    if by_a_trusted_one:
        async with deps.works.begin(operator) as work:
            await reports.trust(work, email=None, tenant="globex", note="x")
    filed = await report(deps, globex.viewer, version="1.1.0")
    await decide(deps, operator, filed.case_id, verdict, "it sends secrets away")
    assert await states(deps, acme.viewer) == [S.LISTED, state]
    await appeal(deps, acme.manager, filed.case_id)
    assert await states(deps, acme.viewer) == [S.LISTED, state]
    with pytest.raises(OwnCase):
        await decide(deps, operator, filed.case_id, "dismiss")
    second = await _second_operator(deps)
    await decide(deps, second, filed.case_id, "dismiss", "the publisher is right")
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]
    async with deps.works.begin(globex.viewer) as work:
        assert (await reports.find_report(work, filed.id)).report.outcome == "dismissed"


async def test_a_publisher_does_not_undo_a_verdict_and_is_as_free_as_before_once_it_fell(
    deps: Deps, echo: None, globex: Tenant, acme: Tenant, moderator: Actor, operator: Actor
) -> None:
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.DEPRECATED, "old")
    filed = await report(deps, globex.viewer)
    await decide(deps, moderator, filed.case_id, "yank", "it sends secrets away")
    for version in ("1.0.0", "1.1.0"):
        with pytest.raises(StateChangeRefused):
            async with deps.works.begin(acme.admin) as work:
                await catalog.change_state(work, "acme.echo", version, S.LISTED)
    await appeal(deps, acme.manager, filed.case_id)
    await decide(deps, operator, filed.case_id, "dismiss", "the publisher is right")
    assert await states(deps, acme.viewer) == [S.DEPRECATED, S.LISTED]
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.LISTED)


async def test_a_removal_happens_when_nobody_appealed_in_time(
    deps: Deps, time: Time, echo: None, globex: Tenant, acme: Tenant, moderator: Actor
) -> None:
    filed = await report(deps, globex.viewer, version="1.1.0")
    await decide(deps, moderator, filed.case_id, "remove", "it sends secrets away")
    await jobs.remove_for_good(deps)
    assert await states(deps, acme.viewer) == [S.LISTED, S.QUARANTINED]
    time.ahead += timedelta(days=14, seconds=1)
    for _ in range(2):
        await jobs.remove_for_good(deps)
    assert await states(deps, acme.viewer) == [S.LISTED, S.REMOVED]
    async with deps.works.begin(ANONYMOUS) as work:
        [removed] = (await catalog.list_removals(work, PageWanted())).items
    assert (removed.version, removed.state_reason) == ("1.1.0", "it sends secrets away")


async def test_a_removal_that_was_appealed_waits_for_the_second_decision_and_is_then_for_good(
    deps: Deps, time: Time, echo: None, globex: Tenant, acme: Tenant, moderator: Actor, operator: Actor
) -> None:
    filed = await report(deps, globex.viewer)
    await decide(deps, moderator, filed.case_id, "remove")
    await appeal(deps, acme.admin, filed.case_id)
    time.ahead += timedelta(days=30)
    await jobs.remove_for_good(deps)
    assert await states(deps, acme.viewer) == [S.QUARANTINED, S.QUARANTINED]
    await decide(deps, operator, filed.case_id, "remove", "we are certain")
    assert await states(deps, acme.viewer) == [S.REMOVED, S.REMOVED]


async def test_a_removal_is_called_off_for_what_somebody_else_moved_meanwhile(
    deps: Deps, time: Time, echo: None, globex: Tenant, acme: Tenant, moderator: Actor, operator: Actor
) -> None:
    filed = await report(deps, globex.viewer)
    await decide(deps, moderator, filed.case_id, "remove")
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.LISTED)
    time.ahead += timedelta(days=15)
    await jobs.remove_for_good(deps)
    assert await states(deps, acme.viewer) == [S.LISTED, S.REMOVED]


async def test_a_moderator_does_not_use_the_kill_list_and_the_case_still_waits(
    deps: Deps, echo: None, globex: Tenant, acme: Tenant, moderator: Actor
) -> None:
    filed = await report(deps, globex.viewer)
    with pytest.raises(MissingAction):
        await decide(deps, moderator, filed.case_id, "block")
    async with deps.works.begin(moderator) as work:
        assert (await decisions.find_case(work, filed.case_id)).open
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]


async def test_an_effect_that_fails_takes_the_decision_with_it(
    deps: Deps,
    urls: DatabaseUrls,
    echo: None,
    globex: Tenant,
    acme: Tenant,
    moderator: Actor,
    operator: Actor,
) -> None:
    """Undoing a block is the kill list's business, which a moderator has no hand in."""
    filed = await report(deps, globex.viewer)
    await decide(deps, operator, filed.case_id, "block")
    await appeal(deps, acme.manager, filed.case_id)
    with pytest.raises(MissingAction):
        await decide(deps, moderator, filed.case_id, "dismiss")
    assert await states(deps, acme.viewer) == [S.BLOCKED, S.BLOCKED]
    assert len(await rows(urls, "select from case_decisions")) == 1


async def test_lifting_a_block_on_appeal_asks_a_browser_for_a_fresh_proof(
    deps: Deps, echo: None, globex: Tenant, acme: Tenant, operator: Actor
) -> None:
    filed = await report(deps, globex.viewer)
    await decide(deps, operator, filed.case_id, "block")
    await appeal(deps, acme.manager, filed.case_id)
    second = replace(operator, id=uuid4())
    left_alone = replace(second, session=uuid4(), proven_until=None)
    with pytest.raises(ProofNeeded):
        await decide(deps, left_alone, filed.case_id, "dismiss")
    assert await states(deps, acme.viewer) == [S.BLOCKED, S.BLOCKED]
    await decide(deps, second, filed.case_id, "dismiss")
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]


async def test_what_is_removed_stays_so_whatever_is_decided(
    deps: Deps, echo: None, globex: Tenant, acme: Tenant, moderator: Actor
) -> None:
    filed = await report(deps, globex.viewer)
    async with deps.works.begin(moderator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.REMOVED, "malware")
    await decide(deps, moderator, filed.case_id, "yank")
    assert await states(deps, acme.viewer) == [S.REMOVED, S.YANKED]


@pytest.mark.parametrize("role", ["Finance", "Certifier", "Curator"])
async def test_staff_who_do_not_moderate_decide_nothing(
    deps: Deps, echo: None, globex: Tenant, role: str
) -> None:
    filed = await report(deps, globex.viewer)
    other = (await make_staff(deps.works, role))[0]
    with pytest.raises(MissingAction):
        await decide(deps, other, filed.case_id, "dismiss")


async def test_of_two_moderators_who_decide_at_once_one_decides_and_the_effect_is_theirs(
    deps: Deps,
    urls: DatabaseUrls,
    echo: None,
    trusted: Tenant,
    acme: Tenant,
    moderator: Actor,
    operator: Actor,
) -> None:
    filed = await report(deps, trusted.viewer)
    results = await asyncio.gather(
        decide(deps, operator, filed.case_id, "dismiss"),
        decide(deps, moderator, filed.case_id, "quarantine"),
        return_exceptions=True,
    )
    [won] = [r for r in results if not isinstance(r, BaseException)]
    [lost] = [r for r in results if isinstance(r, BaseException)]
    assert isinstance(lost, CaseConflict)
    expected = S.LISTED if won.verdict == "dismiss" else S.QUARANTINED
    assert await states(deps, acme.viewer) == [expected, expected]
    with pytest.raises(CaseSettled):
        await decide(deps, operator, filed.case_id, "yank")


async def _second_operator(deps: Deps) -> Actor:
    async with deps.works.system("tests") as work:
        user = await accounts.create_user(work, name="Second", email="second@operator.example")
        await accounts.add_staff(work, user, "Operator")
    return await accounts.actor_for(deps.works, user, None)
