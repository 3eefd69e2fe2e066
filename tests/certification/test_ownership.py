"""Who sees which requests, and what goes along with a namespace."""

import asyncpg
import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import NamespaceTransferred
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import (
    OwnRelease,
    RequestNotFound,
    StateConflict,
)
from aei_marketplace.certification.jobs import transfers
from aei_marketplace.certification.rules.states import Purpose, RequestState
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import (
    actions,
    certified,
    decide,
    look,
    scanned,
    submit,
)
from tests.plugins import publish, work_off

S = RequestState


async def test_with_a_namespace_go_its_requests_and_what_nobody_has_decided_is_withdrawn(
    deps: Deps, acme: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    badge = await certified(deps, acme.manager, certifier)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    waiting = await scanned(deps, acme.manager, "1.1.0")
    await publish(deps, acme.manager, {"version": "1.2.0"})
    denied = await decide(deps, certifier, await scanned(deps, acme.manager, "1.2.0"), "deny")
    async with deps.works.begin(acme.manager) as work:
        await decisions.record_appeal(work, service.KIND, denied.case_id, "It is not so.")
    async with deps.works.begin(certifier) as work:
        await service.scan_again(work, denied.id)
    async with deps.works.begin(acme.admin) as work:
        await catalog.offer_namespace(work, "acme", "globex")
    async with deps.works.begin(globex.manager) as work:
        transfer = await catalog.accept_namespace(work, "acme")
    with pytest.raises(StateConflict, match="former owner"):
        await submit(deps, globex.manager, "1.1.0")
    await work_off(deps)
    event = NamespaceTransferred(transfer.id, "acme", transfer.from_tenant, transfer.to_tenant)
    await transfers.leave_to_successor(deps, event, "a job can run twice")
    seen = [await look(deps, globex.manager, each) for each in (badge, waiting, denied)]
    assert [each.state for each in seen] == [S.APPROVED, S.WITHDRAWN, S.SUBMITTED]
    assert {each.owner_tenant for each in seen} == {globex.id}
    for request in (waiting, denied):
        with pytest.raises(RequestNotFound):
            await look(deps, acme.manager, request)
    async with deps.works.begin(certifier) as work:
        assert not (await decisions.find_case(work, waiting.case_id)).open
        assert (await decisions.find_case(work, denied.case_id)).open
    assert (await actions(urls)).count("certification.withdraw") == 1
    assert (await submit(deps, globex.manager, "1.1.0")).new
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, certifier.id, "Viewer", globex.id)
    for _ in range(2):
        assert await scan_next(deps)
    with pytest.raises(OwnRelease):
        await decide(deps, certifier, denied)


async def test_a_tenant_sees_badges_of_others_and_nothing_that_waits_or_was_denied(
    deps: Deps, acme: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    await certified(deps, acme.manager, certifier)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await scanned(deps, acme.manager, "1.1.0")
    connection = await asyncpg.connect(urls.app)

    async def sees(tenant: Tenant) -> tuple[list[str], int]:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
            rows = await connection.fetch("select state from certification_requests order by id")
            return [row["state"] for row in rows], await connection.fetchval(
                "select count(*) from certification_reports"
            )

    assert await sees(globex) == (["approved"], 1)
    assert await sees(acme) == (["approved", "in_review"], 2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(acme.id))
            await connection.execute("update certification_requests set state = 'approved'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(acme.id))
            await connection.execute("update releases set certified_until = now() where version = '1.1.0'")
    async with connection.transaction():
        await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
        assert await connection.execute("update certification_requests set reason = 'mine'") == "UPDATE 0"
    await connection.close()
    async with deps.works.begin(certifier) as work:
        assert (await service.list_requests(work, PageWanted(), None)).total == 1
        assert (await service.list_requests(work, PageWanted(), "approved")).items[
            0
        ].purpose is Purpose.CERTIFICATION
    async with deps.works.begin(globex.manager) as work:
        assert (await service.list_requests(work, PageWanted(), "approved")).total == 0
