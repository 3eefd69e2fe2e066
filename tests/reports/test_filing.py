"""Who reports which plugin, how often and with which words."""

import asyncio
from datetime import timedelta

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog.errors import PluginNotFound, ReleaseNotFound
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import ANONYMOUS, Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.errors import AlreadyReported, TooManyReports
from aei_marketplace.reports.rules import filing
from tests.builders import Tenant
from tests.clocks import Time
from tests.databases import rows
from tests.publishing import publish_listed
from tests.reports.conftest import decide, report, states

S = ReleaseState


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
