"""The marketplace's page over HTTP: what is found, filters, paging, refusals."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service.search_index import FRESH_SECONDS
from aei_marketplace.collections import service as collections
from aei_marketplace.collections.service import Content, Kind, State
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import encode_cursor
from aei_marketplace.storefront.pages.marketplace import CARDS
from tests.builders import Tenant, make_staff
from tests.packages import make_package
from tests.publishing import publish_listed
from tests.serving import Client, serving
from tests.storefront.conftest import cards_of, link_to, look, text_of, tiles_of


async def test_a_visitor_sees_what_is_public_and_its_tenant_sees_the_rest(
    client: Client, acme: Tenant, globex: Tenant
):
    public = {"acme.links", "acme.summarise", "acme.table"}
    anybody = await look(client, "/marketplace")
    assert anybody.status == 200
    assert set(cards_of(anybody)) == public
    assert set(cards_of(await look(client, "/marketplace", globex.tokens["Viewer"]))) == public
    assert set(cards_of(await look(client, "/marketplace", acme.tokens["Viewer"]))) == public | {"acme.hush"}


async def test_staff_see_everything_and_are_told_that_they_install_nothing(client: Client, deps: Deps):
    _, token = await make_staff(deps.works, "Moderator")
    answer = await look(client, "/marketplace", token)
    assert "acme.hush" in cards_of(answer)
    assert "Install" not in text_of(answer)
    assert "as staff you act in none" in text_of(await look(client, "/marketplace/acme.links", token))


async def test_a_card_says_what_a_plugin_may_touch_and_what_it_costs(client: Client):
    said = text_of(await look(client, "/marketplace?q=link"))
    for words in ("Link checker", "Acme", "1.0.0", "network: 1 host", "Free", "1 plugin"):
        assert words in said
    assert "no permissions" in text_of(await look(client, "/marketplace?kind=agent"))


async def test_a_card_marks_an_advisory_and_shows_the_icon_of_a_package_that_has_one(
    client: Client, deps: Deps, acme: Tenant
):
    icon = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 1h6v6z"/></svg>'
    package = make_package({"id": "acme.table", "version": "1.1.0"}, files={"icon.svg": icon})
    release = await publish_listed(deps, acme.manager, package=package)
    before = await look(client, "/marketplace")
    assert "advisory" not in text_of(before)
    assert before.body.count(b"<img ") == 1
    assert f'src="{release.icon}" alt=""'.encode() in before.body
    said = {"severity": "critical", "title": "Reads all", "details": "It does.", "affected": "^1.0.0"}
    async with deps.works.begin(acme.manager) as work:
        await catalog.file_advisory(work, "acme.table", said)
    assert text_of(await look(client, "/marketplace")).count("Critical advisory") == 1
    listing = await look(client, "/marketplace/acme.table")
    assert f'src="{release.icon}"'.encode() in listing.body
    older = await look(client, "/marketplace/acme.table?version=1.0.0")
    assert b"<img " not in older.body


async def test_blocks_without_anything_behind_them_are_absent(client: Client):
    said = text_of(await look(client, "/marketplace"))
    for words in ("Certified", "installs", "Rated", "Staff picks"):
        assert words not in said


async def test_a_filter_is_a_link_with_what_choosing_it_gives_and_the_way_back(client: Client):
    all_of_them = await look(client, "/marketplace?q=&sort=updated")
    agents = await look(client, link_to(all_of_them, "Agent"))
    assert set(cards_of(agents)) == {"acme.summarise", "acme.table"}
    data = await look(client, link_to(agents, "Data 1"))
    assert cards_of(data) == ["acme.table"]
    assert "sort=updated" in link_to(data, "Clear all")
    assert set(cards_of(await look(client, link_to(data, "Data")))) == {"acme.summarise", "acme.table"}
    assert len(cards_of(await look(client, link_to(data, "Clear all")))) == 3


async def test_the_search_form_carries_the_filters_along(client: Client):
    body = (await look(client, "/marketplace?kind=agent&sort=installs")).body.decode()
    assert '<input type="hidden" name="kind" value="agent">' in body
    assert '<input type="hidden" name="sort" value="installs">' in body


async def test_what_nothing_fits_says_which_filter_to_drop_and_what_is_named_like_it(client: Client):
    answer = await look(client, "/marketplace?q=summarise&kind=tool")
    assert cards_of(answer) == ["acme.summarise"]
    assert "Nothing fits" in text_of(answer)
    assert "Named like it" in text_of(answer)
    assert cards_of(await look(client, link_to(answer, "Without “ Kind: Tool ”"))) == ["acme.summarise"]


async def test_what_nothing_resembles_offers_all_plugins(client: Client):
    answer = await look(client, "/marketplace?q=zzzzzzzz")
    assert cards_of(answer) == []
    assert "No plugin has these words." in text_of(answer)
    assert link_to(answer, "Show all plugins") == "/marketplace"


UNANSWERABLE = {
    "q=" + "x" * 10_000: "at most 200 characters",
    "q=%00": "none of them a control character",
    "q=%1b%5b31m": "none of them a control character",
    "sort=loudest": "one of relevance",
    "certified=maybe": "one of true, false",
    "kind=robot": "one of agent",
    "compatible_with=newest": "a SemVer version",
    "cursor=forged": "send back",
    "cursor=" + encode_cursor(["one", 2]): "send back",
    "cursor=" + encode_cursor([10**30, "acme.links"]): "send back",
    "cursor=" + encode_cursor({"id": 1}): "send back",
}


async def test_what_cannot_be_answered_says_why_on_the_page(client: Client):
    for query, said in UNANSWERABLE.items():
        answer = await look(client, f"/marketplace?{query}")
        assert answer.status == 422, query
        assert said in text_of(answer), query
        assert link_to(answer, "Start anew") == "/marketplace"
        assert "x" * 201 not in answer.body.decode()


async def test_hostile_words_are_only_words(client: Client):
    answer = await look(
        client, "/marketplace?q=%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE&category=%22%3E%3Cb%3E"
    )
    assert b"<script>alert" not in answer.body
    assert b'"><b>' not in answer.body
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in answer.body.decode()


async def test_words_being_typed_are_one_step_of_history(client: Client):
    here = "http://127.0.0.1/marketplace"
    for came_from, kept in ((here, "HX-Push-Url"), (f"{here}?q=li", "HX-Replace-Url")):
        typed = {"HX-Request": "true", "HX-Trigger-Name": "q", "HX-Current-URL": came_from}
        answer = await look(client, "/marketplace?q=links&kind=&sort=relevance", **typed)
        told = {name: answer.headers.get(name) for name in ("HX-Push-Url", "HX-Replace-Url")}
        assert told == {
            "HX-Push-Url": None,
            "HX-Replace-Url": None,
            kept: "/marketplace?q=links&sort=relevance",
        }


async def test_a_chosen_filter_is_a_step_of_its_own(client: Client):
    answer = await look(client, "/marketplace?q=links&kind=tool", **{"HX-Request": "true"})
    assert answer.headers["HX-Push-Url"] == "/marketplace?q=links&kind=tool"


async def test_pages_go_on_where_the_one_before_ended_and_meet_each_plugin_once(
    deps: Deps, urls: DatabaseUrls, acme: Tenant
):
    from aei_marketplace.app import create_app

    table = ["name\tsummary\trank", *(f"plugin-{n}\tDoes the thing number {n}\t{n}" for n in range(1, 61))]
    await catalog.load_listings(deps.works, acme.id, table, 60, lambda _: None)
    async with serving(create_app(deps, urls.app)) as client:
        path, seen = "/marketplace?sort=installs", []
        for expected in (CARDS, CARDS, 60 - 2 * CARDS):
            answer = await look(client, path)
            assert len(cards_of(answer)) == expected
            seen += cards_of(answer)
            if expected == CARDS:
                path = link_to(answer, "Show more")
                assert set(parse_qs(urlsplit(path).query)) == {"sort", "cursor"}
        assert len(set(seen)) == 60
        assert "That is all of them." in text_of(answer)
        assert cards_of(await look(client, link_to(answer, "Back to the first"))) == seen[:CARDS]


async def test_an_empty_marketplace_says_what_would_fill_it(deps: Deps, urls: DatabaseUrls):
    from aei_marketplace.app import create_app

    async with serving(create_app(deps, urls.app)) as client:
        answer = await look(client, "/marketplace")
    assert answer.status == 200
    assert "No plugin has been published yet" in text_of(answer)


async def test_what_was_stopped_is_not_shown_any_more(client: Client, deps: Deps, acme: Tenant):
    assert "acme.table" in cards_of(await look(client, "/marketplace"))
    async with deps.works.begin(acme.manager) as work:
        yanked = catalog.ReleaseState.YANKED
        await catalog.change_state(work, "acme.table", "1.0.0", yanked, "it loses words")
    await asyncio.sleep(FRESH_SECONDS)
    assert "acme.table" not in cards_of(await look(client, "/marketplace"))


async def test_curated_sections_stand_first_while_nothing_is_looked_for(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
):
    curator, _ = await make_staff(deps.works, "Curator")
    wanted = Content("Good beginnings", plugin_ids=("acme.table", "acme.hush", "acme.links"))
    async with deps.works.begin(curator) as work:
        made = await collections.create_collection(work, wanted, Kind.CURATED)
        await collections.change_collection(
            work, made.id, lambda content: replace(content, state=State.PUBLISHED)
        )
    first = await look(client, "/marketplace", globex.tokens["Viewer"])
    assert "Good beginnings" in text_of(first)
    assert tiles_of(first) == ["acme.table", "acme.links"]
    assert tiles_of(await look(client, "/marketplace", acme.tokens["Viewer"])) == [
        "acme.table",
        "acme.hush",
        "acme.links",
    ]
    for query in ("q=link", "kind=tool", "price=free"):
        assert "Good beginnings" not in text_of(await look(client, f"/marketplace?{query}"))
