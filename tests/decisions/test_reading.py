"""What the queue and the lists show, to whom, and how fast."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import event

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Shown
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant
from tests.clocks import Time
from tests.decisions.conftest import KIND, appeal, bring, claim, decide, make_initech


async def test_the_queue_shows_what_is_due_first_and_pages_through_all_of_it(
    deps: Deps, time: Time, acme: Tenant, globex: Tenant, operator: Any
) -> None:
    ids = []
    for number in range(5):
        ids.append((await bring(deps, globex.viewer, acme, f"acme.p{number}")).case_id)
        time.ahead += timedelta(hours=6)
    seen, cursor = [], None
    while True:
        async with deps.works.begin(operator[0]) as work:
            page, [tally] = await decisions.list_queue(
                work, PageWanted.read(2, cursor), decides={KIND.name}, kind=None, shown=Shown.OPEN, mine=False
            )
        assert page.total == 5
        seen += [case.id for case in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ids
    assert (tally.waiting, tally.claimed, tally.overdue) == (5, 0, 2)


async def test_decided_cases_are_listed_newest_first_and_claims_by_who_holds_them(
    deps: Deps, time: Time, acme: Tenant, globex: Tenant, operator: Any, moderator: Any
) -> None:
    ids = [(await bring(deps, globex.viewer, acme, f"acme.p{n}")).case_id for n in range(4)]
    for case_id in ids[:2]:
        await decide(deps, operator[0], case_id)
    await claim(deps, moderator[0], ids[2])

    async def listed(shown: Shown, mine: bool = False, limit: int = 50) -> list[UUID]:
        found, cursor = [], None
        while True:
            async with deps.works.begin(moderator[0]) as work:
                page, _ = await decisions.list_queue(
                    work,
                    PageWanted.read(limit, cursor),
                    decides={KIND.name},
                    kind=KIND.name,
                    shown=shown,
                    mine=mine,
                )
            found += [case.id for case in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    assert await listed(Shown.DECIDED, limit=1) == [ids[1], ids[0]]
    assert await listed(Shown.CLAIMED, mine=True) == [ids[2]]
    assert await listed(Shown.WAITING) == [ids[3]]
    time.ahead += timedelta(minutes=31)
    assert set(await listed(Shown.WAITING)) == {ids[2], ids[3]}


@pytest.mark.parametrize("after", [5, "x", ["x", "y"], ["2030-01-01T00:00:00", str(uuid4())], [str(uuid4())]])
async def test_a_cursor_of_another_list_is_refused(deps: Deps, acme: Tenant, after: object) -> None:
    with pytest.raises(Invalid):
        async with deps.works.begin(acme.viewer) as work:
            await decisions.list_own(work, PageWanted(after=after))


async def test_a_tenant_lists_the_cases_that_concern_it_and_no_others(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID
) -> None:
    initech = await make_initech(deps)
    for tenant, count in ((acme, 1), (globex, 1), (initech, 0)):
        async with deps.works.begin(tenant.viewer) as work:
            page = await decisions.list_own(work, PageWanted())
        assert (len(page.items), page.total) == (count, count)


async def test_raw_sql_of_the_app_role_shows_a_tenants_own_cases_only(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    initech = await make_initech(deps)
    await decide(deps, operator[0], case_id)
    await appeal(deps, acme.manager, case_id)
    connection = await asyncpg.connect(urls.app)
    try:
        seen = {}
        for name, tenant in (("acme", acme.id), ("globex", globex.id), ("initech", initech.id), ("-", "")):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            seen[name] = [
                await connection.fetchval(f"select count(*) from {table}")
                for table in ("cases", "case_decisions", "case_appeals", "case_tenants")
            ]
        assert seen == {"acme": [1, 1, 1, 1], "globex": [1, 1, 0, 1], "initech": [0] * 4, "-": [0] * 4}
        await connection.execute("select set_config('aei.tenant', $1, false)", str(initech.id))
        for statement in (
            "insert into case_tenants values ($1, $2)",
            "insert into case_decisions values ($1, 1, 'no', 'x', $2, now())",
            "insert into case_appeals values ($1, 'x', $2, now())",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, case_id, initech.id)
        assert (
            await connection.execute("update cases set state = 'waiting' where id = $1", case_id)
            == "UPDATE 0"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update case_decisions set verdict = 'yes'")
    finally:
        await connection.close()


async def test_the_database_itself_keeps_one_decision_for_each_round(
    urls: DatabaseUrls, deps: Deps, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    connection = await asyncpg.connect(urls.owner)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "insert into case_decisions values ($1, 1, 'yes', 'x', null, now())", case_id
            )
        for change in ("state = 'claimed'", "state = 'waiting'", "verdict = 'yes'", "round = 2"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is settled"):
                await connection.execute(f"update cases set {change} where id = $1", case_id)
    finally:
        await connection.close()


async def test_raw_sql_of_the_party_decides_nothing(
    urls: DatabaseUrls, deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant in (acme, globex):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant.id))
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="for staff to decide"):
                await connection.execute(
                    "update cases set state = 'decided', verdict = 'yes', reason = 'x', decided_at = now()"
                    " where id = $1",
                    case_id,
                )
    finally:
        await connection.close()


async def test_a_queue_of_50000_is_read_through_its_index(
    urls: DatabaseUrls, deps: Deps, acme: Tenant, operator: Any
) -> None:
    """No time is measured: what makes the list quick is that one page is all that is read."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(
            """insert into cases (id, kind, subject_type, subject_id, title, party, state, round, version,
                                  opened_at, queued_at, due_at)
               select gen_random_uuid(), 'test_matter', 'review', n::text, 'Review ' || n, $1, 'waiting', 1,
                      1, now(), now(), now() + n * interval '1 second'
                 from generate_series(1, 50000) n""",
            acme.id,
        )
        await connection.execute("analyze cases")
    finally:
        await connection.close()
    asked: list[tuple[str, Any]] = []
    async with deps.works.begin(operator[0]) as work:
        event.listen(
            work.connection.sync_connection,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, parameters, *_: asked.append((statement, parameters)),
        )
        page, _ = await decisions.list_queue(
            work, PageWanted(), decides={KIND.name}, kind=None, shown=Shown.OPEN, mine=False
        )
        [(statement, parameters)] = [ask for ask in asked if "ORDER BY" in ask[0]]
        plan = await work.connection.exec_driver_sql(f"explain {statement}", parameters)
        lines = [row[0] for row in plan]
    assert page.total == 50_000
    assert any("Index Scan using cases_queue" in line for line in lines)
    assert not any("Sort" in line or "Seq Scan" in line for line in lines)
