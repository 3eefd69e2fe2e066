"""Reviews in a real browser: read on the listing, written, answered, reported; with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import quills
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.quills import ENDLESS, HOSTILE
from tests.browser.site import Site
from tests.browser.waiting import answered, follow, next_page

LISTING = "/marketplace/quill.pen?tab=reviews"


@pytest.fixture(scope="module", autouse=True)
def filled(site: Site) -> None:
    """Eleven reviews of three versions; one of them is hostile, and one has an endless word."""
    quills.fill(site)
    first = (
        (2, "It forgot half of my table."),
        (3, ENDLESS),
        (5, HOSTILE),
        (4, quills.SAID),
        (1, "No."),
        (4, "Fine."),
    )
    for place, (rating, text) in enumerate(first):
        quills.publish_review(site, f"reader{place}", rating, text)
    for version, writers in (("1.1.0", 3), ("1.2.0", 2)):
        quills.release(site, "pen", version)
        for place in range(writers):
            said = f"What was missing is there in {version}.\n\nAnd it is quick, says number {place}."
            quills.publish_review(site, f"reader{place}", 4 + place % 2, said)
    quills.carry_out(site)


def look(seen: Page, page: Page, name: str) -> None:
    """Inspect, in a window with scripts, what a window without them shows: an audit is a script."""
    seen.goto(page.url)
    inspect(seen, name)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_reviews_are_read_by_everybody_and_fit(open_window: OpenWindow, width: int, theme: str):
    page = open_window("reader0" if theme == "dark" else None, width=width, theme=theme)
    page.goto("/marketplace/quill.pen")
    follow(page.get_by_role("link", name=re.compile(r"^Reviews \(")))
    expect(page.get_by_role("link", name="Write a review")).to_have_count(0)
    inspect(page, "reviews")
    page.goto(f"{LISTING}&about=1.0.0&order=lowest")
    expect(page.locator("#review-count")).to_have_text("6 reviews")
    expect(page.locator("#review-list .said").first).to_have_text("No.")
    expect(page).to_have_title("Quill pen · AEI Marketplace")
    expect(page.locator("#review-list script")).to_have_count(0)
    inspect(page, "reviews-hostile")
    follow(page.get_by_role("link", name="How it is made"))
    expect(page.get_by_role("heading", level=1)).to_have_text("How the rating of Quill pen is made")
    inspect(page, "reviews-rating")


def test_order_filters_and_more_keep_the_place(open_window: OpenWindow):
    page = open_window("reader1")
    page.goto(LISTING)
    page.evaluate("window.same = true")
    expect(page.locator("#review-list > article")).to_have_count(10)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#review-list > article")).to_have_count(11)
    expect(page.get_by_text("That is all of them.")).to_be_visible()
    page.wait_for_url("**cursor=**")
    answered(page)
    page.get_by_role("navigation", name="Order of reviews").get_by_role("link", name="Worst first").click()
    page.wait_for_url("**order=lowest**")
    expect(page.locator("#review-list > article").first).to_contain_text("No.")
    answered(page)
    page.get_by_role("list", name="How ratings spread").get_by_role("link", name="5 stars: 1 rating").click()
    page.wait_for_url("**stars=5**")
    expect(page.locator("#review-count")).to_have_text("3 reviews")
    answered(page)
    page.get_by_role("navigation", name="Chosen filters of reviews").get_by_role("link").click()
    expect(page.locator("#review-count")).to_have_text("11 reviews")
    answered(page)
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator("#review-count")).to_have_text("3 reviews")


def test_a_review_is_written_turned_down_edited_and_appealed_without_scripts(
    open_window: OpenWindow, site: Site
):
    quills.release(site, "nib")
    page, seen = (open_window("reader5", width=360, scripts=scripts) for scripts in (False, True))
    listing = "/marketplace/quill.nib?tab=reviews"
    page.goto(listing)
    look(seen, page, "reviews-empty")
    follow(page.get_by_role("link", name="Write a review"))
    page.locator("label[for=rating-4]").click()
    page.get_by_label("Your words").fill("\u202eIt reads backwards.")
    follow(page.get_by_role("button", name="Hand in the review"))
    expect(page.get_by_role("alert")).to_contain_text("The text holds what cannot be shown.")
    expect(page.locator("#error-text")).to_contain_text("U+202E")
    expect(page.get_by_label("4 stars")).to_be_checked()
    page.get_by_label("Your words").fill("It writes, and it blots.")
    follow(page.get_by_role("button", name="Hand in the review"))
    expect(page.get_by_role("status").first).to_contain_text("waits for staff")
    look(seen, page, "review-waits")
    quills.decide(site, quills.newest(site, "reader5").id, "rejected", "Say what it blots on.")
    page.goto(listing)
    expect(page.get_by_text("Staff: Say what it blots on.")).to_be_visible()
    follow(page.get_by_role("link", name="Look at it"))
    expect(page.get_by_text("It was turned down.")).to_be_visible()
    look(seen, page, "review-rejected")
    page.get_by_label("Your words").fill("It blots on linen.")
    follow(page.get_by_role("button", name="Keep the changes"))
    expect(page.get_by_text("It waits for staff again.")).to_be_visible()
    expect(page.get_by_role("list").filter(has_text="It writes, and it blots.")).to_be_visible()
    quills.decide(site, quills.newest(site, "reader5").id, "rejected", "Linen is no paper.")
    page.reload()
    page.get_by_label("Why should it be decided otherwise?").fill("I write on linen.")
    follow(page.get_by_role("button", name="Appeal"))
    expect(page.get_by_role("status").first).to_contain_text("Your appeal waits.")
    page.goto("/marketplace/reviews")
    look(seen, page, "reviews-own")
    staff = open_window("operator")
    staff.goto("/decisions?kind=review_appeal")
    follow(staff.get_by_role("link", name="Review of quill.nib 1.0.0", exact=True))
    for said in ("It blots on linen.", "Linen is no paper.", "I write on linen."):
        expect(staff.get_by_role("region", name="The review")).to_contain_text(said)
    inspect(staff, "review-appealed")


def test_stars_are_chosen_by_keyboard_and_an_older_review_is_confirmed(open_window: OpenWindow, site: Site):
    quills.release(site, "ink")
    page = open_window("reader2")
    page.goto("/marketplace/quill.ink/review")
    page.get_by_label("1 star", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_label("5 stars")).to_be_checked()
    inspect(page, "review-write")
    page.get_by_label("Your words").fill("It is black, and stays so.")
    follow(page.get_by_role("button", name="Hand in the review"))
    quills.decide(site, quills.newest(site, "reader2").id)
    quills.carry_out(site)
    quills.release(site, "ink", "1.1.0")
    page.goto("/marketplace/quill.ink?tab=reviews")
    inspect(page, "reviews-to-confirm")
    follow(page.get_by_role("button", name="It holds for 1.1.0"))
    expect(page.get_by_role("status").first).to_contain_text("stands for the newer version too")
    page.goto("/marketplace/quill.ink/review")
    expect(page.get_by_role("heading", name="Your review of Quill ink")).to_be_visible()


def test_readers_mark_report_and_the_publisher_replies(open_window: OpenWindow, site: Site):
    page = open_window("reader3")
    page.goto(f"{LISTING}&order=lowest")
    review = page.locator("#review-list > article", has_text="No.")
    review.get_by_role("button", name="Helpful").focus()
    page.keyboard.press("Enter")
    expect(review.get_by_role("button", name="Helpful (1)")).to_have_attribute("aria-pressed", "true")
    expect(review.get_by_role("button", name="Helpful (1)")).to_be_focused()
    answered(page)
    review.get_by_role("link", name="Report").click()
    dialog = page.get_by_role("dialog", name="Report a review")
    expect(dialog).to_be_visible()
    inspect(page, "review-report")
    dialog.get_by_label("What is wrong").select_option("off_topic")
    follow(dialog.get_by_role("button", name="Send the report"))
    expect(page.get_by_role("status").first).to_contain_text("Your report waits for staff.")
    expect(page.locator("#review-list").get_by_text("You reported it")).to_be_visible()

    publisher = open_window("quill_author", width=360, theme="dark", scripts=False)
    publisher.goto(f"{LISTING}&order=lowest")
    expect(publisher.get_by_role("link", name="Report:")).to_have_count(0)
    follow(publisher.locator("#review-list > article", has_text="No.").get_by_role("link", name="Reply"))
    publisher.get_by_label("Your reply").fill("Tell us what went wrong, and we mend it.")
    follow(publisher.get_by_role("button", name="Hand in the reply"))
    expect(publisher.get_by_text("Your reply waits for staff", exact=True)).to_be_visible()
    staff = open_window("moderator")
    staff.goto("/marketplace/moderation/replies")
    inspect(staff, "moderation-replies")
    waiting = staff.get_by_role("article", name="quill.pen")
    follow(waiting.get_by_role("button", name="Approve"))
    expect(staff.get_by_role("status").first).to_contain_text("1 reply approved.")
    inspect(staff, "moderation-replies-undo")
    with next_page(staff):
        staff.keyboard.press("u")
    expect(staff.get_by_role("status").first).to_contain_text("1 reply as before.")
    follow(waiting.get_by_role("button", name="Approve"))
    visitor = open_window()
    visitor.goto(f"{LISTING}&order=lowest")
    expect(visitor.get_by_text("Tell us what went wrong, and we mend it.")).to_be_visible()
    expect(visitor.get_by_text("1 reader found it helpful")).to_be_visible()
    quills.carry_out(site)
    staff.goto("/marketplace/moderation?reported=yes&plugin=quill.pen")
    reported = staff.get_by_role("article", name="by Suse Seal")
    expect(reported).to_contain_text("Reported: It is not about this plugin")
    expect(reported.get_by_role("button", name="Keep")).to_be_visible()
    reported.get_by_text("Hide…").click()
    reported.get_by_label("Reason, which the writer reads").fill("Say what went wrong.")
    inspect(staff, "moderation-reported")
    reported.get_by_role("button", name="Hide").click()
    expect(reported).to_contain_text("Hidden")
    visitor.reload()
    expect(visitor.get_by_text("Tell us what went wrong, and we mend it.")).to_have_count(0)


def test_who_cannot_review_is_told_why(open_window: OpenWindow):
    for who, said in (("quill_author", "nobody reviews their own"), ("viewer", "has never installed")):
        page = open_window(who)
        page.goto("/marketplace/quill.pen/review")
        expect(page.get_by_role("main")).to_contain_text(said)
    page = open_window()
    page.goto("/marketplace/quill.pen/review")
    page.wait_for_url("**/login?next=**")
