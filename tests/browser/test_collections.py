"""Collections, as a curator keeps them."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.collections import service as collections
from aei_marketplace.collections.service import Clicks, Content, Kind, State
from aei_marketplace.collections.store import clicks
from aei_marketplace.collections.store import collections as store
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow, next_page
from tests.plugins import publish

HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}gpj"
NAMES = {"acme.curated-sum": "Summing up", "acme.curated-map": "Mapping", "acme.curated-cut": "Cutting"}


@pytest.fixture(scope="module")
def curated(site: Site) -> list[str]:
    """Three plugins that can be added."""

    async def make() -> None:
        for plugin_id, name in NAMES.items():
            await publish(site.deps, admin, {"id": plugin_id, "name": name})

    admin = site.actor("admin")
    site.run(make())
    return list(NAMES)


def make_draft(site: Site, title: str, plugins: list[str], kind: Kind = Kind.CURATED) -> str:
    """The address of a draft's page."""

    async def make() -> str:
        async with site.deps.works.begin(operator) as work:
            made = await collections.create_collection(work, Content(title, plugin_ids=tuple(plugins)), kind)
        return f"/admin/collections/{made.id}"

    operator = site.actor("operator")
    return site.run(make())


def count_some(site: Site, title: str, plugins: list[str]) -> None:
    """Four weeks in which a collection was seen and opened."""

    async def count() -> None:
        async with site.deps.works.system("tests") as work:
            standing = await store.find_all(work, frozenset({State.PUBLISHED}))
            [made] = [each for each in standing if each.content.title == title]
            counted = {
                (made.id, plugin_id, work.now.date() - timedelta(days=ago)): Clicks(1200 - 40 * ago, opened)
                for plugin_id in plugins
                for ago, opened in enumerate((41, 38, 44, 12, 9, 31, 36, 29, 25, 27))
            }
            await clicks.add(work, counted)

    site.run(count())


def press(page: Page, name: str) -> None:
    """Press a button by keyboard; the next page stands."""
    with next_page(page):
        page.get_by_role("button", name=name).press("Enter")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_collection_is_made_filled_published_and_archived(
    open_window: OpenWindow, site: Site, curated: list[str], width: int, theme: str
):
    page = open_window("operator", width=width, theme=theme)
    page.goto("/admin/collections/new")
    inspect(page, "collection-new")
    title = f"Work with text {width}"
    page.get_by_label("Title").fill(title)
    page.get_by_label("Description").fill("Plugins that read, sum up and check what people write.")
    follow(page.get_by_role("button", name="Make the draft"))
    expect(page.get_by_role("heading", name="No plugin yet")).to_be_visible()
    inspect(page, "collection-empty")
    follow(page.get_by_role("button", name="Publish"))
    expect(page.get_by_role("status").first).to_contain_text(
        "a published collection holds at least one plugin"
    )
    for plugin_id, typed in ((curated[0], "acme.curated-sum"), (curated[1], "map")):
        page.get_by_label("Name or id of a plugin").fill(typed)
        follow(page.get_by_role("button", name="Search", exact=True))
        add = page.get_by_role("button", name=f"Add {plugin_id}")
        expect(add).to_be_visible()
        inspect(page, "collection-search")
        follow(add)
        expect(page.get_by_role("status").first).to_contain_text("is added at the end")
    expect(page.locator("#plugins td.headline code")).to_have_text(curated[:2])
    follow(page.get_by_role("button", name="Publish"))
    expect(page.get_by_role("status").first).to_contain_text("It is published.")
    count_some(site, title, curated[:2])
    page.reload()
    expect(page.get_by_text("20,400 shown, 584 opened")).to_be_visible()
    inspect(page, "collection")
    follow(page.get_by_role("link", name="Preview"))
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(2)
    inspect(page, "collection-preview")
    page.goto("/admin/collections")
    expect(page.get_by_role("row").filter(has_text=title)).to_contain_text("Shown")
    inspect(page, "collections")
    follow(page.get_by_role("link", name=title))
    follow(page.get_by_role("button", name="Archive"))
    expect(page.get_by_role("status").first).to_contain_text("Undo brings it back.")
    follow(page.get_by_role("button", name="Undo the last change"))
    expect(page.get_by_role("heading", name=re.compile("Shown|Waits"))).to_be_visible()
    follow(page.get_by_role("button", name="Archive"))
    expect(page.get_by_role("status").first).to_contain_text("Undo brings it back.")
    page.goto("/admin/collections?archived=true")
    expect(page.get_by_role("row").filter(has_text=title)).to_contain_text("Archived")
    inspect(page, "collections-archived")


def test_plugins_and_collections_are_ordered_by_keyboard_without_scripts(
    open_window: OpenWindow, site: Site, curated: list[str]
):
    first = make_draft(site, "Keyboard one", curated)
    make_draft(site, "Keyboard two", curated)
    page = open_window("operator", scripts=False)
    page.goto(first)
    ids = page.locator("#plugins td.headline code")
    press(page, f"Down: {curated[0]}")
    expect(ids).to_have_text([curated[1], curated[0], curated[2]])
    press(page, f"Up: {curated[2]}")
    expect(ids).to_have_text([curated[1], curated[2], curated[0]])
    press(page, f"Remove {curated[2]}")
    expect(ids).to_have_text([curated[1], curated[0]])
    page.goto("/admin/collections")
    titles = page.locator("td.headline a")
    before = titles.all_inner_texts()
    here = before.index("Keyboard two")
    press(page, "Up: Keyboard two")
    expect(titles).to_have_text([*before[: here - 1], "Keyboard two", before[here - 1], *before[here + 1 :]])


def test_a_form_of_an_older_revision_is_refused_and_says_what_to_do(
    open_window: OpenWindow, site: Site, curated: list[str]
):
    address = make_draft(site, "Two curators", curated)
    first, second = open_window("operator"), open_window("operator")
    for page in (first, second):
        page.goto(address)
    first.get_by_label("Title").fill("One of two curators")
    follow(first.get_by_role("button", name="Save"))
    expect(first.get_by_role("heading", level=1)).to_have_text("One of two curators")
    second.get_by_label("Description").fill("Mine")
    follow(second.get_by_role("button", name="Save"))
    expect(second.get_by_role("alert")).to_contain_text("decide anew")
    inspect(second, "collection-stale")
    first.goto(address)
    second.goto(address)
    follow(first.get_by_role("button", name="Archive"))
    expect(first.get_by_role("status").first).to_contain_text("It is archived.")
    follow(second.get_by_role("button", name=f"Remove {curated[0]}"))
    expect(second.get_by_role("status").first).to_contain_text("decide anew")


def test_what_is_wrong_with_words_and_time_stands_beside_its_field(
    open_window: OpenWindow, site: Site, curated: list[str]
):
    page = open_window("operator", width=360)
    page.goto(make_draft(site, "Faults", curated))
    page.get_by_label("Shown from (UTC)").fill("2026-12-24T10:00")
    page.get_by_label("Shown until (UTC)").fill("2026-12-24T09:00")
    page.get_by_label("Rotation").fill("Not a name")
    follow(page.get_by_role("button", name="Save"))
    expect(page.locator("#error-until")).to_be_visible()
    expect(page.locator("#error-rotation")).to_be_visible()
    expect(page.get_by_label("Shown from (UTC)")).to_have_value("2026-12-24T10:00")
    inspect(page, "collection-faults")


def test_a_hostile_title_is_only_text(open_window: OpenWindow, site: Site, curated: list[str]):
    page = open_window("operator")
    page.goto(make_draft(site, HOSTILE, curated))
    expect(page.get_by_role("heading", level=1)).to_have_text("<script>alert(1)</script>gpj")
    page.goto("/admin/collections")
    expect(page.get_by_role("link", name="<script>alert(1)</script>gpj")).to_be_visible()
    page.goto(page.url + "?archived=nonsense")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_rotation_is_switched_for_some_and_off(open_window: OpenWindow):
    page = open_window("operator")
    page.goto("/admin/collections")
    percentage = page.get_by_label("staff-picks: percentage of tenants")
    for typed, said in (("25", "On for some"), ("0", "Off"), ("100", "On")):
        percentage.fill(typed)
        follow(page.get_by_role("button", name="Save the percentage of staff-picks"))
        expect(page.locator("#rotations form .badge").first).to_have_text(said)
    percentage.fill("101")
    follow(page.get_by_role("button", name="Save the percentage of staff-picks"))
    expect(page.get_by_role("status").first).to_contain_text("between 0 and 100")


def test_who_does_not_curate_is_refused(open_window: OpenWindow, site: Site, curated: list[str]):
    address = make_draft(site, "Not yours", curated)
    page = open_window("admin")
    for path in ("/admin/collections", "/admin/collections/new", address, address + "/preview"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
    expect(page.get_by_role("link", name="Collections")).to_have_count(0)
    page.goto("/account")
    form = {"csrf_token": page.locator("input[name=csrf_token]").first.input_value(), "state": "published"}
    refused = page.request.post(f"{address}/state", form=form, headers={"Origin": site.url})
    assert refused.status == 403
    forged = open_window("operator").request.post(f"{address}/state", form={"state": "published"})
    assert forged.status == 403
