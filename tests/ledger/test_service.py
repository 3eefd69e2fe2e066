"""Posting, closing and verifying on a real database, and what it refuses to everybody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.errors import EntryContradicts, EntryUnfit, PeriodNotEnded, PeriodOutOfOrder
from aei_marketplace.ledger.service import OPERATOR, Account, Entry, Period, Posting
from tests.clocks import Time

NOVEMBER, DECEMBER = Period(2026, 11), Period(2026, 12)
CREATOR = UUID(int=7)


@pytest.fixture
def works(works: Works, time: Time) -> Works:
    """By a clock that stands in the middle of November 2026 until a test moves it."""
    time.ahead = datetime(2026, 11, 20, tzinfo=UTC) - datetime.now(UTC)
    return works


def sale(number: int, amount: int = 1999, day: int = 2, currency: str = "USD", month: int = 11) -> Entry:
    moved = (
        Posting(Account("cash", OPERATOR, currency), amount),
        Posting(Account("creator", CREATOR, currency), -amount),
    )
    return Entry(f"sale:{number}", "sale", datetime(2026, month, day, 10, tzinfo=UTC), moved)


async def post(works: Works, *entries: Entry) -> frozenset[str]:
    async with works.system("tests") as work:
        return await ledger.post(work, entries)


async def close(works: Works, period: Period = NOVEMBER) -> bool:
    async with works.system("tests") as work:
        return await ledger.close_period(work, period)


async def owed(works: Works, until: Period | None = None) -> dict[str, int]:
    async with works.system("tests") as work:
        found = await ledger.balances(work, kind="creator", owner=CREATOR, until=until)
    return {balance.account.currency: balance.amount for balance in found}


def to_december(time: Time) -> None:
    time.ahead = datetime(2026, 12, 3, 0, 0, 1, tzinfo=UTC) - datetime.now(UTC)


async def test_a_fact_is_written_once_however_often_it_comes_even_after_its_month_is_closed(
    works: Works, time: Time
):
    assert await post(works, sale(1), sale(2), sale(2)) == {"sale:1", "sale:2"}
    assert await post(works, sale(2), sale(3, currency="EUR")) == {"sale:3"}
    to_december(time)
    assert await close(works)
    assert await post(works, sale(1)) == frozenset()
    assert await owed(works) == {"USD": -3998, "EUR": -1999}


async def test_many_who_write_the_same_facts_at_once_write_them_once(works: Works):
    batches = [[sale(number) for number in range(start, start + 20)] for start in range(0, 40, 5)]
    written = await asyncio.gather(*(post(works, *batch) for batch in batches))
    assert sorted(key for keys in written for key in keys) == sorted(f"sale:{n}" for n in range(55))
    assert await owed(works) == {"USD": -1999 * 55}


async def test_a_key_that_says_something_else_is_refused_and_nothing_is_written(works: Works):
    await post(works, sale(1))
    for other in (sale(1, amount=2000), sale(1, day=3), sale(1, currency="EUR")):
        with pytest.raises(EntryContradicts):
            await post(works, sale(2), other)
    with pytest.raises(EntryContradicts):
        await post(works, sale(3), sale(3, amount=1))
    with pytest.raises(EntryUnfit):
        await post(works, sale(4), sale(5, amount=0))
    with pytest.raises(EntryUnfit, match="At most 100"):
        await post(works, *(sale(number) for number in range(101)))
    assert await owed(works) == {"USD": -1999}


async def test_a_closed_month_never_moves_and_what_comes_late_says_where_it_belongs(works: Works, time: Time):
    await post(works, sale(1))
    with pytest.raises(PeriodNotEnded):
        await close(works)
    to_december(time)
    assert await close(works)
    assert not await close(works)
    await post(works, sale(2), sale(3, month=12, day=1))
    assert await owed(works, until=NOVEMBER) == {"USD": -1999}
    assert await owed(works) == {"USD": -1999 * 3}
    async with works.system("tests") as work:
        assert await ledger.newest_closed(work) == NOVEMBER
        assert await ledger.closed_at(work, NOVEMBER) == pytest.approx(work.now, abs=timedelta(minutes=5))
        assert await ledger.closed_at(work, DECEMBER) is None


async def test_of_two_who_close_a_month_at_once_one_does_and_who_writes_meanwhile_loses_nothing(
    works: Works, time: Time
):
    await post(works, sale(0))
    to_december(time)
    ends = await asyncio.gather(
        close(works), close(works), *(post(works, sale(number)) for number in range(1, 7))
    )
    assert sorted(ends[:2]) == [False, True]
    assert await owed(works) == {"USD": -1999 * 7}
    assert (await ledger.verify_ledger(works)).findings == []


async def test_months_close_in_order(works: Works, time: Time):
    await post(works, sale(1), sale(2, month=10))
    to_december(time)
    with pytest.raises(PeriodOutOfOrder, match="2026-10"):
        await close(works)
    assert await close(works, Period(2026, 10))
    assert await close(works)


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


_ENTRY = """insert into ledger_entries (id, key, kind, period, occurred_at, recorded_at, lines, digest)
  values (gen_random_uuid(), $1, 'sale', $2, now(), now(), 2, sha256('')) returning id"""


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_postings set amount = amount * 2",
        "delete from ledger_postings",
        "truncate ledger_entries cascade",
        "update ledger_entries set kind = 'gift'",
        "delete from ledger_entries",
        "update ledger_accounts set currency = 'EUR'",
        "update ledger_closings set entries = 0",
        "delete from ledger_closings",
        "insert into ledger_postings select entry_id, line + 9, period, account_id, amount"
        " from ledger_postings",
        "insert into ledger_entries select gen_random_uuid(), key || 'x', kind, period, null, occurred_at,"
        " recorded_at, lines, digest from ledger_entries",
        "insert into ledger_closings select period - interval '1 month', now(), 0, sha256('')"
        " from ledger_closings",
    ],
)
async def test_nobody_changes_what_is_written_or_writes_into_a_closed_month(
    works: Works, urls: DatabaseUrls, time: Time, statement: str
):
    await post(works, sale(1))
    to_december(time)
    await close(works)
    for url in (urls.app, urls.system, urls.owner):
        async with raw(url) as connection:
            try:
                done = await connection.execute(statement)
            except asyncpg.PostgresError:
                continue
            assert done.endswith(" 0")  # who sees no row copies none
            assert url == urls.app
    verdict = await ledger.verify_ledger(works)
    assert (verdict.entries, verdict.postings, verdict.months, verdict.findings) == (1, 2, 1, [])


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (5, -5, 1, -1)])
async def test_the_database_commits_no_entry_that_lacks_a_line_or_does_not_balance(
    works: Works, urls: DatabaseUrls, amounts: Sequence[int]
):
    await post(works, sale(1))
    async with raw(urls.system) as connection:
        accounts = await connection.fetch("select id from ledger_accounts order by id")
        transaction = connection.transaction()
        await transaction.start()
        entry = await connection.fetchval(_ENTRY, "sale:raw", DECEMBER.first_day)
        with pytest.raises(asyncpg.PostgresError, match=r"balance|further"):
            for line, amount in enumerate(amounts):
                await connection.execute(
                    "insert into ledger_postings values ($1, $2, $3, $4, $5)",
                    entry,
                    line,
                    DECEMBER.first_day,
                    accounts[line % 2]["id"],
                    amount,
                )
            await transaction.commit()
    assert (await ledger.verify_ledger(works)).entries == 1


async def test_requests_of_tenants_see_nothing_of_it_and_write_nothing(works: Works, urls: DatabaseUrls):
    await post(works, sale(1))
    async with raw(urls.app) as connection:
        for table in ("ledger_entries", "ledger_postings", "ledger_accounts", "ledger_closings"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(_ENTRY, "sale:app", DECEMBER.first_day)


#: What somebody with the database's own rights might do, and how it shows.
TAMPERING: dict[str, tuple[str, set[str]]] = {
    "an amount": (
        "update ledger_postings set amount = amount * 2 where entry_id = $1",
        {"altered"},
    ),
    "one side": (
        "update ledger_postings set amount = amount + 1 where entry_id = $1 and line = 0",
        {"altered", "unbalanced"},
    ),
    "the creator": (
        "update ledger_accounts set owner = gen_random_uuid() where kind = 'creator' and $1 <> owner",
        {"altered"},
    ),
    "the moment": (
        "update ledger_entries set occurred_at = occurred_at - interval '1 day' where id = $1",
        {"altered"},
    ),
    "the key": ("update ledger_entries set key = 'sale:9' where id = $1", {"altered"}),
    "a line away": (
        "delete from ledger_postings where entry_id = $1 and line = 1",
        {"altered", "incomplete", "unbalanced"},
    ),
    "both lines away": ("delete from ledger_postings where entry_id = $1", {"altered", "incomplete"}),
    "an entry away": (
        "with lines as (delete from ledger_postings where entry_id = $1)"
        " delete from ledger_entries where id = $1",
        {"closed_month"},
    ),
    "an entry into another month": (
        "with e as (update ledger_entries set period = '2026-12-01' where id = $1)"
        " update ledger_postings set period = '2026-12-01' where entry_id = $1",
        {"altered", "closed_month"},
    ),
    "the count of a closing": (
        "update ledger_closings set entries = entries + 1 where $1::uuid is not null",
        {"closed_month"},
    ),
    "the digest of a closing": (
        "update ledger_closings set digest = sha256('x') where $1::uuid is not null",
        {"closed_month"},
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_what_was_changed_behind_the_ledgers_back_is_found(
    works: Works, urls: DatabaseUrls, server: str, time: Time, what: str
):
    await post(works, sale(1), sale(2), sale(3))
    to_december(time)
    await close(works)
    statement, expected = TAMPERING[what]
    own = server.replace("/postgres?", f"{urlsplit(urls.owner).path}?")
    async with raw(own) as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        entry = await connection.fetchval("select id from ledger_entries where key = 'sale:2'")
        await connection.execute(statement, entry)
    verdict = await ledger.verify_ledger(works)
    assert {finding.kind for finding in verdict.findings} == expected


async def test_a_whole_ledger_sums_to_nothing_in_each_currency(works: Works):
    await post(works, sale(1), sale(2, currency="JPY"), sale(3, amount=-1))
    told: list[Any] = []
    verdict = await ledger.verify_ledger(works, told.append)
    assert verdict.totals == {"USD": 0, "JPY": 0}
    assert verdict.by_kind["cash", "USD"] == 1998
    assert told[-1] == 3
