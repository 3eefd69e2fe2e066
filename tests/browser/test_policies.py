"""The tenant's policies, as an administrator decides them."""

import pytest
from playwright.sync_api import expect

from aei_marketplace.installations import service as installations
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.plugins import install, publish


@pytest.fixture
def installed(site: Site):
    """A tool that asks for the network, installed in acme; policies are as before at the end."""
    admin = site.actor("admin")
    manifest = {
        "id": "acme.fetcher",
        "permissions": {"network": {"hosts": ["api.acme.example"], "reason": "fetches"}},
    }

    async def make() -> None:
        if not await _is_there(site, admin):
            await publish(site.deps, admin, manifest)
            await install(site.deps, admin, "acme.fetcher")

    async def unmake() -> None:
        names = ("allow", "deny", "limits", "updates", "affected_releases", "concurrency")
        nothing = dict.fromkeys(names)
        async with site.deps.works.begin(admin) as work:
            await installations.change_policies(work, site.deps, nothing)

    site.run(make())
    yield
    site.run(unmake())


async def _is_there(site: Site, admin) -> bool:
    from aei_marketplace.ground.paging import PageWanted

    async with site.deps.works.begin(admin) as work:
        found = await installations.list_installations(work, PageWanted())
    return any(each.installation.plugin_id == "acme.fetcher" for each in found.items)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_what_a_change_would_stop_is_said_and_confirmed_before_it_is_saved(
    open_window: OpenWindow, installed, width: int, theme: str
):
    page = open_window("admin", width=width, theme=theme)
    page.goto("/admin/policies")
    inspect(page, "admin-policies")
    page.get_by_label("Network").uncheck()
    page.get_by_label("Publishers that are denied").fill("evilcorp")
    page.get_by_label("At once", exact=True).fill("3")
    page.get_by_label("Releases with an advisory").select_option("refuse")
    page.get_by_role("button", name="Save the policies").click()
    expect(page.get_by_role("heading", name="This stops 1 installed plugin")).to_be_focused()
    expect(page.get_by_text("Your tenant's policy denies the permission network.")).to_be_visible()
    inspect(page, "admin-policies-stops")
    page.get_by_role("button", name="Save and stop 1 plugin").click()
    expect(page.get_by_role("status").first).to_contain_text("The policies hold from now on")
    expect(page.get_by_label("Network")).not_to_be_checked()
    expect(page.get_by_label("Publishers that are denied")).to_have_value("evilcorp")
    expect(page.get_by_label("At once", exact=True)).to_have_value("3")
    expect(page.get_by_label("Releases with an advisory")).to_have_value("refuse")


def test_a_change_of_somebody_else_in_between_is_not_overwritten(
    open_window: OpenWindow, installed, site: Site
):
    page = open_window("admin")
    page.goto("/admin/policies")

    async def meanwhile() -> None:
        async with site.deps.works.begin(site_admin) as work:
            await installations.change_policies(work, site.deps, {"concurrency": 7})

    site_admin = site.actor("admin")
    site.run(meanwhile())
    page.get_by_label("Automatic updates").select_option("security")
    page.get_by_role("button", name="Save the policies").click()
    expect(page.get_by_role("alert")).to_contain_text("The policies are not what")
    expect(page.get_by_label("At once", exact=True)).to_have_value("7")


def test_a_number_that_is_none_is_refused_beside_its_field(open_window: OpenWindow, installed):
    page = open_window("admin", scripts=False)
    page.goto("/admin/policies")
    page.get_by_label("Memory (MiB)").fill("plenty")
    page.get_by_label("Publishers that are allowed").fill("Not A Namespace")
    page.get_by_role("button", name="Save the policies").click()
    expect(page.get_by_role("alert")).to_contain_text("a whole number")
    expect(page.get_by_label("Memory (MiB)")).to_have_value("plenty")
    page.get_by_label("Memory (MiB)").fill("64")
    page.get_by_role("button", name="Save the policies").click()
    expect(page.get_by_role("alert")).to_contain_text("expected namespaces")


def test_who_does_not_administer_policies_is_not_led_there_and_refused(open_window: OpenWindow):
    page = open_window("viewer")
    answer = page.goto("/admin/policies")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("link", name="Policies")).to_have_count(0)
