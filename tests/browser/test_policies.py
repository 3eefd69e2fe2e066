"""The tenant's policies, as an administrator decides them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.installations import service as installations
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.plugins import install, publish

FETCHER = {
    "id": "ruled.fetcher",
    "permissions": {"network": {"hosts": ["api.ruled.example"], "reason": "fetches"}},
}


@pytest.fixture(scope="module", autouse=True)
def ruled(site: Site) -> None:
    """A tenant with an Admin, `ruler`, where one plugin is installed, which asks for the network."""

    async def people() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "ruled", "Ruled")
        await site.add_person("ruler", "Ruth Ruler", "Admin", tenant)

    site.run(people())
    ruler = site.actor("ruler")
    site.run(publish(site.deps, ruler, FETCHER))
    site.run(install(site.deps, ruler, "ruled.fetcher"))


@pytest.fixture
def no_policies(site: Site) -> Iterator[None]:
    """Policies are as before at the end."""
    yield

    async def unmake() -> None:
        names = ("allow", "deny", "limits", "updates", "affected_releases", "concurrency")
        async with site.deps.works.begin(ruler) as work:
            await installations.change_policies(work, site.deps, dict.fromkeys(names))

    ruler = site.actor("ruler")
    site.run(unmake())


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_what_a_change_would_stop_is_said_and_confirmed_before_it_is_saved(
    open_window: OpenWindow, no_policies: None, width: int, theme: str
):
    page = open_window("ruler", width=width, theme=theme)
    page.goto("/admin/policies")
    inspect(page, "admin-policies")
    page.get_by_label("Network").uncheck()
    page.get_by_label("Publishers that are denied").fill("evilcorp")
    page.get_by_label("At once", exact=True).fill("3")
    page.get_by_label("Releases with an advisory").select_option("refuse")
    follow(page.get_by_role("button", name="Save the policies"))
    expect(page.get_by_role("heading", name="This stops 1 installed plugin")).to_be_focused()
    expect(page.get_by_text("Your tenant's policy denies the permission network.")).to_be_visible()
    inspect(page, "admin-policies-stops")
    follow(page.get_by_role("button", name="Save and stop 1 plugin"))
    expect(page.get_by_role("status").first).to_contain_text("The policies hold from now on")
    expect(page.get_by_label("Network")).not_to_be_checked()
    expect(page.get_by_label("Publishers that are denied")).to_have_value("evilcorp")
    expect(page.get_by_label("At once", exact=True)).to_have_value("3")
    expect(page.get_by_label("Releases with an advisory")).to_have_value("refuse")


def test_a_change_of_somebody_else_in_between_is_not_overwritten(
    open_window: OpenWindow, no_policies: None, site: Site
):
    page = open_window("ruler")
    page.goto("/admin/policies")

    async def meanwhile() -> None:
        async with site.deps.works.begin(site_admin) as work:
            await installations.change_policies(work, site.deps, {"concurrency": 7})

    site_admin = site.actor("ruler")
    site.run(meanwhile())
    page.get_by_label("Automatic updates").select_option("security")
    follow(page.get_by_role("button", name="Save the policies"))
    expect(page.get_by_role("alert")).to_contain_text("The policies are not what")
    expect(page.get_by_label("At once", exact=True)).to_have_value("7")


def test_a_number_that_is_none_is_refused_beside_its_field(open_window: OpenWindow):
    page = open_window("ruler", scripts=False)
    page.goto("/admin/policies")
    page.get_by_label("Memory (MiB)").fill("plenty")
    page.get_by_label("Publishers that are allowed").fill("Not A Namespace")
    follow(page.get_by_role("button", name="Save the policies"))
    expect(page.get_by_role("alert")).to_contain_text("a whole number")
    expect(page.get_by_label("Memory (MiB)")).to_have_value("plenty")
    page.get_by_label("Memory (MiB)").fill("64")
    follow(page.get_by_role("button", name="Save the policies"))
    expect(page.get_by_role("alert")).to_contain_text("expected namespaces")


def test_who_does_not_administer_policies_is_not_led_there_and_refused(open_window: OpenWindow):
    page = open_window("viewer")
    answer = page.goto("/admin/policies")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("link", name="Policies")).to_have_count(0)
