"""Months that close: statements, what is carried, what is paid; two closes at once, one that is killed."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.errors import PeriodClosed
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.errors import MonthNotOver, MonthUnfinished
from aei_marketplace.payouts.service import State, closing
from tests.payouts.conftest import DECEMBER, NOVEMBER, OCTOBER, Books


async def owed(books: Books, kind: str = "creator") -> dict[str, int]:
    """What the ledger holds for creators, by their short name and currency."""
    names = {books.studio.id: "studio", books.globex.id: "globex"}
    async with books.works.system("tests") as work:
        found = await ledger.balances(work, kind=kind)
    return {
        f"{names[each.account.owner]} {each.account.currency}": -each.amount for each in found if each.amount
    }


async def whole(books: Books) -> bool:
    proof = await payouts.verify_statements(books.works)
    assert proof.findings == []
    return not (await ledger.verify_ledger(books.works)).findings


async def test_a_month_closes_into_statements_that_chain_and_payouts_from_the_threshold_on(books: Books):
    key = await books.sell(books.studio, 10_000)
    await books.sell(books.studio, 2_000, version="1.1.0")
    await books.sell(books.studio, 4_000, currency="EUR")
    await books.sell(books.globex, 1_000, plugin_id="globex.tool")
    with pytest.raises(MonthNotOver):
        await books.close()
    books.go_to(12, 2)
    await books.refund(key, 1_000)
    await books.sell(books.globex, 9_000, plugin_id="globex.tool")
    assert await payouts.close_due(books.works) == []
    books.go_to(12, 3)
    assert await payouts.close_due(books.works) == [NOVEMBER]
    assert not await books.close()
    said = {
        str(s.whose.currency + " " + ("studio" if s.whose.creator == books.studio.id else "globex")): (
            s.account.opening, s.account.total.net, s.account.payout, s.account.closing,
        )
        for s in await books.statements(NOVEMBER)
    }  # fmt: skip
    assert said == {
        "USD studio": (0, 10_200, 10_200, 0),
        "EUR studio": (0, 3_400, 0, 3_400),
        "USD globex": (0, 850, 0, 850),
    }
    payout = await books.payout()
    assert (payout.amount, payout.state, payout.version) == (10_200, State.TAX_CHECK, 2)
    assert await owed(books, "payout") == {"studio USD": 10_200}
    assert await owed(books) == {"studio USD": -850, "studio EUR": 3_400, "globex USD": 8_500}

    books.go_to(1, 3, 2027)
    assert await payouts.close_due(books.works) == [DECEMBER]
    later = {
        (s.whose.creator, s.whose.currency): (s.account.opening, s.account.payable, s.account.payout)
        for s in await books.statements(DECEMBER)
    }
    assert later == {
        (books.studio.id, "USD"): (0, -850, 0),  # negative: carried, and never taken out of euros
        (books.studio.id, "EUR"): (3_400, 3_400, 0),
        (books.globex.id, "USD"): (850, 8_500, 8_500),
    }
    assert await whole(books)
    assert await books.audited("statement.%") == ["statement.close"] * 2
    assert await books.audited("payout.%") == ["payout.draft", "payout.check"] * 2


async def test_a_creator_may_wait_for_more_and_december_sweeps_what_stays_below(books: Books):
    await books.sell(books.studio, 10_000)
    await books.sell(books.globex, 1_000)
    async with books.works.begin(books.studio.admin) as work:
        await payouts.ask_threshold(work, "USD", 20_000)
    books.go_to(12, 3)
    await books.close()
    assert await books.payouts() == []
    async with books.works.begin(books.staff["fay"]) as work:
        await payouts.set_december_sweep(work, True)
        await payouts.set_threshold(work, "EUR", 700)
    await books.sell(books.globex, 800, currency="EUR")
    books.go_to(1, 3, 2027)
    await books.close(DECEMBER)
    assert sorted(p.amount for p in await books.payouts()) == [680, 850, 8_500]
    assert await whole(books)


async def test_months_close_in_order_and_one_without_any_sale_carries_on(books: Books):
    await books.sell(books.studio, 1_000)
    books.go_to(1, 20, 2027)
    with pytest.raises(MonthUnfinished, match="2026-11 is not closed"):
        await books.close(DECEMBER)
    assert await payouts.close_due(books.works) == [NOVEMBER, DECEMBER]
    assert [s.account.closing for s in await books.statements()] == [850, 850]
    with pytest.raises(PeriodClosed):
        await books.close(OCTOBER)


@pytest.mark.parametrize("step", ["_write_some", "_draft", "_reserve_some", "_finish"])
async def test_a_close_that_ends_anywhere_is_carried_on_and_nothing_happens_twice(
    books: Books, monkeypatch: pytest.MonkeyPatch, step: str
):
    monkeypatch.setattr(closing, "STATEMENTS_AT_ONCE", 1)
    for tenant in (books.studio, books.globex):
        await books.sell(tenant, 10_000)
    books.go_to(12, 3)
    real, calls = getattr(closing, step), 0

    async def killed(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == (2 if step in ("_write_some", "_draft") else 1):
            await real(*arguments) if step != "_finish" else None
            raise KeyboardInterrupt
        return await real(*arguments)

    monkeypatch.setattr(closing, step, killed)
    with pytest.raises(KeyboardInterrupt):
        await books.close()
    monkeypatch.setattr(closing, step, real)
    books.go_to(1, 5, 2027)
    with pytest.raises(MonthUnfinished, match="begun and is not finished"):
        await books.close(DECEMBER)
    assert await payouts.close_due(books.works) == [NOVEMBER, DECEMBER]
    assert sorted((p.amount, p.state) for p in await books.payouts()) == [(8_500, "tax_check")] * 2
    assert await owed(books, "payout") == {"studio USD": 8_500, "globex USD": 8_500}
    assert await whole(books)
    assert await books.audited("payout.%") == ["payout.draft"] * 2 + ["payout.check"] * 2


async def test_of_two_who_close_at_once_there_is_one_close(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(closing, "STATEMENTS_AT_ONCE", 1)
    for tenant in (books.studio, books.globex):
        for currency in ("USD", "EUR", "JPY"):
            await books.sell(tenant, 10_000, currency=currency)
    books.go_to(12, 3)
    ends = await asyncio.gather(books.close(), books.close(), books.close())
    assert sorted(ends) == [False, False, True]
    assert [p.amount for p in await books.payouts()] == [8_500] * 6
    assert await whole(books)
    assert await books.audited("statement.close") == ["statement.close"]


async def test_the_database_itself_keeps_statements_as_they_are_closed(books: Books, urls: DatabaseUrls):
    await books.sell(books.studio, 10_000)
    books.go_to(12, 3)
    await books.close()
    owner = await asyncpg.connect(urls.owner)
    for statement, message in (
        ("update statements set closing = closing", "append-only"),
        ("delete from statement_parts", "append-only"),
        ("update payouts set amount = amount + 1", "what was drafted stays"),
        ("update payouts set state = 'paid'", "does not go from tax_check to paid"),
        ("delete from payouts", "append-only"),
        (
            "insert into statement_parts select id, 'a.b', '', 'sale', 1, 0, 0, 0 from statements",
            "takes no further part",
        ),
        (
            "insert into statements select gen_random_uuid(), period, gen_random_uuid(), currency, 0,"
            " 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0, 0, 1, 0, 0, now() from statements",
            "while their month is being closed",
        ),
    ):
        with pytest.raises(asyncpg.PostgresError, match=message):
            await owner.execute(statement)
    await owner.close()


async def test_what_was_changed_behind_the_marketplace_is_found(books: Books):
    await books.sell(books.studio, 10_000)
    books.go_to(12, 3)
    await books.close()
    async with books.works.system("tests") as work:
        await work.run(
            text("insert into payout_reversals select id, creator, currency, 5, period, now() from payouts")
        )
    (finding,) = (await payouts.verify_statements(books.works)).findings
    assert (finding.kind, finding.detail) == ("statement", "payout reversals: stated 0, recomputed 5")
