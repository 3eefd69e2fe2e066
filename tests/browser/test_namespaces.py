"""Members of a namespace, and handing one over, as people do it."""

import pytest
from playwright.sync_api import expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_namespace_gets_members_is_offered_and_accepted_by_the_other_side(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    name, rival = f"handed-{width}", f"taker{width}"
    site.run(claim(site, "admin", name))
    site.run(taker(site, rival))
    page = open_window("admin", width=width, theme=theme)
    page.goto("/publisher/namespaces")
    inspect(page, "namespaces")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_text("Whoever publishes for this tenant publishes here.")).to_be_visible()
    page.get_by_label("E-mail").fill("nobody@acme.example")
    page.get_by_role("button", name="Name them").click()
    expect(page.get_by_role("alert")).to_contain_text("no such user")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Role").select_option("owner")
    page.get_by_role("button", name="Name them").click()
    expect(page.get_by_role("row").filter(has_text="Ada Admin")).to_contain_text("Owner")
    inspect(page, "namespace")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("alert")).to_contain_text("last owner")
    page.get_by_label("To", exact=True).fill(rival)
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_role("heading", name=f"Offered to {rival}")).to_be_visible()
    inspect(page, "namespace-offered")
    other = open_window(rival, width=width, theme=theme)
    other.goto("/publisher/namespaces")
    inspect(other, "namespaces-offered")
    other.get_by_role("button", name=f"Accept {name}").click()
    expect(other.get_by_role("status").first).to_contain_text(f"{name} is yours")
    page.goto(f"/publisher/namespaces/{name}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("No such namespace")


def test_without_scripts_a_namespace_is_opened_and_an_offer_taken_back(
    open_window: OpenWindow, site: Site
) -> None:
    site.run(claim(site, "admin", "quietly"))
    site.run(taker(site, "listener"))
    page = open_window("admin", scripts=False)
    page.goto("/publisher/namespaces/quietly")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_role("button", name="Name them").click()
    page.get_by_role("button", name="Open it to all").click()
    expect(page.get_by_text("Whoever publishes for this tenant publishes here.")).to_be_visible()
    page.get_by_label("To", exact=True).fill("listener")
    page.get_by_role("button", name="Offer it").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Offer it")).to_be_visible()


async def claim(site: Site, who: str, name: str) -> None:
    person = site.people[who]
    actor = await accounts.actor_for(site.deps.works, person.id, person.tenant)
    async with site.deps.works.begin(actor) as work:
        await catalog.claim_namespace(work, name)


async def taker(site: Site, slug: str) -> None:
    """Another tenant, and somebody of it by the same name."""
    async with site.deps.works.system("tests") as work:
        tenant = await accounts.create_tenant(work, slug, slug.title())
    await site.add_person(slug, "Tina Taker", "ProjectManager", tenant)
