"""Reporting, quarantine by a trusted word, staff's decision, its appeal, removal, and who sees what."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from aei_marketplace import worker
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound, ReleaseNotFound, StateChangeRefused
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseConflict, CaseSettled, OwnCase
from aei_marketplace.ground.actor import ANONYMOUS, Actor, MissingAction, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reports import jobs
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.errors import AlreadyReported, AlreadyTrusted, NotTrusted, TooManyReports
from aei_marketplace.reports.events import PluginReported
from aei_marketplace.reports.rules import filing
from tests.builders import Tenant, make_staff, make_tenant
from tests.clocks import Time
from tests.publishing import publish_listed
from tests.reports.conftest import decide, release, report, states

S = ReleaseState


async def appeal(deps: Deps, actor: Actor, case_id: Any) -> None:
    async with deps.works.begin(actor) as work:
        await decisions.record_appeal(work, reports.KIND, case_id, "there is nothing malicious in it")


# ---------------------------------------------------------------- reporting


async def test_everyone_who_sees_a_plugin_reports_it_and_staff_find_it_in_the_queue(
    deps: Deps, echo: None, globex: Tenant, moderator: Actor
) -> None:
    for actor in globex.actors.values():
        await report(deps, actor, "broken", "it does not start")
    async with deps.works.begin(moderator) as work:
        page, _ = await decisions.list_queue(
            work,
            PageWanted(),
            decides={reports.KIND.name},
            kind=None,
            shown=decisions.Shown.OPEN,
            mine=False,
        )
        listed = await reports.list_reports(work, PageWanted(), case_id=page.items[0].id)
    assert page.total == 1
    assert page.items[0].title == "Is acme.echo broken?"
    assert listed.total == 4
    assert listed.items[0].record is not None


async def test_a_plain_report_stops_nothing(deps: Deps, echo: None, globex: Tenant) -> None:
    assert not (await report(deps, globex.viewer)).stops
    assert await states(deps, globex.viewer) == [S.LISTED, S.LISTED]


async def test_another_tenants_private_plugin_is_as_absent_as_one_that_never_was(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    with pytest.raises(PluginNotFound) as private:
        await report(deps, globex.viewer, plugin="acme.secret")
    with pytest.raises(PluginNotFound) as absent:
        await report(deps, globex.viewer, plugin="acme.absent")
    assert private.value.detail.replace("secret", "absent") == absent.value.detail
    assert await rows(urls, "select from cases") == []
    assert (await report(deps, acme.viewer, plugin="acme.secret")).plugin_id == "acme.secret"


async def test_a_version_that_is_not_there_is_refused(deps: Deps, echo: None, globex: Tenant) -> None:
    with pytest.raises(ReleaseNotFound):
        await report(deps, globex.viewer, version="9.9.9")


async def test_who_is_not_signed_in_or_of_no_tenant_does_not_report(
    deps: Deps, echo: None, moderator: Actor
) -> None:
    with pytest.raises(NotSignedIn):
        await report(deps, ANONYMOUS)
    with pytest.raises(MissingAction):
        await report(deps, moderator)


async def test_a_person_has_one_open_report_about_a_plugin(
    deps: Deps, urls: DatabaseUrls, echo: None, globex: Tenant, operator: Actor
) -> None:
    results = await asyncio.gather(*(report(deps, globex.viewer) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(r, AlreadyReported) for r in results) == 2
    [case] = await rows(urls, "select id from cases")
    await decide(deps, operator, case["id"], "dismiss")
    assert (await report(deps, globex.viewer)).case_id != case["id"]


async def test_a_flood_of_reports_ends_at_the_tenth_also_when_they_come_at_once(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, time: Time
) -> None:
    names = [f"acme.p{n}" for n in range(filing.MOST_REPORTS + 2)]
    for name in names:
        await publish_listed(deps, acme.manager, {"id": name})
    results = await asyncio.gather(
        *(report(deps, globex.viewer, plugin=name) for name in names), return_exceptions=True
    )
    assert sum(isinstance(r, TooManyReports) for r in results) == 2
    assert len(await rows(urls, "select from reports")) == filing.MOST_REPORTS
    time.ahead += timedelta(hours=25)
    refused = [name for name, r in zip(names, results, strict=True) if isinstance(r, TooManyReports)]
    await report(deps, globex.viewer, plugin=refused[0])


@pytest.mark.parametrize("text", ["", "\u202e\u2066", "x" * 4001])
async def test_a_text_that_says_nothing_or_too_much_is_refused(
    deps: Deps, echo: None, globex: Tenant, text: str
) -> None:
    with pytest.raises(Invalid):
        await report(deps, globex.viewer, text=text)


async def test_hostile_text_is_kept_without_what_makes_it_so_and_stays_out_of_the_log(
    deps: Deps, urls: DatabaseUrls, echo: None, globex: Tenant
) -> None:
    filed = await report(deps, globex.viewer, text="run \u202eexe.gnp\u202c\x1b[2J \x00<script>Ms Example")
    assert filed.text == "run exe.gnp[2J <script>Ms Example"
    [entry] = await rows(urls, "select * from audit_entries where action = 'report.file'")
    assert b"Example" not in entry["content"]
    assert (entry["resource_id"], entry["tenant_id"]) == ("acme.echo", globex.id)


# ---------------------------------------------------------------- a trusted word


async def test_a_trusted_reporters_word_quarantines_at_once_and_tells_everybody(
    deps: Deps, urls: DatabaseUrls, echo: None, trusted: Tenant, acme: Tenant
) -> None:
    filed = await report(deps, trusted.viewer)
    assert filed.stops
    assert await states(deps, acme.viewer) == [S.QUARANTINED, S.QUARANTINED]
    entries = await rows(urls, "select * from audit_entries where action = 'release.quarantine' order by id")
    assert [(e["actor_kind"], e["tenant_id"]) for e in entries] == [("system", acme.id)] * 2
    told = await rows(urls, "select entrypoint from pgqueuer order by id")
    names = [t["entrypoint"] for t in told]
    assert names.count("catalog.release_state_changed") == 2
    assert names.count("reports.plugin_quarantined") == 1


async def test_what_follows_a_quarantine_is_on_the_table_of_reactions_and_stops_the_workers(
    deps: Deps, urls: DatabaseUrls, echo: None, trusted: Tenant, acme: Tenant
) -> None:
    await report(deps, trusted.viewer)
    handlers = worker.handlers(deps)
    queued = await rows(urls, "select entrypoint, payload from pgqueuer order by id")
    for job in queued:
        if job["entrypoint"].startswith(("reports.", "decisions.", "catalog.release_state_changed")):
            await handlers[job["entrypoint"]](job["payload"])
    components = {(await release(deps, acme.viewer, v)).component_sha256 for v in ("1.0.0", "1.1.0")}
    assert {component for component, _ in deps.sandbox.retired} == components


async def test_a_trusted_word_about_one_version_leaves_the_others_alone(
    deps: Deps, echo: None, trusted: Tenant, acme: Tenant
) -> None:
    await report(deps, trusted.viewer, version="1.1.0")
    assert await states(deps, acme.viewer) == [S.LISTED, S.QUARANTINED]


async def test_trust_reaches_a_single_person_and_only_for_malice(
    deps: Deps, echo: None, globex: Tenant, acme: Tenant, operator: Actor
) -> None:
    async with deps.works.begin(operator) as work:
        await reports.trust(work, email="viewer@globex.example", tenant=None, note="a good eye")
    assert not (await report(deps, globex.viewer, "broken")).stops
    assert not (await report(deps, globex.admin)).stops
    initech = await make_tenant(deps.works, "initech")
    assert not (await report(deps, initech.viewer)).stops
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]


async def test_the_job_quarantines_when_the_request_did_not_come_to_it_and_changes_nothing_twice(
    deps: Deps, urls: DatabaseUrls, echo: None, trusted: Tenant, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reports.filing, "quarantine_reported", killed)
    with pytest.raises(KeyboardInterrupt):
        await report(deps, trusted.viewer)
    monkeypatch.undo()
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]
    [row] = await rows(urls, "select id, case_id from reports")
    event = PluginReported(row["id"], row["case_id"], "acme.echo", "malicious", acme.id, True)
    for _ in range(2):
        await jobs.quarantine(deps, event, "trace")
    assert await states(deps, acme.viewer) == [S.QUARANTINED, S.QUARANTINED]
    assert len(await rows(urls, "select from audit_entries where action = 'release.quarantine'")) == 2


async def test_the_job_does_not_stop_again_what_staff_let_go(
    deps: Deps, echo: None, trusted: Tenant, acme: Tenant, operator: Actor
) -> None:
    filed = await report(deps, trusted.viewer)
    await decide(deps, operator, filed.case_id, "dismiss")
    event = PluginReported(filed.id, filed.case_id, "acme.echo", "malicious", acme.id, True)
    await jobs.quarantine(deps, event, "trace")
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]


async def test_the_decision_and_a_late_quarantine_never_wait_for_each_other(
    deps: Deps, echo: None, trusted: Tenant, acme: Tenant, operator: Actor
) -> None:
    filed = await report(deps, trusted.viewer)
    event = PluginReported(filed.id, filed.case_id, "acme.echo", "malicious", acme.id, True)
    await asyncio.gather(
        decide(deps, operator, filed.case_id, "dismiss"),
        *(jobs.quarantine(deps, event, "trace") for _ in range(4)),
    )
    assert await states(deps, acme.viewer) == [S.LISTED, S.LISTED]


async def test_a_reporter_who_is_always_wrong_stops_nothing_any_more(
    deps: Deps, acme: Tenant, trusted: Tenant, operator: Actor
) -> None:
    stopped = []
    for number in range(4):
        name = f"acme.p{number}"
        await publish_listed(deps, acme.manager, {"id": name})
        filed = await report(deps, trusted.viewer, plugin=name)
        stopped.append(filed.stops)
        await decide(deps, operator, filed.case_id, "dismiss")
    assert stopped == [True, True, True, False]
    async with deps.works.begin(operator) as work:
        [newest, *_] = (await reports.list_reports(work, PageWanted())).items
    assert newest.record.weight == 33


async def test_staff_keep_the_list_of_trusted_reporters_and_nobody_else(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, trusted: Tenant, operator: Actor
) -> None:
    finance = (await make_staff(deps.works, "Finance"))[0]
    for actor in (globex.admin, finance):
        for attempt in (
            lambda work: reports.trust(work, email=None, tenant="globex", note="x"),
            lambda work: reports.list_trusted(work, PageWanted()),
        ):
            with pytest.raises(MissingAction):
                async with deps.works.begin(actor) as work:
                    await attempt(work)
    async with deps.works.begin(operator) as work:
        [entry] = (await reports.list_trusted(work, PageWanted())).items
    with pytest.raises(AlreadyTrusted):
        async with deps.works.begin(operator) as work:
            await reports.trust(work, email=None, tenant="globex", note="again")
    for email, tenant in ((None, None), ("viewer@globex.example", "globex")):
        with pytest.raises(Invalid):
            async with deps.works.begin(operator) as work:
                await reports.trust(work, email=email, tenant=tenant, note="x")
    async with deps.works.begin(operator) as work:
        await reports.distrust(work, entry.id)
    with pytest.raises(NotTrusted):
        async with deps.works.begin(operator) as work:
            await reports.distrust(work, entry.id)
    assert len(await rows(urls, "select from audit_entries where action like 'reporter.%'")) == 2


# ---------------------------------------------------------------- staff's decision


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


# ---------------------------------------------------------------- who sees what


async def test_the_publisher_sees_the_case_and_never_who_reported(
    deps: Deps, echo: None, acme: Tenant, globex: Tenant
) -> None:
    filed = await report(deps, globex.viewer)
    async with deps.works.begin(acme.admin) as work:
        assert (await decisions.find_case(work, filed.case_id)).party == acme.id
        assert (await reports.list_reports(work, PageWanted())).total == 0
    async with deps.works.begin(globex.agent) as work:
        [listed] = (await reports.list_reports(work, PageWanted(), is_open=True)).items
    assert (listed.report.id, listed.record) == (filed.id, None)


async def test_raw_sql_of_the_app_role_shows_the_own_reports_only(
    deps: Deps, urls: DatabaseUrls, echo: None, trusted: Tenant, acme: Tenant
) -> None:
    await report(deps, trusted.viewer)
    connection = await asyncpg.connect(urls.app)
    try:
        seen = {}
        for tenant in (trusted.id, acme.id, ""):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            seen[tenant] = [
                await connection.fetchval(f"select count(*) from {table}")
                for table in ("reports", "trusted_reporters", "report_stops")
            ]
        assert seen == {trusted.id: [1, 1, 0], acme.id: [0, 0, 0], "": [0, 0, 0]}
        await connection.execute("select set_config('aei.tenant', $1, false)", str(acme.id))
        for statement in (
            "insert into trusted_reporters values (gen_random_uuid(), null, $1, 'me', null, now())",
            "insert into report_stops select id, $1, 'listed', null, null, now(), null from releases limit 1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, acme.id)
        assert await connection.execute("update reports set outcome = 'dismissed'") == "UPDATE 0"
    finally:
        await connection.close()


async def test_the_public_list_of_removals_leaves_out_private_plugins_and_what_was_never_listed(
    deps: Deps, echo: None, acme: Tenant, globex: Tenant, operator: Actor
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", S.BLOCKED, "sends secrets away")
        await catalog.change_state(work, "acme.echo", "1.1.0", S.REMOVED, "the same")
        await catalog.change_state(work, "acme.secret", "1.0.0", S.REMOVED, "private matters")
    for actor, count in ((ANONYMOUS, 2), (globex.viewer, 2), (acme.viewer, 3)):
        found, cursor = [], None
        while True:
            async with deps.works.begin(actor) as work:
                page = await catalog.list_removals(work, PageWanted.read(1, cursor))
            assert page.total == count
            found += [item.plugin_id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(found) == count
    with pytest.raises(Invalid):
        async with deps.works.begin(ANONYMOUS) as work:
            await catalog.list_removals(work, PageWanted(after=["x"]))


async def _second_operator(deps: Deps) -> Actor:
    async with deps.works.system("tests") as work:
        user = await accounts.create_user(work, name="Second", email="second@operator.example")
        await accounts.add_staff(work, user, "Operator")
    return await accounts.actor_for(deps.works, user, None)


async def rows(urls: DatabaseUrls, query: str) -> list[Any]:
    connection = await asyncpg.connect(urls.owner)
    try:
        found: list[Any] = await connection.fetch(query)
        return found
    finally:
        await connection.close()
