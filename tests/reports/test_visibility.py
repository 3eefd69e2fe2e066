"""Who sees which reports, and the public list of removals."""

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reports import service as reports
from tests.builders import Tenant
from tests.publishing import publish_listed
from tests.reports.conftest import report

S = ReleaseState


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
