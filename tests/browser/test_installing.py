"""Installing, updating, switching and uninstalling in a real browser: two roles, with scripts and without."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.accounts import service as accounts
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import answered, follow
from tests.plugins import install, publish, work_off

ASKING = {
    "network": {
        "hosts": ["api.desk.example", "*.data.example"],
        "reason": "fetches the articles that you name",
    },
    "secrets": {"names": ["DESK_KEY"], "reason": "signs in to your account there"},
    "models": {"chat": ["*"], "max_tokens_per_execution": 4000, "reason": "shortens what it fetched"},
}
TONE = {
    "type": "object",
    "properties": {"tone": {"enum": ["plain", "formal"], "title": "Tone", "description": "How it writes."}},
}


@pytest.fixture(scope="module", autouse=True)
def desk(site: Site) -> None:
    """A tenant with an Admin, `keeper`, and a Viewer, `onlooker`; it publishes what it installs."""

    async def make() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "desk", "Desk")
        await site.add_person("keeper", "Kit Keeper", "Admin", tenant)
        await site.add_person("onlooker", "Olu Onlooker", "Viewer", tenant)

    site.run(make())


def release(site: Site, name: str, version: str = "1.0.0", **manifest: Any) -> None:
    document = {"id": f"desk.{name}", "name": f"Desk {name}", "version": version, **manifest}
    site.run(publish(site.deps, site.actor("keeper"), document))


def have(site: Site, name: str, grants: Mapping[str, Any] | None = None) -> None:
    site.run(install(site.deps, site.actor("keeper"), f"desk.{name}", grants=grants))


def carry_out(site: Site) -> None:
    """What the job process does."""
    site.run(work_off(site.deps))


def slot(page: Page, name: str):
    return page.locator(f"#action-desk_{name}")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_what_is_installed_is_accessible_and_fits_in_every_state(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    page = open_window("keeper", width=width, theme=theme)
    if width == VIEWS[0][0]:
        page.goto("/marketplace/installed")
        inspect(page, "installed-empty")
        for name in ("reader", "sorter", "quiet", "asker"):
            release(site, name, permissions={} if name in ("sorter", "quiet") else ASKING, config_schema=TONE)
            have(site, name, {"network": {"hosts": ["api.desk.example"]}} if name == "reader" else None)
        release(site, "sorter", "1.1.0", config_schema=TONE)
        release(
            site,
            "asker",
            "1.3.0",
            permissions={**ASKING, "filesystem": {"scratch_mib": 16, "reason": "sorts"}},
        )
    page.goto("/marketplace/installed")
    inspect(page, "installed")
    page.goto("/marketplace/installed?q=nothing")
    inspect(page, "installed-nothing")
    page.goto("/marketplace/installed/desk.reader")
    inspect(page, "settings")
    page.goto("/marketplace/desk.asker/update")
    inspect(page, "update")
    page.goto("/marketplace/desk.reader/uninstall")
    inspect(page, "uninstall")
    onlooker = open_window("onlooker", width=width, theme=theme)
    for name, path in (("installed", ""), ("settings", "/desk.reader")):
        onlooker.goto("/marketplace/installed" + path)
        inspect(onlooker, f"{name}-viewer")
        expect(
            onlooker.get_by_role("main").get_by_role("button", name=re.compile("Change|Update|Uninstall"))
        ).to_have_count(0)
        expect(onlooker.get_by_text("Your role does not install plugins.").first).to_be_visible()


def test_one_click_installs_shows_how_far_it_is_and_can_be_taken_back(open_window: OpenWindow, site: Site):
    release(site, "simple")
    page = open_window("keeper")
    page.goto("/marketplace/desk.simple")
    button = slot(page, "simple").get_by_role("button", name="Install")
    expect(button).to_contain_text("uncertified")
    button.dblclick()
    expect(slot(page, "simple").get_by_role("progressbar")).to_be_visible()
    inspect(page, "under-way")
    elsewhere = open_window("onlooker", width=360, theme="dark")
    elsewhere.goto("/marketplace/desk.simple")
    expect(slot(elsewhere, "simple").get_by_role("progressbar")).to_be_visible()
    page.goto("/marketplace")
    page.goto("/marketplace/desk.simple")  # who left and comes back sees it still
    expect(slot(page, "simple").get_by_role("progressbar")).to_be_visible()
    carry_out(site)
    for window in (page, elsewhere):
        expect(slot(window, "simple")).to_contain_text("Installed desk.simple 1.0.0")
    expect(elsewhere.get_by_role("button", name="Undo")).to_have_count(0)
    inspect(page, "installed-just-now")
    answered(page)
    slot(page, "simple").get_by_role("button", name="Undo").click()
    expect(slot(page, "simple")).to_contain_text("Uninstalling")
    carry_out(site)
    expect(slot(page, "simple")).to_contain_text("Uninstalled desk.simple")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_dialog_counts_what_is_granted_and_leaves_with_escape(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    name = f"wide{width}"
    release(site, name, permissions=ASKING)
    page = open_window("keeper", width=width, theme=theme)
    page.goto(f"/marketplace/desk.{name}")
    opener = slot(page, name).get_by_role("link", name=re.compile("Install…"))
    opener.click()
    dialog = page.get_by_role("dialog", name=f"Install Desk {name}")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Install with 3 permissions")).to_be_visible()
    inspect(page, "consent-dialog")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    opener.click()
    expect(dialog).to_be_visible()
    answered(page)
    dialog.get_by_label("May read the secret DESK_KEY").uncheck()
    dialog.get_by_label("May chat with any of your models").uncheck()
    dialog.get_by_label("Tokens for each run").fill("0")
    dialog.get_by_label("May reach any host right under data.example").uncheck()
    confirm = dialog.get_by_role("button", name="Install with 1 permission")
    expect(confirm).to_be_visible()
    confirm.click()
    expect(dialog).to_have_count(0)
    carry_out(site)
    expect(slot(page, name)).to_contain_text(f"Installed desk.{name} 1.0.0")
    page.goto(f"/marketplace/installed/desk.{name}")
    expect(page.get_by_label("May reach api.desk.example")).to_be_checked()
    expect(page.get_by_label("May read the secret DESK_KEY")).not_to_be_checked()


def test_a_dialog_that_comes_too_late_shows_how_the_plugin_stands(open_window: OpenWindow, site: Site):
    release(site, "late", permissions=ASKING)
    page = open_window("keeper")
    page.goto("/marketplace/desk.late")
    slot(page, "late").get_by_role("link", name=re.compile("Install…")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    answered(page)
    have(site, "late")
    dialog.get_by_role("button", name=re.compile("Install with")).click()
    expect(slot(page, "late").get_by_role("alert")).to_contain_text("is installed")
    expect(slot(page, "late").get_by_role("link", name=re.compile("Installed 1.0.0"))).to_be_visible()
    inspect(page, "too-late")


def test_without_scripts_everything_works_by_whole_pages(open_window: OpenWindow, site: Site):
    release(site, "still", permissions=ASKING)
    page = open_window("keeper", scripts=False, width=360)
    page.goto("/marketplace/desk.still")
    follow(slot(page, "still").get_by_role("link", name=re.compile("Install…")))
    page.get_by_label("May read the secret DESK_KEY").uncheck()
    follow(page.get_by_role("button", name="Install with what is ticked"))
    follow(page.get_by_role("link", name="Look again"))
    carry_out(site)
    follow(page.get_by_role("link", name="Look again"))
    expect(page.get_by_text("Installed desk.still 1.0.0")).to_be_visible()
    page.goto("/marketplace/installed/desk.still")
    follow(page.get_by_role("switch"))
    expect(page.get_by_role("status").first).to_contain_text("desk.still is switched off")
    follow(page.get_by_role("link", name="Uninstall…"))
    follow(page.get_by_role("button", name="Uninstall"))
    carry_out(site)
    follow(page.get_by_role("link", name="Look again"))
    expect(page.get_by_text("Uninstalled desk.still")).to_be_visible()


def test_updates_go_together_and_a_switch_answers_in_its_place(open_window: OpenWindow, site: Site):
    for name in ("first", "second"):
        release(site, name)
        have(site, name)
        release(site, name, "1.1.0")
    page = open_window("keeper")
    page.goto("/marketplace/installed?q=desk.first")
    switch = page.get_by_role("switch", name="desk.first runs")
    switch.click()
    expect(switch).not_to_be_checked()
    answered(page)
    page.goto("/marketplace/installed")
    follow(page.get_by_role("button", name=re.compile("Update all that need no new permission")))
    expect(page.get_by_role("status").first).to_contain_text("under way")
    expect(slot(page, "first").get_by_role("progressbar")).to_be_visible()
    inspect(page, "installed-updating")
    carry_out(site)
    for name in ("first", "second"):
        expect(slot(page, name)).to_contain_text(f"Updated desk.{name} from 1.0.0 to 1.1.0")


def test_a_stream_that_breaks_off_is_taken_up_again_and_tells_the_end(open_window: OpenWindow, site: Site):
    release(site, "torn")
    page = open_window("keeper")
    # The first connection ends as when the server goes away: without its last event.
    page.route(
        "**/operations/events*",
        lambda route: route.fulfill(content_type="text/event-stream", body=": gone\n\n"),
        times=1,
    )
    page.goto("/marketplace/desk.torn")
    slot(page, "torn").get_by_role("button", name="Install").click()
    expect(slot(page, "torn").get_by_role("progressbar")).to_be_visible()
    carry_out(site)
    expect(slot(page, "torn")).to_contain_text("Installed desk.torn 1.0.0")
