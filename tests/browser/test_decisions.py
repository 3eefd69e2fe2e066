"""The queue of decisions and the notices."""

import pytest
from playwright.sync_api import expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Subject
from aei_marketplace.notices import service as notices
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import SAMPLE, Site
from tests.browser.waiting import follow, next_page

HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}evil"
#: Other tests' cases wait elsewhere.
QUEUE = f"/decisions?kind={SAMPLE.name}"


@pytest.fixture(scope="module")
def told(site: Site) -> None:
    """A tenant with an Admin, `told`, whom only this file tells something, and a Viewer, `untold`."""

    async def people() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "told", "Told")
        await site.add_person("told", "Tilda Told", "Admin", tenant)
        await site.add_person("untold", "Uma Untold", "Viewer", tenant)

    site.run(people())


def open_case(site: Site, subject: str, title: str) -> str:
    async def make() -> str:
        async with site.deps.works.system("tests") as work:
            party = site.people["admin"].tenant
            assert party is not None
            brought = await decisions.open_case(work, SAMPLE, Subject("namespace", subject, title, party))
        return str(brought.case_id)

    return site.run(make())


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_queue_and_a_case_are_accessible_and_fit(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    case = open_case(site, f"acme.seen{width}", f"Is acme.seen{width} malicious?")
    page = open_window("operator", width=width, theme=theme)
    page.goto("/decisions")
    inspect(page, "decisions")
    page.goto(f"/decisions/{case}")
    inspect(page, "case")
    page.goto("/decisions?state=withdrawn")
    inspect(page, "decisions-empty")


def test_staff_work_through_the_queue_by_keyboard(open_window: OpenWindow, site: Site):
    case = open_case(site, "acme.keys", "Is acme.keys broken?")
    page = open_window("operator")
    page.goto(QUEUE)
    row = page.get_by_role("row").filter(has_text="acme.keys")
    rows = page.locator("[data-row]")
    expect(rows.first).to_be_visible()
    for place in range(rows.count()):
        page.keyboard.press("j")
        expect(rows.nth(place)).to_be_focused()
        if row.evaluate("row => row === document.activeElement"):
            break
    expect(row).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    inspect(page, "decisions-keys")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    row.focus()
    with next_page(page):
        page.keyboard.press("c")
    expect(page.get_by_role("status").first).to_contain_text("The case is yours")
    page.goto(QUEUE)
    page.get_by_role("row").filter(has_text="acme.keys").focus()
    with next_page(page):
        page.keyboard.press("d")
    page.wait_for_url(f"**/decisions/{case}?verdict=deny")
    expect(page.get_by_label("Deny")).to_be_checked()
    page.get_by_label("Reason").fill("Nothing of it holds.")
    follow(page.get_by_role("button", name="Decide"))
    expect(page.get_by_role("status").first).to_contain_text("It is decided.")
    expect(page.get_by_text("Nothing of it holds.")).to_be_visible()
    inspect(page, "case-decided")


def test_a_decision_without_a_reason_is_refused_beside_its_field(open_window: OpenWindow, site: Site):
    case = open_case(site, "acme.silent", "Is acme.silent broken?")
    page = open_window("operator", scripts=False)
    page.goto(f"/decisions/{case}?verdict=deny")
    page.get_by_label("Reason").fill("   ")
    follow(page.get_by_role("button", name="Decide"))
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#error-reason")).to_be_visible()


def test_who_decides_second_is_shown_how_it_stands(open_window: OpenWindow, site: Site):
    case = open_case(site, "acme.race", "Is acme.race broken?")
    first, second = open_window("operator"), open_window("operator")
    for page in (first, second):
        page.goto(f"/decisions/{case}?verdict=deny")
        page.get_by_label("Reason").fill("Looked at it.")
    follow(first.get_by_role("button", name="Decide"))
    follow(second.get_by_role("button", name="Decide"))
    expect(second.get_by_role("alert")).to_contain_text("was decided at")
    inspect(second, "case-too-late")


def test_a_hostile_title_is_only_text(open_window: OpenWindow, site: Site):
    case = open_case(site, "acme.hostile", HOSTILE)
    page = open_window("operator")
    page.goto(f"/decisions/{case}")
    shown = "<script>alert(1)</script>\N{REPLACEMENT CHARACTER}evil"
    expect(page.get_by_role("heading", level=1)).to_have_text(shown)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.content()


def test_a_member_of_a_tenant_sees_no_queue_and_another_tenants_case_is_not_there(
    open_window: OpenWindow, site: Site
):
    page = open_window("viewer")
    answer = page.goto("/decisions/00000000-0000-7000-8000-000000000000")
    assert answer is not None
    assert answer.status == 404
    page.goto("/decisions")
    expect(page.get_by_role("button", name="Claim")).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_notices_are_read_and_what_to_hear_of_is_chosen(
    open_window: OpenWindow, site: Site, told: None, width: int, theme: str
):
    person = site.people["told"]
    assert person.tenant is not None

    async def tell() -> None:
        async with site.deps.works.system("tests") as work:
            subject = notices.Subject("operation", f"op{width}")
            data = {"operation": "install", "plugin": f"acme.p{width}", "problem": HOSTILE}
            to = notices.to_user(person.id, person.tenant)
            await notices.notify(work, notices.Notice("operation.failed", to, subject, data))

    site.run(tell())
    page = open_window("told", width=width, theme=theme)
    page.goto("/account")
    bell = page.get_by_role("link", name="Notices, 1 new")
    follow(bell)
    expect(page.get_by_role("heading", name=f"install acme.p{width} failed")).to_be_visible()
    inspect(page, "notices")
    follow(page.get_by_role("button", name="Mark all as read"))
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
    follow(page.get_by_role("link", name="What to hear of"))
    inspect(page, "notice-preferences")
    page.get_by_label("Operation failed, by mail").select_option("daily")
    follow(page.get_by_role("button", name="Keep these choices"))
    expect(page.get_by_label("Operation failed, by mail")).to_have_value("daily")


def test_an_empty_list_of_notices_says_what_would_fill_it(open_window: OpenWindow, told: None):
    page = open_window("untold")
    page.goto("/notices")
    expect(page.get_by_role("heading", name="No notice yet")).to_be_visible()
    inspect(page, "notices-empty")


def test_a_tenant_appeals_a_decision_once(open_window: OpenWindow, site: Site):
    case = open_case(site, "acme.appealed", "May acme keep acme.appealed?")
    staff = open_window("operator")
    staff.goto(f"/decisions/{case}?verdict=deny")
    staff.get_by_label("Reason").fill("It belongs to another.")
    follow(staff.get_by_role("button", name="Decide"))
    party = open_window("admin", width=360)
    party.goto(f"/decisions/{case}")
    inspect(party, "case-of-a-tenant")
    party.get_by_label("Why should it be decided otherwise?").fill("It is ours, see our domain.")
    follow(party.get_by_role("button", name="Appeal"))
    expect(party.get_by_role("status").first).to_contain_text("Your appeal waits.")
    expect(party.get_by_role("button", name="Appeal")).to_have_count(0)
    staff.goto(f"/decisions/{case}")
    expect(staff.get_by_text("It is ours, see our domain.")).to_be_visible()
