"""The queue of reviews in a real browser: by keyboard, several at once, taken back, without scripts."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import quills
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.quills import ENDLESS, HOSTILE, READERS
from tests.browser.site import Site
from tests.browser.waiting import answered, follow, next_page

QUEUE = "/marketplace/moderation"
COPIED = "Buy better pens at https://pens.example/now and www.cheaper.example, they are what you need."
#: The help closes and "j" follows before the next frame, while the focus still stands in the help.
J_AS_THE_DIALOG_CLOSES = """() => {
  const help = document.getElementById("queue-help");
  help.showModal();
  help.close();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
}"""


@pytest.fixture(scope="module", autouse=True)
def filled(site: Site) -> None:
    """The people, if no other module has made them."""
    quills.fill(site)


def wait(site: Site, name: str, *texts: str) -> str:
    """Reviews of a plugin of their own wait; the address of the queue with these alone."""
    quills.release(site, name)
    for place, text in enumerate(texts or ["It rules straight lines."] * 4):
        quills.write(site, f"reader{place}", 1 + place, text, name)
    quills.carry_out(site)
    return f"{QUEUE}?plugin=quill.{name}"


def row(page: Page, place: int) -> Locator:
    return page.get_by_role("article", name=f"by {READERS[place]}")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_what_staff_should_know_is_shown_and_fits(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    address = wait(site, f"shown{width}", COPIED, COPIED, HOSTILE, ENDLESS)
    page = open_window("moderator", width=width, theme=theme)
    page.goto(address)
    copied = row(page, 1)
    for said in (
        "Near-duplicate: 100 % the same",
        "pens.example",
        "English",
        "ran it 0 times",
    ):
        expect(copied).to_contain_text(said)
    copied.get_by_text("Reject…").click()
    inspect(page, "moderation")
    page.goto(f"{QUEUE}?plugin=quill.none")
    inspect(page, "moderation-empty")
    page.goto(f"{QUEUE}/policy")
    expect(page.get_by_text("Never: all wait for staff")).to_be_visible()
    inspect(page, "moderation-policy")


def test_the_queue_is_worked_through_by_keyboard(open_window: OpenWindow, site: Site):
    page = open_window("moderator")
    page.goto(f"{wait(site, 'ruler')}&order=oldest")
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Moderation")
    page.evaluate("window.same = true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    inspect(page, "moderation-keys")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate(J_AS_THE_DIALOG_CLOSES)
    expect(row(page, 0)).to_be_focused()
    page.keyboard.press("a")
    expect(row(page, 1)).to_be_focused()
    expect(row(page, 0)).to_contain_text("Published")
    page.keyboard.press("r")
    page.keyboard.type("It is not about this plugin.")
    page.keyboard.press("Enter")
    expect(row(page, 1)).to_contain_text("Turned down")
    expect(row(page, 1)).to_contain_text("It is not about this plugin.")
    expect(row(page, 2)).to_be_focused()
    answered(page)
    page.keyboard.press("u")
    expect(row(page, 1).get_by_role("button", name="Approve")).to_be_visible()
    expect(row(page, 1)).to_be_focused()
    inspect(page, "moderation-done")
    for key in ("x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 chosen")).to_be_visible()
    assert page.evaluate("window.same")
    with next_page(page):
        page.keyboard.press("A")
    expect(page.get_by_role("status").first).to_contain_text("2 reviews approved.")
    expect(page.locator("[data-row]")).to_have_count(1)
    with next_page(page):
        page.keyboard.press("u")
    expect(page.get_by_role("status").first).to_contain_text("2 reviews as before.")
    expect(page.locator("[data-row]")).to_have_count(3)


def test_who_decides_second_is_told_how_it_stands(open_window: OpenWindow, site: Site):
    page = open_window("moderator")
    page.goto(f"{wait(site, 'knife')}&order=oldest")
    for place in (0, 1):
        quills.decide(site, quills.newest(site, f"reader{place}").id)
    row(page, 0).focus()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.keyboard.press("a")
    assert answered.value.status == 409
    told = "The review is approved, and cannot become approved now."
    expect(row(page, 0).get_by_role("alert")).to_contain_text(told)
    expect(page.locator("#said")).to_contain_text(told)
    page.keyboard.press("u")
    expect(row(page, 0).get_by_role("alert")).to_be_visible()
    inspect(page, "moderation-conflict")
    for place in (1, 2):
        row(page, place).get_by_role("checkbox").check()
    follow(page.get_by_role("button", name="Approve", exact=True).last)
    expect(page.get_by_role("status").first).to_contain_text(
        f"1 review approved. 1 left as it is: quill.knife by {READERS[1]}."
    )


def test_without_scripts_several_are_turned_down_with_a_reason_and_that_is_taken_back(
    open_window: OpenWindow, site: Site
):
    page = open_window("moderator", width=360, scripts=False)
    page.goto(wait(site, "blotter"))
    follow(page.get_by_role("button", name="Reject", exact=True).last)
    expect(page.get_by_role("alert")).to_contain_text("Choose the reviews first")
    for place in (0, 1):
        row(page, place).get_by_role("checkbox").check()
    follow(page.get_by_role("button", name="Reject", exact=True).last)
    expect(page.locator("#error-reason, [role=alert]").first).to_be_visible()
    for place in (0, 1):
        row(page, place).get_by_role("checkbox").check()
    page.get_by_label("Reason, which their writers read").fill("Say what it did for you.")
    follow(page.get_by_role("button", name="Reject", exact=True).last)
    expect(page.get_by_role("status").first).to_contain_text("2 reviews rejected.")
    follow(page.get_by_role("button", name="Undo"))
    expect(page.get_by_role("status").first).to_contain_text("2 reviews as before.")
    expect(page.get_by_role("article")).to_have_count(4)
    follow(row(page, 3).get_by_role("button", name="Approve"))
    expect(page.get_by_role("status").first).to_contain_text("1 review approved.")
    expect(page.get_by_role("article")).to_have_count(3)


def test_the_queue_is_for_staff_and_its_policy_for_operators(open_window: OpenWindow):
    member = open_window("reader0")
    for path in (QUEUE, f"{QUEUE}/replies", f"{QUEUE}/policy"):
        answer = member.goto(path)
        assert answer is not None
        assert answer.status == 403
    expect(member.get_by_role("navigation", name="Main")).not_to_contain_text("Moderation")
    operator = open_window("operator")
    operator.goto(f"{QUEUE}/policy")
    operator.get_by_label("Allowed hosts").fill("no host")
    follow(operator.get_by_role("button", name="Keep this policy"))
    expect(operator.get_by_role("alert")).to_be_visible()
    inspect(operator, "moderation-policy-refused")
    operator.get_by_label("Allowed hosts").fill("docs.example.org")
    follow(operator.get_by_role("button", name="Keep this policy"))
    expect(operator.get_by_role("status").first).to_contain_text("The policy holds from now on.")
