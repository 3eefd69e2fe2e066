"""Booking on a real database: in any order, at once, twice, late, and what is refused."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import Period
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.errors import SalesFactContradicts, SalesFactUnfit
from aei_marketplace.sales.service import DisputeLost, DisputeOpened, DisputeWon, Refund
from aei_marketplace.sales.store import agreements as agreement_store
from tests.builders import make_tenant
from tests.clocks import Time
from tests.sales.conftest import BUYER, CREATOR, OTHER, Tell, day, sale
from tests.sales.histories import BEGIN, draw_history
from tests.sales.scenarios import list_plugin

NOVEMBER = Period(2026, 11)


async def sums(works: Works, period: Period = NOVEMBER) -> dict[str, tuple[int, int, int]]:
    """By kind, how many lines a creator has, and their gross and net."""
    async with works.system("tests") as work:
        found = await sales.sum_month(work, period)
    return {each.kind: (each.count, each.gross, each.net) for each in found if each.creator == CREATOR}


async def owed(works: Works) -> dict[str, int]:
    async with works.system("tests") as work:
        found = await ledger.balances(work)
    totals: Counter[str] = Counter()
    for balance in found:
        totals[balance.account.kind] += balance.amount
    return {kind: amount for kind, amount in totals.items() if amount}


@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_the_database_comes_to_what_the_rules_come_to_in_memory(
    works: Works, time: Time, tell: Tell, seed: int
):
    history = draw_history(Random(seed))
    told = sorted(history.late(Random(seed)), key=lambda each: each[0])
    for plugin_id, agreements in history.agreements.items():
        tenant = await make_tenant(works, plugin_id.partition(".")[0])
        await list_plugin(works, tenant.id, plugin_id)
        async with works.system("tests") as work:
            for agreement in agreements:
                await agreement_store.add(work, replace(agreement, id=new_id()))
    month = Period.of(BEGIN)
    for moment, fact in told:
        while month.closes_at <= moment:
            time.ahead = month.closes_at + timedelta(seconds=1) - datetime.now(UTC)
            async with works.system("tests") as work:
                await ledger.close_period(work, month)
            month = month.next
        time.ahead = moment - datetime.now(UTC)
        await tell(fact)
    books = history.books(told)
    expected = {
        (line.key, line.kind, line.parts.net, line.parts.fees, line.parts.tax, at.period, at.ref_period)
        for line, at in books.lines
    }
    async with works.system("tests") as work:
        found = set()
        for each in await sales.list_months(work):
            for creator, currency in {(s.creator, s.currency) for s in await sales.sum_month(work, each)}:
                page = await sales.lines_page(work, creator, currency, each, PageWanted(200))
                for line in page.items:
                    said = (line.key, line.kind, line.net, line.fees, line.tax)
                    found.add((*said, line.period, line.ref_period))
    assert found == expected
    assert len(expected) > 5
    assert (await ledger.verify_ledger(works)).findings == []


async def test_a_chain_is_booked_when_its_first_link_comes_and_nothing_counts_twice(works: Works, tell: Tell):
    opened, won = DisputeOpened("d1", "s1", 600, day(4)), DisputeWon("d1", day(6), fee=15)
    refund = Refund("r1", "s1", 1000, day(7))
    for fact, name in ((won, "won:d1"), (refund, "refund:r1"), (opened, "dispute:d1")):
        recorded = await tell(fact)
        assert (recorded.new, recorded.parked) == (frozenset(), {name})
    assert await sums(works) == {}
    recorded = await tell(sale(), refund)
    assert recorded.new == {"sale:s1", "dispute:d1", "won:d1", "refund:r1"}
    once = await sums(works)
    assert once == {
        "sale": (1, 1000, 850),
        "hold": (1, -600, -510),
        "release": (1, 600, 510),
        "refund": (1, -1000, -850),
    }
    again = await tell(won, opened, refund, replace(sale(), occurred_at=day(3), processor_fee=30))
    assert (again.new, again.parked) == (frozenset(), frozenset())
    assert again.ignored == {"sale:s1", "dispute:d1", "won:d1", "refund:r1"}
    assert await sums(works) == once
    assert await owed(works) == {"receivable": -15, "dispute_fees": 15}


async def test_a_sale_of_nothing_makes_no_line_and_nothing_of_it_goes_back(works: Works, tell: Tell):
    free = sale("free", 0)
    assert (await tell(free)).new == (await tell(free)).ignored == {"sale:free"}
    with pytest.raises(SalesFactUnfit):
        await tell(Refund("r1", "free", 1, day(3)))
    assert await sums(works) == {}


async def test_refunds_of_one_sale_at_once_never_exceed_it(works: Works, tell: Tell):
    await tell(sale(tax=190))
    refunds = [Refund(f"r{number}", "s1", 300, day(5)) for number in range(8)]
    ends = await asyncio.gather(*(tell(each) for each in refunds), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 8 - 1190 // 300
    assert all(isinstance(end, SalesFactUnfit) for end in refused)
    async with works.system("tests") as work:
        sold = await sales.sale_of(work, "s1")
        assert sold is not None
        assert (sold.paid, sold.reversed, sold.left, sold.buyer) == (1190, 900, 290, BUYER)
        assert await sales.sale_of(work, "s2") is None
    await tell(Refund("rest", "s1", 290, day(6)))
    assert await owed(works) == {}


async def test_a_sale_and_its_refund_told_at_the_same_moment_find_each_other(works: Works, tell: Tell):
    facts = [
        fact
        for number in range(6)
        for fact in (
            sale(f"s{number}"),
            Refund(f"r{number}", f"s{number}", 1000, day(3)),
            DisputeOpened(f"d{number}", f"s{number}", 1000, day(2)),
            DisputeWon(f"d{number}", day(2) + timedelta(hours=1)),
        )
    ]
    await asyncio.gather(*(tell(fact) for fact in facts), *(tell(*facts[n::5]) for n in range(5)))
    found = await sums(works)
    assert {kind: count for kind, (count, *_) in found.items()} == dict.fromkeys(
        ("sale", "refund", "hold", "release"), 6
    )
    assert await owed(works) == {}


async def test_what_can_never_be_booked_is_refused_and_nothing_of_its_batch_is_booked(
    works: Works, tell: Tell
):
    await tell(sale(), sale("s2", currency="EUR"))
    before = await owed(works)
    unfit = [
        (Refund("r1", "s1", 1001, day(3)),),
        (Refund("r1", "s1", 500, day(3)), Refund("r2", "s1", 501, day(3))),
        (sale("s3"), Refund("r3", "s3", 1001, day(3))),
        (Refund("r4", "s2", 5, day(3), "USD"),),
        (DisputeOpened("d1", "s1", 1001, day(3)),),
    ]
    for facts in unfit:
        with pytest.raises(SalesFactUnfit):
            await tell(*facts)
    contradictions = [
        sale(gross=1001),
        sale(currency="EUR"),
        sale(creator=OTHER),
        sale("s2"),
    ]
    for fact in contradictions:
        with pytest.raises(SalesFactContradicts):
            await tell(fact, sale("s4"))
    assert await owed(works) == before
    await tell(Refund("r1", "s1", 500, day(3)))
    with pytest.raises(SalesFactContradicts):
        await tell(Refund("r1", "s1", 499, day(3)))


async def test_only_named_jobs_and_finance_tell_of_money(works: Works):
    tenant = await make_tenant(works, "acme")
    with pytest.raises(NotAllowed):
        async with works.begin(tenant.admin) as work:
            await sales.record(work, [sale()])


async def test_what_waited_in_vain_is_refused_in_the_audit_log_and_steps_of_disputes_stand_there(
    works: Works, tell: Tell
):
    await tell(sale(), DisputeOpened("d1", "s1", 1000, day(3)))
    assert (await tell(Refund("r1", "s1", 400, day(4)))).parked == {"refund:r1"}
    recorded = await tell(DisputeLost("d1", day(5), fee=1500))
    assert (recorded.new, recorded.refused) == ({"lost:d1"}, {"refund:r1"})
    assert (await tell(Refund("r1", "s1", 400, day(4)))).ignored == {"refund:r1"}
    with pytest.raises(SalesFactUnfit, match="ended otherwise"):
        await tell(DisputeWon("d1", day(6)))
    assert await sums(works) == {
        "sale": (1, 1000, 850),
        "hold": (1, -1000, -850),
        "charge": (1, 0, -1500),
    }
    assert await owed(works) == {"receivable": -1500, "creator": 1500}
    async with works.system("tests") as work:
        raw = await (await work.connection.get_raw_connection()).driver_connection.fetch(  # type: ignore[union-attr] # asyncpg's
            "select action, resource_id from audit_entries where action like 'dispute.%'"
            " or action like 'sales_fact.%' order by id"
        )
    assert [tuple(row) for row in raw] == [
        ("dispute.hold", "d1"),
        ("dispute.settle", "d1"),
        ("sales_fact.refuse", "refund:r1"),
    ]


async def test_a_dispute_told_when_everything_was_refunded_comes_to_nothing_if_won_and_is_refused_if_lost(
    works: Works, tell: Tell
):
    await tell(sale(), Refund("r1", "s1", 1000, day(9)))
    for number in (1, 2):
        told = await tell(DisputeOpened(f"d{number}", "s1", 700, day(3)))
        assert told.parked == {f"dispute:d{number}"}
    with pytest.raises(SalesFactUnfit, match="more than the 0 left"):
        await tell(DisputeLost("d1", day(5)))
    assert (await tell(DisputeWon("d2", day(5)))).new == {"dispute:d2", "won:d2"}
    assert (await sums(works))["hold"] == (1, -700, -595)
    assert await owed(works) == {}


async def test_months_are_summed_by_release_and_late_lines_say_where_they_belong(
    works: Works, time: Time, tell: Tell
):
    await tell(
        sale(occurred_at=day(30, 10)),
        sale("s2", 99, version="2.0.0", source="usage"),
        sale("s3", 50, currency="JPY", creator=OTHER, tax=5),
    )
    time.ahead = datetime(2026, 12, 4, tzinfo=UTC) - datetime.now(UTC)
    async with works.system("tests") as work:
        await ledger.close_period(work, Period(2026, 10))
        await ledger.close_period(work, NOVEMBER)
    await tell(Refund("r1", "s1", 100, day(29)), sale("s4", 10, occurred_at=day(1, 12)))
    async with works.system("tests") as work:
        december = NOVEMBER.next
        assert await sales.list_months(work) == [december, NOVEMBER, Period(2026, 10)]
        released = await sales.sum_by_release(work, CREATOR, "USD", NOVEMBER)
        assert [(r.plugin_id, r.version, r.kind, r.gross, r.net) for r in released] == [
            ("acme.echo", "2.0.0", "sale", 99, 84)
        ]
        late, many = await sales.late_lines(work, CREATOR, "USD", december, 1)
        assert many == 1
        assert [(line.key, line.ref_period, line.net) for line in late] == [("refund:r1", NOVEMBER, -85)]
        first = await sales.lines_page(work, CREATOR, "USD", december, PageWanted(1))
        rest = PageWanted.read(1, first.next_cursor)
        second = await sales.lines_page(work, CREATOR, "USD", december, rest)
        assert [line.key for line in (*first.items, *second.items)] == ["sale:s4", "refund:r1"]
        assert (first.total, second.next_cursor) == (2, None)
        so_far = await sales.open_months_of(work, CREATOR)
        assert [(m.period, m.sum.kind, m.sum.net) for m in so_far] == [
            (december, "refund", -85),
            (december, "sale", 9),
        ]
