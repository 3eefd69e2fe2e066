"""Buying in the dialog of an installation, and the page of what is spent: who may spend and who may not."""

import re
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.rules.caps import months_before
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.tax import ELSEWHERE, TaxRate
from aei_marketplace.billing.service import mandates, parties, taxes
from aei_marketplace.billing.store import usage
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports.billing import Collection, MandateWanted, ManualBilling, MethodKept
from tests.billing.invoicing import SELLER
from tests.billing.selling import METERED, MONTHLY, ONCE
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import answered, follow, settled
from tests.plugins import publish, work_off

RECENT = (3, 11_870_000), (2, 4_400_000), (1, 7_310_000)


@pytest.fixture(scope="module", autouse=True)
def till(site: Site) -> None:
    """A publisher of priced plugins, and a tenant that spends: `treasurer` may, `planner` may not."""

    async def make() -> None:
        async with site.deps.works.system("tests") as work:
            vend = await accounts.create_tenant(work, "vend", "Vend")
            till = await accounts.create_tenant(work, "till", "Till")
            await parties.put_seller(work, SELLER)
            await taxes.set_rate(work, TaxRate("digital", ELSEWHERE, work.now.date(), 0))
        await site.add_person("vendor", "Val Vendor", "Admin", vend)
        await site.add_person("treasurer", "Tess Treasurer", "Admin", till)
        await site.add_person("planner", "Pat Planner", "ProjectManager", till)

    site.run(make())
    for name, pricing in (
        ("once", ONCE),
        ("monthly", {**MONTHLY, "trial": {"days": 14}}),
        ("metered", METERED),
    ):
        document = {"id": f"vend.{name}", "name": f"Vend {name}", "pricing": dict(pricing)}
        site.run(publish(site.deps, site.actor("vendor"), document))
    site.run(
        publish(
            site.deps,
            site.actor("vendor"),
            {
                "id": "vend.monthly",
                "name": "Vend monthly",
                "version": "1.1.0",
                "pricing": {**MONTHLY, "amount_minor": 1200},
            },
        )
    )


async def spend_earlier(site: Site) -> None:
    """What the tenant spent in months before this one."""
    tenant = site.people["treasurer"].tenant
    assert tenant is not None
    async with site.deps.works.system("tests") as work:
        months = months_before(work.now.astimezone(UTC).date().replace(day=1), 4)
        for back, micros in RECENT:
            await usage.add_spend(
                work, tenant, months[-1 - back], "USD", "vend.metered", micros, capped=False
            )


def buy(page: Page, name: str) -> None:
    """Agree to a price on the page of an installation, and be led to what happens."""
    page.goto(f"/marketplace/vend.{name}/install")
    follow(page.get_by_role("button", name="Buy and install"))
    expect(page).to_have_url(re.compile("/marketplace/operations/"))


def test_what_has_a_price_is_bought_in_the_dialog_by_who_may_spend(open_window: OpenWindow, site: Site):
    planner = open_window("planner", width=360)
    planner.goto("/marketplace/vend.once")
    expect(planner.get_by_text("It has to be bought first. Ask an Admin of your tenant.")).to_be_visible()
    planner.goto("/marketplace/vend.once/install")
    expect(planner.get_by_text("Ask an Admin of your tenant to buy it.")).to_be_visible()
    expect(planner.get_by_role("button", name="Install")).to_have_count(0)
    inspect(planner, "spend-dialog-planner")

    page = open_window("treasurer")
    page.goto("/marketplace/vend.once")
    expect(page.get_by_text("USD 19.99", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Buy…").first.click()
    answered(page)
    buys = page.get_by_role("button", name="Buy and install")
    expect(buys).to_be_visible()
    settled(page)
    inspect(page, "spend-dialog")
    # Nobody has said whom to bill: nothing is bought, and the page says what to do.
    buys.click()
    expect(page.get_by_text("whom to bill")).to_be_visible()

    async def details() -> None:
        async with site.deps.works.begin(await _treasurer()) as work:
            await parties.put_details(
                work, Party("Till Ltd", "1 Long Street", "US", None, "bills@till.example")
            )

    async def _treasurer():
        person = site.people["treasurer"]
        return await accounts.actor_for(site.deps.works, person.id, person.tenant)

    site.run(details())
    plain = open_window("treasurer", width=360, theme="dark", scripts=False)
    buy(plain, "once")
    site.run(work_off(site.deps))
    plain.goto("/marketplace/vend.once")
    expect(plain.get_by_text("is bought and not paid yet")).to_be_visible()
    small = open_window("treasurer", width=360, theme="dark")
    small.goto("/marketplace/vend.monthly/install")
    expect(small.get_by_text("14 days free first")).to_be_visible()
    expect(small.get_by_text("USD 12.00 a month from")).to_be_visible()
    inspect(small, "spend-dialog-trial")
    buy(plain, "monthly")
    buy(plain, "metered")
    site.run(work_off(site.deps))
    site.run(spend_earlier(site))
    plain.goto("/executions/new?plugin=vend.metered")
    plain.get_by_label("Task").fill("{}")
    follow(plain.get_by_role("button", name="Run", exact=True))
    expect(plain).to_have_url(re.compile(r"/executions/[0-9a-f-]{36}"))
    small.goto("/executions/new?plugin=vend.once")
    small.get_by_label("Task").fill("{}")
    follow(small.get_by_role("button", name="Run", exact=True))
    expect(small.get_by_text("is bought and not paid yet")).to_be_visible()
    expect(small.get_by_text("It runs when its invoice is paid")).to_be_visible()
    inspect(small, "spend-payment-required")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_page_of_what_is_spent_is_accessible_and_its_steps_can_be_taken_back(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    page = open_window("treasurer", width=width, theme=theme)
    page.goto("/admin/spend")
    expect(page.get_by_role("heading", name="this month")).to_be_visible()
    inspect(page, "spend")
    follow(page.get_by_role("button", name="Cancel vend.monthly"))
    expect(page.get_by_text("vend.monthly is cancelled. It runs until")).to_be_visible()
    follow(page.get_by_role("button", name="Take up again vend.monthly"))
    expect(page.get_by_text("vend.monthly goes on.")).to_be_visible()

    page.get_by_label("Currency").fill("USD")
    page.get_by_label("A month", exact=True).fill("1.234")
    follow(page.get_by_role("button", name="Set the cap"))
    expect(page.get_by_role("alert")).to_be_focused()
    inspect(page, "spend-cap-wrong")
    page.get_by_label("A month", exact=True).fill("25.00")
    follow(page.get_by_role("button", name="Set the cap"))
    expect(page.get_by_text("% used")).to_be_visible()
    inspect(page, "spend-capped")
    follow(page.get_by_role("button", name="Remove the cap for all plugins"))
    expect(page.get_by_text("% used")).to_have_count(0)
    receipt = page.get_by_role("link", name="Receipt of vend.metered")
    answer = page.request.get(receipt.get_attribute("href") or "")
    assert answer.text().startswith("execution,plugin,version,currency,unit_micros")
    assert ",vend.metered," in answer.text()
    planner = open_window("planner", width=width, theme=theme)
    assert planner.goto("/admin/spend").status == 403


class KeepsCards(ManualBilling):
    """A provider that keeps cards, as far as the pages see of it."""

    name = "keeper"
    online = True

    async def open_mandate(self, _wanted: MandateWanted, _key: str) -> Collection:
        """The page on which a card is named."""
        until = utc_now() + timedelta(days=1)
        return Collection("page_1", "https://keeper.example/page_1", until, "customer_1")

    async def label_of(self, _method: str) -> str:
        """A card."""
        return "Visa ending in 4242, until 2031-05"


def test_a_card_is_kept_for_renewals_and_a_higher_price_waits_for_consent(
    open_window: OpenWindow, site: Site
):
    kept = replace(site.deps, billing=KeepsCards())
    site.app.state.deps = kept
    try:
        page = open_window("treasurer")
        page.goto("/admin/spend")
        follow(page.get_by_role("button", name="Name a card"))
        expect(page.get_by_role("alert")).to_contain_text("tick it")
        inspect(page, "spend-mandate-refused")
        page.get_by_label("I agree that renewals").check()
        follow(page.get_by_role("button", name="Name a card"))
        link = page.get_by_role("link", name="Go to the provider and name a card")
        expect(link).to_have_attribute("href", "https://keeper.example/page_1")
        inspect(page, "spend-mandate-asked")
        site.run(name_card(kept))
        for width, theme in VIEWS:
            view = open_window("treasurer", width=width, theme=theme)
            view.goto("/admin/spend")
            expect(view.get_by_text("Renewals are charged to Visa ending in 4242")).to_be_visible()
            inspect(view, "spend-mandate")
        follow(view.get_by_role("button", name="Agree to USD 12.00 a month for vend.monthly"))
        expect(view.get_by_text("You agree to the price.")).to_be_visible()
        expect(view.get_by_role("button", name="Agree to")).to_have_count(0)
        follow(view.get_by_role("button", name="Pay by hand again"))
        expect(view.get_by_role("heading", name="Renewals are paid by hand")).to_be_visible()
    finally:
        site.app.state.deps = site.deps


async def name_card(deps: Deps) -> None:
    """What the provider tells once a card is named; and a price that applies when the trial is over."""
    async with deps.works.system("tests") as work:
        asked = (
            await work.run(text("select id from payment_mandates where provider = 'keeper'"))
        ).scalar_one()
        await mandates.keep(
            work, MethodKept(asked, "customer_1", "card_1"), await deps.billing.label_of("card_1")
        )
        later = (
            "update purchases set period_end = now() + interval '40 days' where plugin_id = 'vend.monthly'"
        )
        await work.run(text(later))
