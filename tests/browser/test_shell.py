"""The shell of every page in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.waiting import follow, settled


@pytest.mark.parametrize(("width", "theme"), VIEWS)
@pytest.mark.parametrize("path", ["/", "/design", "/no-such-page"])
@pytest.mark.parametrize("who", [None, "admin"])
def test_every_page_of_the_shell_is_accessible_and_fits(
    open_window: OpenWindow, path: str, who: str | None, width: int, theme: str
):
    page = open_window(who, width=width, theme=theme)
    page.goto(path)
    inspect(page, f"shell-{path.strip('/') or 'start'}-{who or 'nobody'}")


def test_no_window_is_too_narrow_or_falls_between_two_layouts(open_window: OpenWindow):
    page = open_window("admin", width=320)
    page.goto("/design")
    inspect(page, "shell-design-narrow")
    for width in (728, 801, 970, 1060, 1210):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        field = page.get_by_role("searchbox", name="Search plugins").bounding_box()
        assert field is not None
        assert field["width"] >= 96, f"at {width} there is no room to search in"
    page.set_viewport_size({"width": 970, "height": 800})
    page.get_by_role("button", name="Menu").click()
    follow(page.get_by_role("navigation", name="Menu").get_by_role("link", name="Installed"))
    expect(page.get_by_role("heading", name="Installed", exact=True)).to_be_visible()


def test_a_chosen_theme_outlasts_the_page_and_works_without_scripts(open_window: OpenWindow):
    page = open_window(theme="light", scripts=False)
    page.goto("/design")
    page.get_by_role("button", name="Appearance").click()
    follow(page.get_by_role("button", name="Dark"))
    assert page.url.endswith("/design")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_focus_is_always_seen(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none"


def test_a_disabled_button_looks_the_same_under_the_pointer(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    button = page.get_by_role("button", name="Not before it is read")
    colours = "({ color, backgroundColor }) => [color, backgroundColor]"
    looks = f"button => ({colours})(getComputedStyle(button))"
    before = button.evaluate(looks)
    button.hover(force=True)
    assert button.evaluate("button => button.matches(':hover')")
    settled(page)
    assert button.evaluate(looks) == before


def test_a_dialog_opens_holds_the_focus_and_leaves_by_escape(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    opener = page.get_by_role("button", name="Open the dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Remove Ada from acme")
    expect(dialog).to_be_visible()
    inspect(page, "shell-dialog")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(opener).to_be_focused()


def test_times_read_in_the_readers_own_zone(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    moment = page.locator("time").first
    expect(moment).to_have_attribute("datetime", "2026-01-05T09:30:00Z")
    expect(moment).to_have_attribute("title", re.compile(r"^January 5, 2026 at 6:30\sPM$"))


def test_a_hostile_name_is_only_text(open_window: OpenWindow):
    page = open_window()
    page.goto("/design")
    shown = "\N{REPLACEMENT CHARACTER}gnp.exe<script>alert(1)</script>"
    expect(page.locator("dt", has_text="Hostile name").locator("+ dd")).to_have_text(shown)


def test_a_page_that_is_not_there_says_so_and_what_to_do(open_window: OpenWindow):
    page = open_window("viewer")
    answer = page.goto("/no-such-page")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("link", name="Go to the start")).to_be_visible()
    answer = page.goto("/executions/not-an-id")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_the_policy_lets_no_script_in_a_page_run(open_window: OpenWindow, site):
    page = open_window()
    answer = page.goto("/design")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("[style], [onclick], [onload]").count() == 0
