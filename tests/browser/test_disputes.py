"""Disputes in a browser: a complaint, evidence of both sides, a verdict, and everybody reads how it ended."""

import re

import pytest
from playwright.sync_api import expect

from aei_marketplace.billing.store import charges
from aei_marketplace.ground.actor import Actor
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import ONCE, buy, pay_all, publish_priced
from tests.browser.conftest import OpenWindow, inspect
from tests.browser.site import Person, Site
from tests.browser.waiting import follow, next_page
from tests.builders import Tenant, make_tenant
from tests.plugins import work_off


@pytest.fixture(scope="module")
def line(site: Site) -> str:
    """The key of what `moth` bought of `lamp`."""

    async def sold(staff: Actor) -> str:
        lamp, moth = await make_tenant(site.deps.works, "lamp"), await make_tenant(site.deps.works, "moth")
        await ready_to_sell(site.deps.works, moth)
        await publish_priced(site.deps, lamp, ONCE, id="lamp.light", name="Light")
        bought = await buy(site.deps, moth, ONCE, "lamp.light")
        await pay_all(site.deps, staff, bought)
        for name, tenant in (("lamp_admin", lamp), ("moth_admin", moth)):
            site.people[name] = _admin(tenant)
        async with site.deps.works.begin(moth.admin) as work:
            (charge,) = await charges.of_purchases(work, [bought.id])
        return charge.key

    return str(site.run(sold(site.actor("operator"))))


def _admin(tenant: Tenant) -> Person:
    assert tenant.admin.id is not None
    return Person(tenant.admin.id, f"admin@{tenant.slug}.example", tenant.id)


def test_a_dispute_goes_from_the_complaint_to_the_verdict(
    open_window: OpenWindow, site: Site, line: str
) -> None:
    buyer = open_window("moth_admin", width=360)
    buyer.goto("/admin/spend/invoices?state=paid")
    follow(buyer.get_by_role("link", name="INV-"))
    inspect(buyer, "invoice-paid")
    follow(buyer.get_by_role("link", name="Complain of lamp.light"))
    expect(buyer.get_by_label("Line of the invoice")).to_have_value(line)
    buyer.get_by_label("Amount with tax").fill("9999.99")
    buyer.get_by_label("What is wrong").fill("It does not shine at night.")
    follow(buyer.get_by_role("button", name="Open the dispute"))
    expect(buyer.get_by_role("alert")).to_contain_text("More cannot be disputed than is left")
    expect(buyer.get_by_label("Amount with tax")).to_have_accessible_description(re.compile("are left of it"))
    inspect(buyer, "complaint")
    buyer.get_by_label("Amount with tax").fill("")
    follow(buyer.get_by_role("button", name="Open the dispute"))
    expect(buyer.get_by_text("The dispute is open.")).to_be_visible()
    site.run(work_off(site.deps))

    address = buyer.url.removeprefix(site.url)
    creator = open_window("lamp_admin", theme="dark")
    creator.goto(address)
    expect(creator.locator("main")).not_to_contain_text("Moth")
    creator.get_by_label("In words").fill("It shines; see the picture.")
    creator.get_by_label("File").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nlight"}
    )
    follow(creator.get_by_role("button", name="Show this evidence"))
    with creator.expect_download() as download:
        creator.get_by_role("link", name="lamp.png").click()
    assert download.value.suggested_filename == "lamp.png"
    inspect(creator, "dispute-creator")
    buyer.reload()
    expect(buyer.get_by_text("None was shown yet.")).to_be_visible()

    staff = open_window("operator")
    staff.goto("/admin/disputes?state=opened")
    inspect(staff, "disputes")
    follow(staff.get_by_role("link", name="Look at the dispute about lamp.light"))
    inspect(staff, "dispute-staff")
    staff.get_by_label("Who is right").select_option("buyer")
    staff.get_by_label("Why").fill("The picture was taken by day.")
    with next_page(staff):
        staff.get_by_role("button", name="Decide").click()
    site.run(work_off(site.deps))
    buyer.reload()
    expect(buyer.get_by_text("The picture was taken by day.")).to_be_visible()
    expect(buyer.get_by_text("A credit note was issued")).to_be_visible()
    inspect(buyer, "dispute-ended")
