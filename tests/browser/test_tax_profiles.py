"""Tax profiles in a browser: declared, looked into by staff, decided; nothing shows what is sealed."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, inspect
from tests.browser.site import Person, Site
from tests.browser.waiting import follow
from tests.builders import make_tenant


def test_a_tax_profile_is_sent_revealed_on_demand_and_reviewed(open_window: OpenWindow, site: Site) -> None:
    tenant = site.run(make_tenant(site.deps.works, "ledgerly"))
    site.people["ledgerly_admin"] = Person(tenant.admin.id, "admin@ledgerly.example", tenant.id)
    creator = open_window("ledgerly_admin", width=360)
    creator.goto("/publisher/tax")
    inspect(creator, "tax-profile-empty")
    creator.get_by_label("Tax residence").fill("DE")
    creator.get_by_label("Name").fill("Ledgerly GmbH")
    creator.get_by_label("Address").fill("Kai 7\n20457 Hamburg")
    creator.get_by_label("Tax id").fill("DE136695977")
    follow(creator.get_by_role("button", name="Send for review"))
    expect(creator.get_by_text("not a tax id of DE")).to_have_count(2)
    expect(creator.get_by_label("Tax id")).to_have_value("")
    inspect(creator, "tax-profile-refused")
    creator.get_by_label("Tax id").fill("DE136695976")
    follow(creator.get_by_role("button", name="Send for review"))
    expect(creator.get_by_text("…976").first).to_be_visible()
    assert "136695976" not in creator.content()

    staff = open_window("operator", theme="dark")
    staff.goto("/admin/tax")
    inspect(staff, "tax-profiles")
    follow(staff.get_by_role("link", name="Look at the tax profile of Ledgerly"))
    assert "136695976" not in staff.content()
    follow(staff.get_by_role("button", name="Show name, address and tax id"))
    expect(staff.get_by_text("DE136695976")).to_be_visible()
    inspect(staff, "tax-profile-revealed")
    staff.get_by_label("Withheld of each payout, in percent").fill("many")
    follow(staff.get_by_role("button", name="Mark as reviewed"))
    expect(staff.get_by_role("alert")).to_contain_text("The withholding is no share")
    staff.get_by_label("Withheld of each payout, in percent").fill("15.5")
    follow(staff.get_by_role("button", name="Mark as reviewed"))
    expect(staff.get_by_text("Payouts to this creator can be made.")).to_be_visible()
    creator.reload()
    expect(creator.get_by_text("15.50 %")).to_be_visible()
    inspect(creator, "tax-profile-reviewed")
