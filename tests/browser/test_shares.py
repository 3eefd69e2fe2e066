"""Finance staff sets what a creator gets, and reads what was agreed."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.clock import utc_now
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.sales.scenarios import list_plugin


@pytest.fixture(scope="module")
def heard(site: Site) -> Site:
    """A creator with a plugin, and somebody of finance."""

    async def fill() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "larkspur", "Larkspur Audio")
        await list_plugin(site.deps.works, tenant, "larkspur.listen")
        await site.add_person("fiona", "Fiona Fairshare", "Finance", None)

    site.run(fill())
    return site


def test_terms_are_typed_looked_at_once_more_and_set(heard: Site, open_window: OpenWindow):
    page = open_window("fiona")
    page.goto("/admin/shares")
    page.get_by_label("Plugin", exact=True).fill("larkspur.listen")
    follow(page.get_by_role("button", name="Open"))
    expect(page.get_by_text("85 % of the price without tax")).to_be_visible()
    page.get_by_label("Creator's share").fill("80")
    page.get_by_label("Tiers").fill("USD 10,000.00 90\nJPY 1000000 92.5 %")
    page.get_by_label("From", exact=True).fill((utc_now() + timedelta(days=3)).date().isoformat())
    page.get_by_label("Why").fill("A trial of tiers")
    follow(page.get_by_role("button", name="Check the terms"))
    expect(page.get_by_role("alert")).to_contain_text("announced 30 days before")
    inspect(page, "shares-refused")
    page.get_by_label("Creator's share").fill("87.5")
    follow(page.get_by_role("button", name="Check the terms"))
    confirm = page.get_by_role("region", name="Set these terms?")
    expect(confirm).to_contain_text("USD 10,000.00")
    expect(confirm).to_contain_text("92.5 %")
    inspect(page, "shares-confirm")
    follow(confirm.get_by_role("button", name="Set the terms"))
    expect(page.get_by_role("status").first).to_contain_text("The creator is told")
    expect(page.get_by_role("row").filter(has_text="A trial of tiers")).to_contain_text("Announced")
    for width, theme in VIEWS:
        view = open_window("fiona", width=width, theme=theme)
        for path, name in (("/admin/shares", "shares"), ("/admin/shares/larkspur.listen", "share")):
            view.goto(path)
            inspect(view, f"{name}-{width}-{theme}")
    expect(view.get_by_text("87.5 %").first).to_be_visible()
    assert open_window("admin").goto("/admin/shares").status == 403  # type: ignore[union-attr] # a page always answers
