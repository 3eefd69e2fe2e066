"""Moving releases through their states: who may, what follows, what is recorded."""

import asyncio
from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    NotYourPlugin,
    PluginNotFound,
    ReleaseNotFound,
    StateChangeRefused,
)
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant, make_staff
from tests.publishing import publish, publish_listed

S = ReleaseState


async def change(deps: Deps, actor: Actor, version: str, *rest: Any) -> ReleaseView:
    async with deps.works.begin(actor) as work:
        return await catalog.change_state(work, "acme.echo", version, *rest)


async def latest(deps: Deps, actor: Actor, channel: str = "stable") -> str:
    async with deps.works.begin(actor) as work:
        return (await catalog.find_release(work, "acme.echo", channel=channel)).version


@pytest.fixture
async def two(deps: Deps, acme: Tenant) -> None:
    for version in ("1.0.0", "1.1.0"):
        await publish_listed(deps, acme.manager, {"version": version})


async def test_a_yanked_release_is_latest_no_more_and_its_exact_version_still_resolves(
    deps: Deps, acme: Tenant, globex: Tenant, two: None
) -> None:
    assert await latest(deps, globex.viewer) == "1.1.0"
    await change(deps, acme.manager, "1.1.0", S.YANKED, "loses data")
    assert await latest(deps, globex.viewer) == "1.0.0"
    async with deps.works.begin(globex.viewer) as work:
        pinned = await catalog.find_release(work, "acme.echo", "1.1.0")
    assert (pinned.state, pinned.state_reason) == (S.YANKED, "loses data")


async def test_a_yank_can_be_taken_back(deps: Deps, acme: Tenant, globex: Tenant, two: None) -> None:
    await change(deps, acme.manager, "1.1.0", S.YANKED, "by mistake")
    await change(deps, acme.manager, "1.1.0", S.LISTED)
    assert await latest(deps, globex.viewer) == "1.1.0"


async def test_a_reason_is_kept_without_what_hides_or_turns_the_line_round(
    deps: Deps, acme: Tenant, two: None
) -> None:
    moved = await change(deps, acme.manager, "1.1.0", S.YANKED, "leaks\x00 \u202eexe.txt\ud800\r\nmuch")
    assert moved.state_reason == "leaks exe.txt\nmuch"
    with pytest.raises(Invalid):
        await change(deps, acme.manager, "1.0.0", S.YANKED, "\u202e\x00\u200e")


async def test_a_deprecated_release_is_still_offered_with_its_message_and_replacement(
    deps: Deps, acme: Tenant, globex: Tenant, two: None
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.better"})
    await change(deps, acme.manager, "1.1.0", S.DEPRECATED, "there is a better one", "acme.better")
    async with deps.works.begin(globex.viewer) as work:
        release = await catalog.find_release(work, "acme.echo")
    assert (release.version, release.state, release.replacement) == ("1.1.0", S.DEPRECATED, "acme.better")


@pytest.mark.parametrize("replacement", ["acme.echo", "acme.nothing", "not an id", "globex.secret"])
async def test_a_replacement_is_another_plugin_that_the_publisher_can_see(
    deps: Deps, acme: Tenant, globex: Tenant, two: None, replacement: str
) -> None:
    await publish_listed(deps, globex.manager, {"id": "globex.secret"}, visibility="private")
    with pytest.raises(Invalid) as refused:
        await change(deps, acme.manager, "1.1.0", S.DEPRECATED, "old", replacement)
    assert refused.value.faults[0].pointer == "/replacement"


async def test_a_public_release_names_no_private_plugin_as_its_replacement_and_a_private_one_may(
    deps: Deps, acme: Tenant, operator: tuple, two: None
) -> None:
    for plugin in ("acme.secret", "acme.old"):
        await publish_listed(deps, acme.manager, {"id": plugin}, visibility="private")
    for actor in (acme.manager, operator[0]):
        with pytest.raises(Invalid) as refused:
            await change(deps, actor, "1.1.0", S.DEPRECATED, "old", "acme.secret")
        assert refused.value.faults[0].pointer == "/replacement"
    async with deps.works.begin(acme.manager) as work:
        moved = await catalog.change_state(work, "acme.old", "1.0.0", S.DEPRECATED, "old", "acme.secret")
    assert moved.replacement == "acme.secret"


async def test_a_plugin_whose_releases_are_all_yanked_is_not_found_by_search_and_keeps_its_page(
    deps: Deps, acme: Tenant, globex: Tenant, two: None
) -> None:
    for version in ("1.0.0", "1.1.0"):
        await change(deps, acme.manager, version, S.YANKED, "gone")
    async with catalog.open_index(deps.works) as index, deps.works.begin(globex.viewer) as work:
        assert (await catalog.search_plugins(index, work, Criteria(), PageWanted())).page.total == 0
        plugin = await catalog.find_plugin(work, "acme.echo")
        with pytest.raises(ReleaseNotFound):
            await catalog.find_release(work, "acme.echo")
    assert (plugin.latest_version, plugin.latest_state) == ("1.1.0", S.YANKED)


async def test_previews_are_offered_only_to_who_asks_for_them(
    deps: Deps, acme: Tenant, globex: Tenant, two: None
) -> None:
    await publish_listed(deps, acme.manager, {"version": "2.0.0-rc.1"})
    assert await latest(deps, globex.viewer) == "1.1.0"
    assert await latest(deps, globex.viewer, "preview") == "2.0.0-rc.1"
    await publish_listed(deps, acme.manager, {"version": "2.0.0"})
    assert await latest(deps, globex.viewer, "preview") == "2.0.0"


async def test_a_plugin_with_previews_alone_offers_no_stable_release(deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager, {"version": "1.0.0-beta"})
    with pytest.raises(ReleaseNotFound):
        await latest(deps, acme.viewer)
    assert await latest(deps, acme.viewer, "preview") == "1.0.0-beta"


async def test_an_unknown_channel_is_refused(deps: Deps, acme: Tenant, two: None) -> None:
    with pytest.raises(Invalid):
        await latest(deps, acme.viewer, "nightly")


async def test_staff_quarantine_and_let_go_again(
    deps: Deps, acme: Tenant, globex: Tenant, operator: tuple, two: None
) -> None:
    await change(deps, operator[0], "1.1.0", S.QUARANTINED, "suspicious")
    assert await latest(deps, globex.viewer) == "1.0.0"
    await change(deps, operator[0], "1.1.0", S.LISTED)
    assert await latest(deps, globex.viewer) == "1.1.0"


@pytest.mark.parametrize("state", [S.QUARANTINED, S.BLOCKED, S.REMOVED])
async def test_a_publisher_gives_none_of_the_registrys_own_states(
    deps: Deps, acme: Tenant, two: None, state: ReleaseState
) -> None:
    with pytest.raises(NotAllowed):
        await change(deps, acme.admin, "1.1.0", state, "because")


async def test_a_publisher_does_not_take_a_quarantine_back(
    deps: Deps, acme: Tenant, operator: tuple, two: None
) -> None:
    await change(deps, operator[0], "1.1.0", S.QUARANTINED, "suspicious")
    with pytest.raises(NotAllowed):
        await change(deps, acme.admin, "1.1.0", S.LISTED)


async def test_a_publisher_does_not_take_back_what_staff_yanked_until_they_list_it(
    deps: Deps, acme: Tenant, operator: tuple, two: None
) -> None:
    await change(deps, acme.manager, "1.1.0", S.DEPRECATED, "old")
    await change(deps, operator[0], "1.1.0", S.YANKED, "it sends secrets away")
    for wanted in (S.LISTED, S.DEPRECATED, S.YANKED):
        with pytest.raises(StateChangeRefused, match="Staff have yanked"):
            await change(deps, acme.admin, "1.1.0", wanted, "nothing to see")
    await change(deps, operator[0], "1.1.0", S.QUARANTINED, "looked at again")
    await change(deps, operator[0], "1.1.0", S.LISTED)
    await change(deps, acme.manager, "1.1.0", S.YANKED, "our own doubts")
    assert (await change(deps, acme.manager, "1.1.0", S.LISTED)).state is S.LISTED


async def test_a_moderator_quarantines_and_removes_and_leaves_the_kill_list_to_the_operator(
    deps: Deps, acme: Tenant, two: None
) -> None:
    moderator, _ = await make_staff(deps.works, "Moderator")
    with pytest.raises(NotAllowed):
        await change(deps, moderator, "1.1.0", S.BLOCKED, "malware")
    await change(deps, moderator, "1.1.0", S.QUARANTINED, "suspicious")
    removed = await change(deps, moderator, "1.1.0", S.REMOVED, "malware")
    assert removed.state is S.REMOVED


async def test_staff_without_the_action_change_nothing(deps: Deps, acme: Tenant, two: None) -> None:
    finance, _ = await make_staff(deps.works, "Finance")
    with pytest.raises(NotAllowed):
        await change(deps, finance, "1.1.0", S.YANKED, "because")


async def test_another_publishers_public_plugin_is_not_theirs_to_change(
    deps: Deps, globex: Tenant, two: None
) -> None:
    with pytest.raises(NotYourPlugin):
        await change(deps, globex.manager, "1.1.0", S.YANKED, "because")


async def test_another_publishers_private_plugin_is_not_found(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, visibility="private")
    with pytest.raises(PluginNotFound):
        await change(deps, globex.manager, "1.0.0", S.YANKED, "because")


@pytest.mark.parametrize("role", ["Agent", "Viewer"])
async def test_members_who_may_not_publish_change_nothing(
    deps: Deps, acme: Tenant, two: None, role: str
) -> None:
    with pytest.raises(NotAllowed):
        await change(deps, acme.actors[role], "1.1.0", S.YANKED, "because")


async def test_a_missing_version_is_not_found(deps: Deps, acme: Tenant, two: None) -> None:
    for version in ("9.9.9", "x", "\x00"):
        with pytest.raises(ReleaseNotFound):
            await change(deps, acme.manager, version, S.YANKED, "because")


async def test_what_is_processing_is_moved_by_nobody_but_the_job_and_staff(deps: Deps, acme: Tenant) -> None:
    await publish(deps, acme.manager)
    for state in (S.LISTED, S.YANKED, S.DEPRECATED):
        with pytest.raises(StateChangeRefused):
            await change(deps, acme.manager, "1.0.0", state, "because")


async def test_changes_that_meet_happen_one_after_the_other(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, operator: tuple, two: None
) -> None:
    results = await asyncio.gather(
        *(change(deps, acme.manager, "1.1.0", S.YANKED, f"by {n}") for n in range(3)),
        change(deps, operator[0], "1.1.0", S.REMOVED, "malware"),
        return_exceptions=True,
    )
    refused = [r for r in results if isinstance(r, BaseException)]
    assert all(isinstance(error, StateChangeRefused | NotAllowed) for error in refused)
    async with deps.works.begin(acme.viewer) as work:
        assert (await catalog.find_release(work, "acme.echo", "1.1.0")).state is S.REMOVED
        assert (await catalog.find_release(work, "acme.echo")).version == "1.0.0"
    history = await rows(
        urls,
        "select position, s.state from release_states s join releases r on r.id = s.release_id"
        " where r.version = '1.1.0' order by position",
    )
    assert [row["position"] for row in history] == list(range(len(history)))
    assert history[-1]["state"] == "removed"


async def test_each_change_is_audited_and_told_with_what_others_need(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, two: None
) -> None:
    release = await change(deps, acme.manager, "1.1.0", S.YANKED, "loses the data of Ms Example")
    [entry] = await rows(urls, "select * from audit_entries where action = 'release.yank'")
    assert (entry["resource_id"], entry["tenant_id"]) == ("acme.echo@1.1.0", acme.id)
    assert b"Ms Example" not in entry["content"]
    [event] = await rows(
        urls, "select payload from pgqueuer where entrypoint = 'catalog.release_state_changed'"
    )
    assert release.component_sha256.encode() in event["payload"]
    assert b'"state":"yanked"' in event["payload"]


async def test_installations_are_counted_by_tenants_that_may_not_write_the_listing(
    deps: Deps, acme: Tenant, globex: Tenant, two: None
) -> None:
    for delta in (1, 1, -1, -1, -1, 1):
        async with deps.works.begin(globex.manager) as work:
            await catalog.change_installs(work, "acme.echo", delta)
    async with deps.works.begin(globex.viewer) as work:
        assert (await catalog.find_plugin(work, "acme.echo")).installs == 1


async def rows(urls: DatabaseUrls, query: str) -> list[Any]:
    connection = await asyncpg.connect(urls.owner)
    try:
        found: list[Any] = await connection.fetch(query)
        return found
    finally:
        await connection.close()
