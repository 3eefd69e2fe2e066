"""Searching: what matches, what comes first, filters, facets, pages."""

from typing import Any

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import Page, PageWanted
from tests.builders import Tenant
from tests.packages import component_wat, make_package
from tests.publishing import publish_listed

NETWORK = {"network": {"hosts": ["api.acme.example"], "reason": "fetches the pages"}}
PAID = {"model": "one_time", "currency": "USD", "amount_minor": 500}
SHELF: tuple[dict[str, Any], ...] = (
    {"id": "acme.summarise", "name": "Summarise", "description": "Shortens long texts", "kind": "agent",
     "categories": ["writing"], "keywords": ["summary"]},
    {"id": "acme.summarise-mail", "name": "Summarise mail", "description": "Shortens e-mail threads",
     "kind": "agent", "categories": ["writing", "productivity"], "pricing": PAID},
    {"id": "acme.links", "name": "Link checker", "description": "Finds broken links and gives a summary",
     "kind": "tool", "categories": ["web"], "permissions": NETWORK,
     "compatibility": {"aei": "^3.0.0-beta.1"}},
    {"id": "acme.langid", "name": "Langue", "description": "Identifies the language of a text",
     "kind": "model", "categories": ["language"], "compatibility": {"aei": "<2.0.0"}},
)  # fmt: skip


@pytest.fixture
async def shelf(deps: Deps, acme: Tenant) -> None:
    for overrides in SHELF:
        imports = ("http",) if "permissions" in overrides else ()
        await publish_listed(
            deps, acme.manager, package=make_package(overrides, wat=component_wat(imports=imports))
        )


async def find(deps: Deps, page: PageWanted | None = None, *, facets: bool = False, **criteria: Any) -> Any:
    wanted = page or PageWanted()
    async with catalog.open_index(deps.works) as index, deps.works.begin(ANONYMOUS) as work:
        return await catalog.search_plugins(index, work, Criteria(**criteria), wanted, facets=facets)


async def search(deps: Deps, page: PageWanted | None = None, **criteria: Any) -> Page:
    return (await find(deps, page, **criteria)).page


async def ids(deps: Deps, **criteria: Any) -> list[str]:
    return [plugin.id.partition(".")[2] for plugin in (await search(deps, **criteria)).items]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("summarise", ["summarise", "summarise-mail"]),
        ("summaries", ["summarise", "summarise-mail", "links"]),
        ("acme.links", ["links"]),
        ("Summarise MAIL", ["summarise-mail", "summarise"]),
        ("langu", ["langid"]),
        ("broken link", ["links"]),
        ("identifying languages", ["langid"]),
        ("no such thing", []),
        ("", ["langid", "links", "summarise", "summarise-mail"]),
        ("   ", ["langid", "links", "summarise", "summarise-mail"]),
    ],
)
async def test_words_names_beginnings_and_other_forms_of_a_word_are_found(
    deps: Deps, shelf: None, q: str, expected: list[str]
) -> None:
    assert await ids(deps, q=q) == expected


async def test_the_exact_name_comes_first_however_popular_the_others_are(
    deps: Deps, urls: DatabaseUrls, shelf: None
) -> None:
    await set_popularity(urls, {"acme.summarise-mail": (100_000, 500, 100)})
    assert (await ids(deps, q="summarise"))[0] == "summarise"
    assert (await ids(deps, q="summar"))[0] == "summarise-mail"


async def test_sorts_order_by_what_they_say(deps: Deps, urls: DatabaseUrls, shelf: None) -> None:
    await set_popularity(
        urls,
        {"acme.links": (50, 9, 3), "acme.langid": (7, 500, 100), "acme.summarise": (9, 5, 1)},
    )
    assert (await ids(deps, sort=Sort.INSTALLS))[:3] == ["links", "summarise", "langid"]
    assert (await ids(deps, sort=Sort.RATING))[:2] == ["langid", "summarise"]
    assert (await ids(deps, sort=Sort.UPDATED))[0] == "langid"


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"category": "writing"}, ["summarise", "summarise-mail"]),
        ({"category": "nothing"}, []),
        ({"kind": "tool"}, ["links"]),
        ({"permission": "network"}, ["links"]),
        ({"permission": "none"}, ["langid", "summarise", "summarise-mail"]),
        ({"price": "paid"}, ["summarise-mail"]),
        ({"price": "free"}, ["langid", "links", "summarise"]),
        ({"publisher": "ACME"}, ["langid", "links", "summarise", "summarise-mail"]),
        ({"publisher": "globex"}, []),
        ({"certified": True}, []),
        ({"certified": False, "kind": "model"}, ["langid"]),
        ({"compatible_with": "2.3.1"}, ["summarise", "summarise-mail"]),
        ({"compatible_with": "1.5.0"}, ["langid", "summarise", "summarise-mail"]),
        ({"compatible_with": "3.0.0-beta.2"}, ["links"]),
        ({"compatible_with": "3.1.0-beta.2"}, []),
        ({"compatible_with": "3.1.0"}, ["links"]),
        ({"compatible_with": "2.0.0-rc.1"}, []),
        ({"q": "summary", "kind": "agent", "price": "free"}, ["summarise"]),
    ],
)
async def test_filters_leave_what_they_say(
    deps: Deps, shelf: None, criteria: dict[str, Any], expected: list[str]
) -> None:
    assert await ids(deps, **criteria) == expected


async def test_an_older_offered_release_keeps_a_plugin_compatible(
    deps: Deps, acme: Tenant, shelf: None
) -> None:
    await publish_listed(
        deps, acme.manager, {**SHELF[0], "version": "2.0.0", "compatibility": {"aei": ">=5.0.0"}}
    )
    assert "summarise" in await ids(deps, compatible_with="2.3.1")
    assert "summarise" in await ids(deps, compatible_with="5.1.0")
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.summarise", "1.0.0", catalog.ReleaseState.YANKED, "old")
    assert "summarise" not in await ids(deps, compatible_with="2.3.1")


async def test_facets_count_what_choosing_another_value_would_give(deps: Deps, shelf: None) -> None:
    counts = (await find(deps, facets=True, kind="agent")).facets
    assert counts["kind"] == {"agent": 2, "model": 1, "tool": 1}
    assert counts["category"] == {"productivity": 1, "writing": 2}
    assert counts["permission"] == {"none": 2}
    assert counts["certified"] == {"false": 2}
    assert counts["price"] == {"free": 1, "paid": 1}


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_show_every_plugin_once(deps: Deps, shelf: None, sort: Sort) -> None:
    seen: list[str] = []
    page = PageWanted(limit=1)
    while True:
        found = await search(deps, page, sort=sort)
        seen += [plugin.id for plugin in found.items]
        assert found.total == 4
        if found.next_cursor is None:
            break
        page = PageWanted.read(1, found.next_cursor)
    assert sorted(seen) == sorted(s["id"] for s in SHELF)
    assert len(seen) == 4


@pytest.mark.parametrize(
    "after", [{}, [], [1], ["a", "b"], [1, 2], [2**70, "a"], "x", [True, "a"], [1, "a\0"]]
)
async def test_a_cursor_of_another_list_is_refused(deps: Deps, shelf: None, after: Any) -> None:
    with pytest.raises(Invalid):
        await search(deps, PageWanted(after=after))


@pytest.mark.parametrize(
    "q",
    [
        "'; drop table plugins; --",
        "x & | ! ( ) :*",
        "\\",
        "%",
        "_",
        "''",
        "<->",
        "日本語",
        "🦊",
        "-" * 200,
        "a" * 200,
    ],
)
async def test_a_query_of_operators_is_a_query_of_words(deps: Deps, shelf: None, q: str) -> None:
    assert (await search(deps, q=q)).total == 0


async def set_popularity(urls: DatabaseUrls, figures: dict[str, tuple[int, int, int]]) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        for plugin_id, (installs, rating_sum, rating_count) in figures.items():
            await connection.execute(
                "update plugins set installs = $2, rating_sum = $3, rating_count = $4 where id = $1",
                plugin_id, installs, rating_sum, rating_count,
            )  # fmt: skip
    finally:
        await connection.close()
