"""A name that is asked for, as staff see it before they decide."""

import pytest
from playwright.sync_api import expect

from aei_marketplace.catalog import service as catalog
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.builders import make_tenant
from tests.publishing import publish_listed

WORDS = "It is our name since 1999. <b>Look</b> at the register."


def asked_for(site: Site, name: str) -> str:
    """Acme asks for a name; the id of the case."""
    actor = site.actor("admin")

    async def ask() -> str:
        async with site.deps.works.begin(actor) as work:
            return str((await catalog.ask_for_name(work, name, WORDS)).case_id)

    case: str = site.run(ask())
    return case


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_staff_see_what_was_asked_what_it_resembles_and_who_stands_behind_both_names(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    other = f"rival{width}"
    site.run(rival_with_a_plugin(site, other))
    page = open_window("operator", width=width, theme=theme)
    page.goto(f"/decisions/{asked_for(site, f'riva-l{width}')}")
    expect(page.get_by_text(f"riva-l{width} differs only in hyphens and dots from {other}.")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_visible()
    for words in ("Acme Robotics", other.title()):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    inspect(page, "name-claim")


def test_a_reserved_name_is_shown_as_the_marketplaces_own(open_window: OpenWindow, site: Site) -> None:
    page = open_window("operator")
    page.goto(f"/decisions/{asked_for(site, 'support')}")
    expect(page.get_by_text("The marketplace keeps this name for itself.")).to_be_visible()
    page.get_by_label("Refuse").check()
    page.get_by_label("Reason").fill("Nobody else answers for us.")
    follow(page.get_by_role("button", name="Decide"))
    expect(page.get_by_role("status").first).to_contain_text("It is decided.")


async def rival_with_a_plugin(site: Site, slug: str) -> None:
    """Another tenant with a public plugin in a namespace of its own name."""
    tenant = await make_tenant(site.deps.works, slug)
    await publish_listed(site.deps, tenant.manager, {"id": f"{slug}.tool"})
