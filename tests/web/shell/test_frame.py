"""Which place of the navigation a page belongs to."""

from datetime import UTC, datetime

import pytest

from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.web.shell.frame import Place, Surroundings

PLACES = (Place("Marketplace", "/marketplace"), Place("Installed", "/marketplace/installed"))


def around(path: str) -> Surroundings:
    return Surroundings(
        actor=ANONYMOUS,
        path=path,
        now=datetime(2026, 1, 5, tzinfo=UTC),
        places=PLACES,
        section=(),
        search=None,
        notices=None,
        unread=None,
        theme=None,
        density="comfortable",
        flash=None,
    )


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/marketplace", ["/marketplace"]),
        ("/marketplace/acme.links", ["/marketplace"]),
        ("/marketplace/installed", ["/marketplace/installed"]),
        ("/marketplace/installed/acme.links", ["/marketplace/installed"]),
        ("/marketplaces", []),
        ("/", []),
    ],
)
def test_a_page_belongs_to_the_nearest_place_above_it(path: str, here: list[str]):
    assert [place.path for place in PLACES if around(path).here(place.path)] == here


async def test_the_style_page_shows_every_component(client):
    page = await client.get("/design", headers={"Accept": "text/html"})
    assert page.status == 200
    for shown in (b"Link checker", b"Globex", b"High advisory", b"Certified", b"1,204"):
        assert shown in page.body, shown
