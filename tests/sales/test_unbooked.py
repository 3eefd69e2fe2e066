"""What was told and is not booked: why, whom it is shown to, and how it is tried once more."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.errors import NoSuchFact
from aei_marketplace.sales.rules.waiting import Why
from aei_marketplace.sales.service import DisputeLost, DisputeOpened, DisputeWon, Refund
from tests.builders import make_staff, make_tenant
from tests.sales.conftest import Tell, day, sale
from tests.serving import serving

WAITING = {
    "refund:early": (Why.NO_SALE, None, 300),
    "dispute:d9": (Why.NO_SALE, None, 200),
    "lost:d9": (Why.NO_SALE, None, 200),
    "won:d8": (Why.NO_OPENING, None, None),
    "dispute:d2": (Why.GONE, "acme.echo", 500),
    "refund:r1": (Why.NO_ROOM, "acme.echo", 600),
}


@pytest.fixture
async def told(tell: Tell) -> None:
    """A sale of which most is held, and what has no room or comes too early; one end too many is refused."""
    await tell(sale(), DisputeOpened("d1", "s1", 700, day(3)))
    await tell(Refund("r1", "s1", 600, day(4)))
    await tell(Refund("early", "s9", 300, day(5), "USD"), DisputeOpened("d9", "s9", 200, day(5)))
    await tell(DisputeLost("d9", day(6)), DisputeWon("d8", day(6)))
    await tell(DisputeLost("d2", day(6)))
    await tell(sale("s2"), Refund("r2", "s2", 900, day(4)))
    await tell(DisputeOpened("d2", "s2", 500, day(5)))


async def test_finance_staff_read_why_each_fact_waits_or_was_refused(works: Works, told: None) -> None:
    staff, _ = await make_staff(works, "Finance")
    acme = await make_tenant(works, "acme")
    seen, wanted = {}, PageWanted(2)
    while True:
        async with works.begin(staff) as work:
            page = await sales.list_unbooked(work, "parked", wanted)
        seen |= {each.name: (each.why, each.plugin_id, each.amount) for each in page.items}
        if page.next_cursor is None:
            break
        wanted = PageWanted.read(2, page.next_cursor)
    assert {name: seen[name] for name in WAITING} == WAITING
    assert page.total == len(seen)
    async with works.begin(staff) as work:
        (refused,) = (await sales.list_unbooked(work, "refused", PageWanted())).items
        assert await sales.count_parked(work) == len(seen)
        for strange in (["never", "a time"], 7, [], ["2026-11-20", "no zone"], ["2026-11-20T00:00:00Z", 1]):
            with pytest.raises(Invalid):
                await sales.list_unbooked(work, "parked", PageWanted(2, strange))
    assert (refused.name, refused.why, refused.amount) == ("lost:d2", None, 500)
    assert "more than" in (refused.reason or "")
    for ask in (lambda work: sales.list_unbooked(work, "parked", PageWanted()), sales.count_parked):
        with pytest.raises(NotAllowed):
            async with works.begin(acme.admin) as work:
                await ask(work)
    async with works.begin(acme.admin) as work:
        assert (await work.run(text("select count(*) from sales_facts"))).scalar_one() == 0


async def test_what_waits_is_tried_again_by_who_may_and_booked_once_nothing_stands_in_its_way(
    deps: Deps, urls: DatabaseUrls, works: Works, tell: Tell, told: None
) -> None:
    deps = replace(deps, works=works)
    staff, token = await make_staff(works, "Finance")
    acme = await make_tenant(works, "acme")
    assert await sales.retry(works, staff, "t", "refund:r1") == "parked"
    with pytest.raises(NoSuchFact):
        await sales.retry(works, staff, "t", "lost:d2")
    # As a restored backup may have it: told, and never looked at since its sale was booked.
    async with works.system("tests") as work:
        await work.run(
            text(
                "insert into sales_facts (name, kind, sale_key, amount, fee, occurred_at, told_at, state)"
                " values ('refund:left', 'refund', 's2', 50, 0, :at, :at, 'parked')"
            ),
            {"at": day(7)},
        )
    async with serving(create_app(deps, urls.app)) as client:
        listed = await client.get("/api/sales-facts/unbooked", token)
        found = {each["name"]: each for each in listed.json["items"]}
        assert (found["refund:left"]["why"], found["refund:r1"]["why"]) == ("nothing", "no_room")
        assert found["refund:left"]["amount"] == {"amount_minor": 50, "currency": "USD"}
        body = {"name": "refund:left"}
        assert (await client.post("/api/sales-facts/retry", acme.tokens["Admin"], json=body)).status == 403
        assert (await client.post("/api/sales-facts/retry", token, json=body)).json["state"] == "booked"
        assert (await client.post("/api/sales-facts/retry", token, json=body)).status == 404
        wrong = await client.get("/api/sales-facts/unbooked?state=booked", token)
        assert wrong.status == 422
    # What waited is booked by itself when the dispute ends, as far as there is room.
    recorded = await tell(DisputeWon("d1", day(8)))
    assert "refund:r1" in recorded.new
    async with works.begin(staff) as work:
        names = {each.name for each in (await sales.list_unbooked(work, "parked", PageWanted())).items}
    assert "refund:r1" not in names
