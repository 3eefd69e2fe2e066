"""Finance staff see what was told of sales and is not booked, and try it once more."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from aei_marketplace.ground.clock import utc_now
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import DisputeLost, DisputeOpened, DisputeWon, Refund, Sale, SalesFact
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow

LEFT = "insert into sales_facts (name, kind, sale_key, amount, fee, occurred_at, told_at, state)"


@pytest.fixture(scope="module")
def told(site: Site) -> Site:
    """A sale of which most is held, what waits for each reason, one that was refused; somebody of finance."""

    async def fill() -> None:
        await site.add_person("ulla", "Ulla Unbooked", "Finance", None)
        at = utc_now() - timedelta(minutes=5)
        creator, buyer = uuid4(), uuid4()
        paid = ("weir.lock", "1.0.0", creator, buyer, "one_time", "EUR", 100_000, 0, 0, at, at)
        first, second = Sale("weir/1", *paid), Sale("weir/2", *paid)
        steps: list[list[SalesFact]] = [
            [first, DisputeOpened("weir/d1", "weir/1", 70_000, at)],
            [Refund("weir/r1", "weir/1", 60_000, at)],
            [Refund("weir/r9", "weir/9", 1_250, at, "EUR"), DisputeWon("weir/d8", at)],
            [DisputeLost("weir/d2", at)],
            [second, Refund("weir/r2", "weir/2", 90_000, at)],
            [DisputeOpened("weir/d2", "weir/2", 50_000, at)],
        ]
        for facts in steps:
            async with site.deps.works.system("tests") as work:
                await sales.record(work, facts)
        async with site.deps.works.system("tests") as work:
            values = " values ('refund:weir/left', 'refund', 'weir/2', 500, 0, :at, :at, 'parked')"
            await work.run(text(LEFT + values), {"at": at})

    site.run(fill())
    return site


def test_what_is_not_booked_is_listed_with_why_and_tried_once_more(told: Site, open_window: OpenWindow):
    page = open_window("ulla")
    page.goto("/admin/unbooked")
    for name, says in (
        ("refund:weir/r1", "A dispute holds what is left of the sale."),
        ("refund:weir/r9", "The sale that it concerns is not booked."),
        ("won:weir/d8", "nobody told that it was opened"),
        ("dispute:weir/d2", "went back to the buyer before"),
        ("refund:weir/left", "Nothing stands in its way any more."),
    ):
        button = page.get_by_role("button", name=f"Retry to book {name}")
        expect(page.get_by_role("row").filter(has=button)).to_contain_text(says)
    for width, theme in VIEWS:
        view = open_window("ulla", width=width, theme=theme)
        view.goto("/admin/unbooked")
        inspect(view, "unbooked")
    follow(page.get_by_role("button", name="Retry to book refund:weir/r1"))
    expect(page.get_by_role("status").first).to_contain_text("It still waits")
    plain = open_window("ulla", width=360, scripts=False)
    plain.goto("/admin/unbooked")
    follow(plain.get_by_role("button", name="Retry to book refund:weir/left"))
    expect(plain.get_by_text("It is booked.", exact=True)).to_be_visible()
    expect(plain.get_by_role("button", name="Retry to book refund:weir/left")).to_have_count(0)
    follow(page.get_by_role("link", name="Refused", exact=True))
    expect(page.get_by_text("the lost 50000 are more than the 10000 left")).to_be_visible()
    inspect(page, "unbooked-refused")
    assert open_window("admin").goto("/admin/unbooked").status == 403  # type: ignore[union-attr] # a page always answers
