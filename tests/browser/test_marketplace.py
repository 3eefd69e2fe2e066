"""The marketplace and a plugin's page in a real browser."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.catalog import service as catalog
from aei_marketplace.collections import service as collections
from aei_marketplace.collections.service import Content, Kind, State
from tests.browser import shelf
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import answered, follow, settled

ADVISORY = {
    "severity": "high",
    "title": "Signs in to pages that it was not given",
    "details": "A link to another host is asked with the secret of the first.\n\n## Way out\n\nUse 1.2.0.",
    "affected": ">=1.3.0",
}


@pytest.fixture(scope="module", autouse=True)
def filled(site: Site) -> None:
    """Plugins, an advisory and a curated section."""

    async def fill() -> None:
        await shelf.fill(site)
        async with site.deps.works.system("tests") as work:
            await catalog.file_advisory(work, "shelf.links", ADVISORY)
            wanted = Content(
                "Good beginnings",
                "Small, honest plugins that ask for little",
                plugin_ids=("shelf.summarise", "shelf.links", "shelf.table", "shelf.calm"),
            )
            made = await collections.create_collection(work, wanted, Kind.CURATED)
            await collections.change_collection(work, made.id, lambda c: replace(c, state=State.PUBLISHED))

    site.run(fill())


#: How far things have moved by themselves since the page began: the score of Web Vitals, good up to 0.1.
MOVED = """() => new Promise(tell => {
  let moved = 0;
  new PerformanceObserver(seen => {
    for (const { value, hadRecentInput } of seen.getEntries()) if (!hadRecentInput) moved += value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => tell(moved), 100);
})"""


def names(page: Page) -> list[str]:
    return page.locator("#cards h3").all_inner_texts()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
@pytest.mark.parametrize("who", [None, "admin"])
def test_the_marketplace_and_its_states_are_accessible_and_fit(
    open_window: OpenWindow, who: str | None, width: int, theme: str
):
    page = open_window(who, width=width, theme=theme)
    for name, path in {
        "all": "/marketplace",
        "filtered": "/marketplace?kind=agent&category=documents&sort=updated",
        "nothing": "/marketplace?q=summarisation&kind=model",
        "refused": "/marketplace?sort=loudest",
    }.items():
        page.goto(path)
        inspect(page, f"market-{name}-{who or 'nobody'}")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_listing_and_its_tabs_are_accessible_and_fit(open_window: OpenWindow, width: int, theme: str):
    page = open_window("admin" if theme == "dark" else "viewer", width=width, theme=theme)
    page.goto("/marketplace/shelf.links")
    inspect(page, "listing-overview")
    tabs = page.get_by_role("navigation", name="Listing")
    for tab in ("Versions", "Permissions", "Dependencies", "Advisories", "Proof"):
        follow(tabs.get_by_role("link", name=tab))
        expect(tabs.get_by_role("link", name=tab)).to_have_attribute("aria-current", "page")
        inspect(page, f"listing-{tab.lower()}")
    page.goto("/marketplace/shelf.links?version=2.0.0-beta.1")
    inspect(page, "listing-preview")
    page.goto("/marketplace/shelf.links/report")
    inspect(page, "listing-report")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_while_a_page_arrives(open_window: OpenWindow, width: int):
    page = open_window("admin", width=width)
    for path in ("/marketplace", "/marketplace/shelf.links", "/marketplace/installed"):
        page.goto(path)
        settled(page)
        assert page.evaluate(MOVED) <= 0.1, path


def test_what_is_typed_is_found_at_once_and_the_address_says_it(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace")
    expect(page.get_by_role("heading", name="Good beginnings")).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search plugins")
    expect(field).to_be_focused()
    page.keyboard.type("table to")
    expect(page.locator("#count")).to_contain_text("for “table to”")
    expect(page.locator("#cards h3").first).to_have_text("Table to text")
    expect(field).to_be_focused()
    page.wait_for_url("**/marketplace?q=table+to&sort=relevance")
    expect(page).to_have_title("table to · Marketplace · AEI Marketplace")
    expect(page.locator("#said")).to_contain_text("for “table to”")
    expect(page.get_by_role("heading", name="Good beginnings")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Table to text")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.go_back()
    page.wait_for_url("**/marketplace")
    expect(page.get_by_role("heading", name="Good beginnings")).to_be_visible()
    expect(field).to_have_value("")


def test_filters_narrow_without_a_new_page_and_the_back_button_widens_again(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace?publisher=shelf")
    page.evaluate("window.same = true")
    filters = page.get_by_role("navigation", name="Filters")
    filters.get_by_role("link", name="Documents").click()
    expect(page.locator("#count")).to_have_text("2 plugins")
    answered(page)
    filters.get_by_role("link", name=re.compile("^Paid")).click()
    expect(page.locator("#count")).to_have_text("1 plugin")
    page.wait_for_url("**/marketplace?publisher=shelf&category=documents&price=paid")
    answered(page)
    assert page.evaluate("window.same")
    page.get_by_role("searchbox").fill("sentences")
    page.wait_for_url("**q=sentences**")
    answered(page)
    for kept in ("category=documents", "price=paid", "publisher=shelf"):
        assert kept in page.url
    page.go_back()
    page.wait_for_url("**/marketplace?publisher=shelf&category=documents&price=paid")
    expect(page.locator("#count")).to_have_text("1 plugin")
    answered(page)
    page.go_back()
    expect(page.locator("#count")).to_have_text("2 plugins")
    answered(page)
    page.reload()
    expect(page.locator("#count")).to_have_text("2 plugins")
    page.get_by_role("navigation", name="Chosen filters").get_by_role("link", name="Documents").click()
    page.wait_for_url("**/marketplace?publisher=shelf")


def test_more_is_added_below_and_the_address_keeps_the_place(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace?publisher=catalogue&sort=installs")
    first = names(page)
    assert len(first) == 24
    more = page.get_by_role("link", name="Show more")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cards > li")).to_have_count(40)
    answered(page)
    assert names(page)[:24] == first
    assert len(set(names(page))) == 40
    expect(page.get_by_text("That is all of them.")).to_be_visible()
    page.wait_for_url("**cursor=**")
    page.reload()
    assert len(names(page)) == 16
    assert not set(names(page)) & set(first)
    page.get_by_role("link", name="Back to the first of them").click()
    expect(page.locator("#cards h3")).to_have_text(first)


def test_without_scripts_everything_is_found_and_read_too(open_window: OpenWindow):
    page = open_window("viewer", scripts=False)
    page.goto("/marketplace?kind=tool&publisher=shelf")
    page.get_by_role("searchbox").fill("links")
    follow(page.get_by_role("button", name="Search"))
    assert "kind=tool" in page.url
    expect(page.locator("#cards h3").first).to_have_text("Link checker")
    follow(page.get_by_role("link", name="Link checker"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Link checker")
    page.get_by_label("Version", exact=True).select_option("1.2.0")
    follow(page.get_by_role("button", name="Look at the chosen version"))
    expect(page.get_by_text("This is version 1.2.0.")).to_be_visible()
    follow(page.get_by_role("link", name="Permissions (1)"))
    expect(page.get_by_text("May reach www.acme.example (HTTPS, port 8443)")).to_be_visible()
    assert "version=1.2.0" in page.url


def test_a_plugin_shows_the_icon_of_its_package_and_what_an_advisory_says_of_it(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace?publisher=shelf&q=links")
    card = page.get_by_role("article", name="Link checker")
    expect(card.get_by_text("High advisory")).to_be_visible()
    assert card.locator("img").evaluate("icon => icon.decode().then(() => icon.naturalWidth)") > 0
    page.goto("/marketplace/shelf.links")
    icon = page.get_by_role("main").locator("img")
    assert icon.evaluate("icon => icon.decode().then(() => icon.naturalWidth)") > 0
    page.goto("/marketplace/shelf.links?version=1.2.0")
    expect(page.get_by_role("main").locator("img")).to_have_count(0)


def test_a_curated_link_leads_to_the_listing(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace")
    page.get_by_role("region", name="Good beginnings").get_by_role("link", name="Summarise").click()
    page.wait_for_url("**/marketplace/shelf.summarise")


def test_a_hostile_readme_is_only_read(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/marketplace/shelf.calm")
    expect(page).to_have_title("Calm · AEI Marketplace")
    readme = page.get_by_role("article", name="README")
    expect(readme).to_contain_text('<script>document.title = "owned"</script>')
    expect(readme.locator("img, script, [href^=javascript], [href^=data]")).to_have_count(0)
    assert not {"\N{RIGHT-TO-LEFT OVERRIDE}", "\x1b"} & set(page.content())
    inspect(page, "listing-hostile")


def test_a_report_is_handed_in_from_the_listing(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/marketplace/shelf.table")
    follow(page.get_by_role("link", name="Report it"))
    page.get_by_label("What is wrong").select_option("malicious")
    page.get_by_label("What you saw").fill("It sends the table elsewhere.")
    follow(page.get_by_role("button", name="Send the report"))
    expect(page.get_by_role("status").first).to_contain_text("Your report waits for staff.")
    page.goto("/marketplace/shelf.table/report")
    page.get_by_label("What you saw").fill("Again.")
    follow(page.get_by_role("button", name="Send the report"))
    expect(page.get_by_role("alert")).to_contain_text("You have an open report")
    inspect(page, "listing-report-refused")


def test_the_page_is_used_at_320_pixels(open_window: OpenWindow):
    page = open_window("admin", width=320)
    for path in ("/marketplace", "/marketplace/shelf.links", "/marketplace/shelf.links?tab=proof"):
        page.goto(path)
        inspect(page, f"narrow-{path.rpartition('/')[2].replace('?', '-')}")
    page.goto("/marketplace")
    filters = page.get_by_role("navigation", name="Filters")
    expect(filters).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    filters.get_by_role("link", name="Agent").click()
    expect(page.get_by_role("navigation", name="Chosen filters")).to_be_visible()
