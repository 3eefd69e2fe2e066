"""Steps of cases in the database: who may, two at once, what is recorded and told, who sees what."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import event

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import (
    AppealRefused,
    CaseConflict,
    CaseHeld,
    CaseMoved,
    CaseNotFound,
    CaseSettled,
    NotAffected,
    OwnCase,
)
from aei_marketplace.decisions.service import Case, CaseState, Ruling, Shown
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.decisions.conftest import KIND, PAYOUTS, bring


async def decide(
    deps: Deps,
    actor: Actor,
    case_id: UUID,
    verdict: str = "no",
    reason: str = "because",
    seen: int | None = None,
) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.record_decision(work, KIND, case_id, Ruling(verdict, reason, seen))


async def claim(deps: Deps, actor: Actor, case_id: UUID) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.claim(work, KIND, case_id)


async def appeal(deps: Deps, actor: Actor, case_id: UUID, reason: str = "you are wrong") -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.record_appeal(work, KIND, case_id, reason)


async def find(deps: Deps, actor: Actor, case_id: UUID) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.find_case(work, case_id)


@pytest.fixture
async def case_id(deps: Deps, globex: Tenant, acme: Tenant) -> UUID:
    return (await bring(deps, globex.viewer, acme)).case_id


async def test_a_case_goes_from_opening_to_its_final_decision(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, case_id: UUID, operator: Any, moderator: Any
) -> None:
    assert (await claim(deps, operator[0], case_id)).state is CaseState.CLAIMED
    first = await decide(deps, operator[0], case_id)
    assert not first.final_at(first.decided_at)
    await appeal(deps, acme.manager, case_id)
    last = await decide(deps, moderator[0], case_id, "yes", "on second thoughts")
    assert (last.verdict, last.round, last.final_at(last.decided_at)) == ("yes", 2, True)
    entries = await rows(urls, "select action from audit_entries where resource_type = 'case' order by id")
    assert [e["action"] for e in entries] == [
        "case.open", "case.claim", "case.decide", "case.appeal", "case.decide",
    ]  # fmt: skip
    told = await rows(urls, "select entrypoint from pgqueuer where entrypoint like 'decisions.%' order by id")
    assert [t["entrypoint"] for t in told] == [
        "decisions.case_opened", "decisions.case_decided",
        "decisions.case_appealed", "decisions.case_decided",
    ]  # fmt: skip
    async with deps.works.begin(acme.manager) as work:
        history = await decisions.find_history(work, case_id)
    assert [(d.round, d.verdict) for d in history.decisions] == [(1, "no"), (2, "yes")]
    assert history.appeal is not None
    assert history.appeal.reason == "you are wrong"


async def test_of_two_who_decide_at_once_one_decides_and_the_other_learns_how_it_stands(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, operator: Any, moderator: Any
) -> None:
    both_have_read = asyncio.Barrier(2)

    async def decide_together(actor: Actor, verdict: str) -> Case:
        async with deps.works.begin(actor) as work:
            await decisions.find_case(work, case_id)  # the connection is open, its transaction begun
            await both_have_read.wait()
            return await decisions.record_decision(work, KIND, case_id, Ruling(verdict, "because"))

    results = await asyncio.gather(
        decide_together(operator[0], "yes"), decide_together(moderator[0], "no"), return_exceptions=True
    )
    [won] = [r for r in results if isinstance(r, Case)]
    [lost] = [r for r in results if isinstance(r, BaseException)]
    assert isinstance(lost, CaseConflict)
    assert lost.extensions["case"]["verdict"] == won.verdict  # type: ignore[index]
    assert len(await rows(urls, "select from case_decisions")) == 1
    assert len(await rows(urls, "select from audit_entries where action = 'case.decide'")) == 1


async def test_a_decider_whose_case_moved_between_reading_and_writing_changes_nothing(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read is stale at the moment of the write: only the comparison of versions stands between."""
    stale = await find(deps, operator[0], case_id)
    await decide(deps, moderator[0], case_id, "yes")

    async def read_before(*_: object) -> Case:
        return stale

    monkeypatch.setattr(decisions.steps, "_of_kind", read_before)
    with pytest.raises(CaseMoved) as refused:
        await decide(deps, operator[0], case_id, "no")
    assert refused.value.extensions["case"]["state"] == "decided"  # type: ignore[index]
    assert (await find(deps, operator[0], case_id)).verdict == "yes"


async def test_who_is_late_learns_how_the_case_stands(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await decide(deps, operator[0], case_id, "yes")
    with pytest.raises(CaseSettled) as refused:
        await decide(deps, moderator[0], case_id)
    assert refused.value.status == 409
    assert refused.value.extensions["case"]["verdict"] == "yes"  # type: ignore[index]


async def test_two_who_claim_at_once_do_not_both_hold_the_case(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    results = await asyncio.gather(
        *(claim(deps, actor, case_id) for actor in (operator[0], moderator[0])), return_exceptions=True
    )
    assert sum(isinstance(r, Case) for r in results) == 1
    assert sum(isinstance(r, CaseHeld | CaseMoved) for r in results) == 1


async def test_an_ended_claim_is_taken_over_and_the_log_says_from_whom(
    deps: Deps, urls: DatabaseUrls, time: Time, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await claim(deps, operator[0], case_id)
    with pytest.raises(CaseHeld):
        await claim(deps, moderator[0], case_id)
    time.ahead += timedelta(minutes=31)
    assert (await claim(deps, moderator[0], case_id)).claimed_by == moderator[0].id
    last = (await rows(urls, "select content from audit_entries where action = 'case.claim' order by id"))[-1]
    assert f'"taken_over_from":"{operator[0].id}"'.encode() in last["content"]
    with pytest.raises(CaseHeld):
        await decide(deps, operator[0], case_id)


async def test_who_lets_go_gives_the_case_back(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await claim(deps, operator[0], case_id)
    async with deps.works.begin(operator[0]) as work:
        await decisions.let_go(work, KIND, case_id)
    assert (await decide(deps, moderator[0], case_id)).verdict == "no"


async def test_only_who_holds_the_kinds_action_decides(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, acme: Tenant, globex: Tenant, finance: Any
) -> None:
    for actor in (finance[0], acme.admin, globex.admin):
        with pytest.raises(MissingAction):
            await decide(deps, actor, case_id)
        with pytest.raises(MissingAction):
            await claim(deps, actor, case_id)
    denied = await rows(urls, "select from audit_entries where action = 'access.denied'")
    assert len(denied) == 6


async def test_staff_of_the_partys_own_tenant_do_not_decide(
    deps: Deps, acme: Tenant, case_id: UUID, moderator: Any
) -> None:
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, moderator[0].id, "Viewer", acme.id)
    with pytest.raises(OwnCase):
        await decide(deps, moderator[0], case_id)


async def test_staff_do_not_decide_what_they_brought_nor_the_appeal_of_their_own_decision(
    deps: Deps, acme: Tenant, operator: Any, moderator: Any
) -> None:
    case_id = (await bring(deps, operator[0], acme)).case_id
    with pytest.raises(OwnCase):
        await decide(deps, operator[0], case_id)
    await decide(deps, moderator[0], case_id)
    await appeal(deps, acme.admin, case_id)
    with pytest.raises(OwnCase):
        await decide(deps, moderator[0], case_id, "yes")


async def test_the_party_appeals_once_and_nobody_else_does(
    deps: Deps, time: Time, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.manager, case_id)
    await decide(deps, operator[0], case_id)
    with pytest.raises(NotAffected):
        await appeal(deps, globex.manager, case_id)
    with pytest.raises(MissingAction):
        await appeal(deps, acme.viewer, case_id)
    with pytest.raises(MissingAction):
        await appeal(deps, operator[0], case_id)
    await appeal(deps, acme.manager, case_id)
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.admin, case_id)


async def test_an_appeal_after_its_time_is_refused(
    deps: Deps, time: Time, acme: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    time.ahead += timedelta(days=14)
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.manager, case_id)


async def test_two_appeals_at_once_are_one(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    results = await asyncio.gather(
        *(appeal(deps, actor, case_id) for actor in (acme.manager, acme.admin)), return_exceptions=True
    )
    assert sum(isinstance(r, Case) for r in results) == 1
    assert sum(isinstance(r, AppealRefused | CaseMoved) for r in results) == 1
    assert len(await rows(urls, "select from case_appeals")) == 1


async def test_a_matter_that_waits_is_joined_and_another_tenants_joiner_then_sees_it(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, works: Any
) -> None:
    initech = await _initech(deps)
    with pytest.raises(CaseNotFound):
        await find(deps, initech.viewer, case_id)
    brought = await bring(deps, initech.viewer, acme)
    assert (brought.case_id, brought.joined) == (case_id, True)
    assert (await find(deps, initech.viewer, case_id)).id == case_id


async def test_many_who_bring_one_matter_at_once_open_one_case(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    brought = await asyncio.gather(
        *(bring(deps, actor, acme) for actor in [*globex.actors.values(), *acme.actors.values()])
    )
    assert len({b.case_id for b in brought}) == 1
    assert sum(not b.joined for b in brought) == 1


async def test_after_the_decision_the_same_matter_is_a_new_case_even_while_the_appeal_waits(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    second = await bring(deps, globex.viewer, acme)
    assert second.case_id != case_id
    assert not second.joined
    assert (await appeal(deps, acme.manager, case_id)).round == 2


async def test_joining_makes_a_case_due_earlier_and_never_later(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID
) -> None:
    before = (await find(deps, acme.viewer, case_id)).due_at
    for hours, earlier in ((1, True), (90, True)):
        async with deps.works.begin(globex.admin) as work:
            subject = decisions.Subject("plugin", "acme.echo", "x", acme.id)
            await decisions.open_case(work, KIND, subject, timedelta(hours=hours))
        assert ((await find(deps, acme.viewer, case_id)).due_at < before) is earlier


async def test_a_withdrawn_case_is_over(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    async with deps.works.begin(globex.viewer) as work:
        assert (await decisions.withdraw(work, KIND, case_id)).state is CaseState.WITHDRAWN
    with pytest.raises(CaseSettled):
        await decide(deps, operator[0], case_id)
    assert await rows(urls, "select from audit_entries where action = 'case.withdraw'")


async def test_a_case_of_another_kind_is_not_decided_by_mistake(
    deps: Deps, case_id: UUID, operator: Any
) -> None:
    with pytest.raises(CaseNotFound):
        async with deps.works.begin(operator[0]) as work:
            await decisions.record_decision(work, PAYOUTS, case_id, Ruling("pay", "because"))


@pytest.mark.parametrize("reason", ["", "  ", "\u202e", "x" * 2001])
async def test_a_reason_that_says_nothing_or_too_much_decides_nothing(
    deps: Deps, case_id: UUID, operator: Any, reason: str
) -> None:
    with pytest.raises(Invalid):
        await decide(deps, operator[0], case_id, reason=reason)
    assert (await find(deps, operator[0], case_id)).state is CaseState.WAITING


async def test_reasons_lose_what_turns_the_line_round_and_stay_out_of_the_log(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, operator: Any
) -> None:
    case = await decide(deps, operator[0], case_id, reason="Ms \u202eExample\x00 lies")
    assert case.reason == "Ms Example lies"
    [entry] = await rows(urls, "select content from audit_entries where action = 'case.decide'")
    assert b"Example" not in entry["content"]


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
    initech = await _initech(deps)
    for tenant, count in ((acme, 1), (globex, 1), (initech, 0)):
        async with deps.works.begin(tenant.viewer) as work:
            page = await decisions.list_own(work, PageWanted())
        assert (len(page.items), page.total) == (count, count)


async def test_raw_sql_of_the_app_role_shows_a_tenants_own_cases_only(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    initech = await _initech(deps)
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


async def _initech(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "initech")


async def rows(urls: DatabaseUrls, query: str) -> list[Any]:
    connection = await asyncpg.connect(urls.owner)
    try:
        found: list[Any] = await connection.fetch(query)
        return found
    finally:
        await connection.close()
