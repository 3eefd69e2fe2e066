"""A trusted word stops a plugin at once, as long as it is worth its trust."""

import asyncio

import pytest

from aei_marketplace import worker
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reports import jobs
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.errors import AlreadyTrusted, NotTrusted
from aei_marketplace.reports.events import PluginReported
from tests.builders import Tenant, make_staff, make_tenant
from tests.databases import rows
from tests.publishing import publish_listed
from tests.reports.conftest import decide, release, report, states

S = ReleaseState


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
