"""The marketplace and a plugin's page in a real browser."""

import pytest

from tests.browser import shelf
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site


@pytest.fixture(scope="module", autouse=True)
def filled(site: Site) -> None:
    site.run(shelf.fill(site))


@pytest.mark.parametrize(("width", "theme"), VIEWS)
@pytest.mark.parametrize("who", [None, "admin"])
def test_the_marketplace_and_its_states_are_accessible_and_fit(
    open_window: OpenWindow, who: str | None, width: int, theme: str
):
    page = open_window(who, width=width, theme=theme)
    for name, path in {
        "all": "/marketplace",
        "filtered": "/marketplace?kind=agent&category=writing&sort=updated",
        "nothing": "/marketplace?q=summarisation&kind=model",
        "refused": "/marketplace?sort=loudest",
    }.items():
        page.goto(path)
        inspect(page, f"market-{name}-{who or 'nobody'}")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_listing_and_its_tabs_are_accessible_and_fit(open_window: OpenWindow, width: int, theme: str):
    page = open_window("viewer", width=width, theme=theme)
    for tab in ("overview", "versions", "permissions", "dependencies", "proof"):
        page.goto(f"/marketplace/acme.links?tab={tab}")
        inspect(page, f"listing-{tab}")
    page.goto("/marketplace/acme.calm")
    inspect(page, "listing-hostile")
