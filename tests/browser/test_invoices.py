"""Invoices in a browser: who is billed, what is charged, paid, credited, returned, printed and reconciled."""

from datetime import timedelta
from uuid import UUID

from playwright.sync_api import expect

from aei_marketplace.billing.rules.invoices import DraftLine, InvoiceDraft
from aei_marketplace.billing.service import invoicing
from aei_marketplace.ground.clock import utc_now
from tests.billing.invoicing import line
from tests.browser.conftest import OpenWindow, inspect
from tests.browser.site import Person, Site
from tests.browser.waiting import follow
from tests.builders import Tenant, make_staff, make_tenant
from tests.plugins import work_off

HOSTILE = "</td><script>document.title='mine'</script> Lens \u202egpj.exe"


async def people(site: Site) -> tuple[Tenant, Tenant]:
    """A buyer, a creator, and somebody of the operator's finance."""
    heron, reed = await make_tenant(site.deps.works, "heron"), await make_tenant(site.deps.works, "reed")
    assert heron.admin.id is not None
    site.people["heron_admin"] = Person(heron.admin.id, "admin@heron.example", heron.id)
    finance, _ = await make_staff(site.deps.works, "Finance")
    assert finance.id is not None
    site.people["heron_finance"] = Person(finance.id, "finance@operator.example", None)
    return heron, reed


async def issued(site: Site, buyer: Tenant, creator: UUID) -> str:
    """An invoice with a line whose words mean harm; its id."""
    lines: tuple[DraftLine, ...] = (
        DraftLine(**{**_plain(creator), "text": HOSTILE}),
        line(50_000, plugin_id="reed.pipe", creator=creator),
    )
    async with site.deps.works.begin(buyer.admin) as work:
        due = work.now + timedelta(days=14)
        invoice = await invoicing.issue(work, InvoiceDraft(buyer.id, "EUR", lines, due, "purchase"))
    return str(invoice.id)


def _plain(creator: UUID) -> dict[str, object]:
    plain = line(1999, plugin_id="reed.lens", creator=creator)
    return {name: getattr(plain, name) for name in DraftLine.__dataclass_fields__}


def test_an_invoice_from_the_details_to_the_refund(open_window: OpenWindow, site: Site) -> None:
    heron, reed = site.run(people(site))
    staff = open_window("heron_finance", theme="dark")
    staff.goto("/admin/invoices/tax")
    staff.get_by_label("Name").fill("Fen Market GmbH")
    staff.get_by_label("Address").fill("Uferweg 1\n10115 Berlin")
    staff.get_by_label("Country", exact=True).fill("DE")
    follow(staff.get_by_role("button", name="State the seller"))
    staff.get_by_label("Per cent").fill("19")
    staff.get_by_label("Country of the buyer").fill("CH")
    follow(staff.get_by_role("button", name="Add the rate"))
    expect(staff.get_by_role("cell", name="19 %").first).to_be_visible()
    staff.get_by_label("Tenant").fill("heroon")
    staff.get_by_label("Access", exact=True).select_option("at_once")
    follow(staff.get_by_role("button", name="Decide"))
    expect(staff.get_by_role("alert")).to_be_visible()
    inspect(staff, "invoices-tax")
    staff.get_by_label("Tenant").fill("heron")
    follow(staff.get_by_role("button", name="Decide"))
    expect(staff.get_by_text("what the tenant has bought follows")).to_be_visible()

    buyer = open_window("heron_admin", width=360)
    buyer.goto("/admin/spend/details")
    buyer.get_by_label("Name").fill("Heron & Söhne <AG>")
    buyer.get_by_label("Address").fill("Seestrasse 2\n8001 Zürich")
    buyer.get_by_label("Country").fill("CH")
    buyer.get_by_label("Tax id").fill("CHE-123")
    follow(buyer.get_by_role("button", name="Keep the details"))
    expect(buyer.get_by_role("alert")).to_contain_text("not a tax id of CH")
    inspect(buyer, "billing-details")
    buyer.get_by_label("Tax id").fill("CHE-107.787.577 IVA")
    follow(buyer.get_by_role("button", name="Keep the details"))
    expect(buyer.get_by_text("The billing details are kept.")).to_be_visible()

    invoice = site.run(issued(site, heron, reed.id))
    site.run(work_off(site.deps))
    staff.goto("/admin/invoices?state=open")
    inspect(staff, "invoices-all")
    staff.goto(f"/admin/invoices/{invoice}")
    staff.get_by_label("Reference", exact=True).fill("statement 11, line 4")
    staff.get_by_label("Amount", exact=True).fill("618.78")
    follow(staff.get_by_role("button", name="Mark as paid"))
    expect(staff.get_by_role("alert")).to_contain_text("exactly 61879 minor units of EUR")
    staff.get_by_label("Amount", exact=True).fill("618.79")
    follow(staff.get_by_role("button", name="Mark as paid"))
    expect(staff.get_by_text("Paid", exact=True).first).to_be_visible()
    staff.get_by_label("Line").select_option(index=1)
    staff.get_by_label("Amount with tax").fill("119.00")
    staff.get_by_label("Reason").fill("Half of the pipes were missing.")
    follow(staff.get_by_role("button", name="Issue the credit note"))
    inspect(staff, "invoice-staff")
    staff.get_by_label("Reference of the return").fill("statement 12, line 1")
    follow(staff.get_by_role("button", name="It is returned"))
    expect(staff.get_by_text("Returned", exact=True)).to_be_visible()
    site.run(work_off(site.deps))

    buyer.goto("/admin/spend/invoices")
    inspect(buyer, "invoices-own")
    buyer.goto(f"/admin/spend/invoices/{invoice}")
    expect(buyer.get_by_text("</td><script>document.title='mine'</script> Lens", exact=False)).to_be_visible()
    assert "mine" not in buyer.title()
    inspect(buyer, "invoice-own")
    buyer.set_viewport_size({"width": 1280, "height": 800})
    inspect(buyer, "invoice-own")
    buyer.emulate_media(media="print")
    expect(buyer.get_by_role("navigation")).to_have_count(0)
    expect(buyer.get_by_text("Heron & Söhne <AG>")).to_be_visible()
    expect(buyer.get_by_text("How it stands")).to_be_hidden()
    inspect(buyer, "invoice-print")
    buyer.emulate_media(media="screen")
    follow(buyer.get_by_role("link", name="CN-"))
    expect(buyer.get_by_text("Half of the pipes were missing.")).to_be_visible()
    inspect(buyer, "credit-note")

    staff.goto("/admin/invoices/reconciliation")
    inspect(staff, "reconciliation")
    expect(staff.get_by_text("what staff marked as paid is compared with the ledger alone")).to_be_visible()
    staff.get_by_label("Month").fill(f"{utc_now():%Y}-13")
    follow(staff.get_by_role("button", name="Compare"))
    expect(staff.get_by_role("alert")).to_contain_text("a month such as 2026-11")
