"""A creator looks at their revenue; two persons of finance pay it."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.clock import new_id, utc_now
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.pages.words import month
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import Refund, Sale
from aei_marketplace.tax_profiles import service as tax_profiles
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow

#: Over for long enough to be closed and released on any day.
SECOND = Period.of(utc_now()).before.before
FIRST = SECOND.before


@pytest.fixture(scope="module")
def books(site: Site) -> Site:
    """A creator with two closed months and one under way, in two currencies."""

    async def fill() -> None:
        works = site.deps.works
        async with works.system("tests") as work:
            kilns = await accounts.create_tenant(work, "kilnworks", "Kiln Works & Daughters")
        await site.add_person("pearl", "Pearl Payee", "Admin", kilns)
        await site.add_person("flora", "Flora Finance", "Finance", None)
        await site.add_person("fred", "Fred Figures", "Finance", None)
        now = utc_now()
        first, second = (datetime(p.year, p.month, 5, 12, tzinfo=UTC) for p in (FIRST, SECOND))
        facts = [
            *(_sale(kilns, f"kiln-{n}", 12_345 + n, first, version=f"1.{n % 2}.0") for n in range(4)),
            _sale(kilns, "kiln-eur", 4_000, first, currency="EUR"),
            _sale(kilns, "kiln-second", 2_000, second),
            Refund("kiln-refund", "kiln-0", 12_345, second),
            _sale(kilns, "kiln-now", 7_777, now),
        ]
        async with works.system("tests") as work:
            await sales.record(work, facts)
        await payouts.close_due(works)

    site.run(fill())
    pearl, flora = site.actor("pearl"), site.actor("flora")

    async def declare() -> None:
        declared = Declaration(
            Form.SELF_DECLARATION, Kind.COMPANY, "DE", "Kiln Works", "Kiln Lane 1", "DE136695976"
        )
        async with site.deps.works.begin(pearl) as work:
            profile = await tax_profiles.submit_profile(work, site.deps.master_key, declared)
        async with site.deps.works.begin(flora) as work:
            await tax_profiles.review_profile(work, profile.id, approve=True, withholding_bps=1_500)

    site.run(declare())
    return site


def _sale(
    creator, key: str, gross: int, at: datetime, *, currency: str = "USD", version: str = "1.0.0"
) -> Sale:
    return Sale(
        key=key, plugin_id="kilnworks.glaze", version=version, creator=creator, buyer=new_id(),
        source="one_time", currency=currency, gross=gross, tax=0, processor_fee=0, occurred_at=at,
        earned_at=at,
    )  # fmt: skip


def open_payout(page: Page) -> None:
    page.goto(f"/admin/payouts?period={FIRST}")
    follow(
        page.get_by_role(
            "link", name=f"Look at the payout to Kiln Works & Daughters of {month(FIRST)} in USD"
        )
    )


def test_a_creator_reads_what_came_of_their_sales_and_two_of_finance_pay_it(
    books: Site, open_window: OpenWindow
):
    creator = open_window("pearl")
    creator.goto("/publisher")
    follow(creator.get_by_role("link", name="Revenue"))
    usd = creator.get_by_role("region", name="so far, in USD")
    expect(usd).to_contain_text("USD 66.10")  # 85 % of 77.77
    expect(usd.get_by_role("row").filter(has_text=month(FIRST))).to_contain_text("Waits for approval")
    usd.get_by_text("Paid out from USD 50.00 on").click()
    usd.get_by_label("Paid out from, in USD").fill("49.99")
    follow(usd.get_by_role("button", name="Keep the threshold of USD"))
    expect(creator.get_by_role("alert")).to_contain_text("cannot be used")
    creator.goto("/publisher/revenue")
    follow(usd.get_by_role("link", name=month(FIRST)))
    account = creator.get_by_role("region", name="The account")
    expect(account.get_by_role("row").filter(has_text="Paid out")).to_contain_text("USD 419.78")
    lines = creator.request.get(creator.get_by_role("link", name="Lines (CSV)").get_attribute("href") or "")
    assert len(lines.text().splitlines()) == 5
    statement = creator.url

    stranger = open_window("admin")
    assert stranger.goto(statement).status == 404  # type: ignore[union-attr] # a page always answers

    flora, fred = open_window("flora", width=360), open_window("fred")
    open_payout(flora)
    follow(flora.get_by_role("button", name="Approve USD 419.78"))
    expect(flora.get_by_role("status").first).to_contain_text("Approved")
    follow(flora.get_by_role("button", name="Release USD 356.81"))
    expect(flora.get_by_role("alert")).to_contain_text("You approved it.")
    open_payout(fred)
    follow(fred.get_by_role("button", name="Release USD 356.81"))
    expect(fred.get_by_role("alert")).to_contain_text("not confirmed the tax model")
    fred.goto("/admin/payouts/policy")
    fred.get_by_label("Examined by").fill("Ledger & Partners")
    fred.get_by_label("On", exact=True).fill(utc_now().date().isoformat())
    fred.get_by_label("Type: confirmed").fill("confirmed")
    follow(fred.get_by_role("button", name="Confirm"))
    expect(fred.get_by_text("Confirmed by Ledger & Partners")).to_be_visible()
    fred.goto(f"/admin/payouts?period={FIRST}")
    follow(fred.get_by_role("button", name="Release all that are approved"))
    expect(fred.get_by_role("alert")).to_contain_text("Tick that you are sure")
    fred.goto(f"/admin/payouts?period={FIRST}")
    fred.locator("#sure-release").check()
    follow(fred.get_by_role("button", name="Release all that are approved"))
    expect(fred.get_by_role("status").first).to_contain_text("1 payout released")
    run = fred.request.get(f"/api/payouts/bank-run?period={FIRST}").text().splitlines()
    assert "Kiln Works & Daughters,USD,41978,6297,35681" in run[1]
    results = f"payout,result,reference,reason\n{run[1].split(',')[0]},paid,SEPA-1,\n"
    fred.get_by_label("Results").set_input_files(
        {"name": "results.csv", "mimeType": "text/csv", "buffer": results.encode()}
    )
    follow(fred.get_by_role("button", name="Take them over"))
    expect(fred.get_by_role("status").first).to_contain_text("1 payout settled")
    open_payout(flora)
    flora.get_by_label("What the bank says").fill("account closed")
    follow(flora.get_by_role("button", name="Mark as failed"))
    expect(flora.get_by_role("status").first).to_contain_text("back in the balance")
    creator.goto(statement)
    expect(creator.get_by_role("region", name="The payout")).to_contain_text("account closed")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_pages_of_revenue_and_payouts_are_accessible_and_fit(
    books: Site, open_window: OpenWindow, width: int, theme: str
):
    creator = open_window("pearl", width=width, theme=theme)
    creator.goto("/publisher/revenue")
    inspect(creator, "publisher-revenue")
    follow(creator.get_by_role("region", name="so far, in USD").get_by_role("link", name=month(SECOND)))
    inspect(creator, "publisher-statement")
    creator.emulate_media(media="print")
    expect(creator.get_by_role("link", name="Lines (CSV)")).to_be_hidden()
    staff = open_window("flora", width=width, theme=theme)
    staff.goto(f"/admin/payouts?period={FIRST}")
    inspect(staff, "admin-payouts")
    staff.goto("/admin/payouts/policy")
    inspect(staff, "admin-payouts-policy")
    open_payout(staff)
    inspect(staff, "admin-payout")
    empty = open_window("admin", width=width, theme=theme)
    empty.goto("/publisher/revenue")
    inspect(empty, "publisher-revenue-of-another")
