"""Feeds and badges: what everybody may see, well formed whatever people called their plugins."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.api.atom import render_feed
from aei_marketplace.catalog.api.badges import render_badge, width_of
from aei_marketplace.catalog.rules.badges import Badge
from aei_marketplace.catalog.rules.feeds import Feed, FeedEntry
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.atom import ATOM
from tests.builders import Tenant
from tests.clocks import Time
from tests.publishing import publish, publish_listed
from tests.serving import Client

HOSTILE = '</title><script>alert("1")</script> & <![CDATA[ ]]> "\' &amp;'
_ = {"a": ATOM}


def titles(content: bytes) -> list[str]:
    """The titles of a feed's entries."""
    return [node.text or "" for node in ElementTree.fromstring(content).findall("a:entry/a:title", _)]  # noqa: S314 our own document


async def block(deps: Deps, operator: tuple[Actor, str], plugin_id: str) -> None:
    async with deps.works.begin(operator[0]) as work:
        await catalog.change_state(work, plugin_id, "1.0.0", ReleaseState.BLOCKED, "It <steals> & sells.")


async def test_each_feed_tells_what_it_is_for_the_newest_first(
    deps: Deps, client: Client, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    for plugin_id in ("acme.one", "acme.two", "acme.bad"):
        await publish_listed(deps, acme.manager, {"id": plugin_id})
    await publish_listed(deps, acme.manager, {"id": "acme.one", "version": "1.1.0"})
    await publish(deps, acme.manager, {"id": "acme.unlisted"})
    await block(deps, operator, "acme.bad")
    new, updated, removed = [(await client.get(f"/feeds/{feed}.atom")).body for feed in Feed]
    assert titles(new) == ["Echo (acme.two)", "Echo (acme.one)"]
    assert titles(updated) == ["Echo (acme.one) 1.1.0", "Echo (acme.two) 1.0.0", "Echo (acme.one) 1.0.0"]
    assert titles(removed) == ["Echo (acme.bad) 1.0.0 is blocked"]
    assert b"It &lt;steals&gt; &amp; sells." in removed


async def test_what_becomes_public_is_new_from_that_moment_and_by_no_earlier_date(
    deps: Deps, client: Client, acme: Tenant
) -> None:
    time = Time()
    clocked = replace(deps, works=replace(deps.works, clock=time.now))
    await publish_listed(clocked, acme.manager, {"id": "acme.one"}, visibility="private")
    time.ahead = timedelta(hours=1)
    await publish_listed(clocked, acme.manager, {"id": "acme.two"})
    time.ahead = timedelta(hours=2)
    await publish(clocked, acme.manager, {"id": "acme.one", "version": "1.1.0"}, visibility="public")
    new, updated = [(await client.get(f"/feeds/{feed}.atom")).body for feed in (Feed.NEW, Feed.UPDATED)]
    assert titles(new) == ["Echo (acme.one)", "Echo (acme.two)"]
    assert titles(updated) == ["Echo (acme.one) 1.0.0", "Echo (acme.two) 1.0.0"]
    async with deps.works.begin(acme.viewer) as work:
        entries = [await catalog.feed_entries(work, feed) for feed in (Feed.NEW, Feed.UPDATED)]
    one, two = entries[0]
    assert one.at - two.at > timedelta(minutes=59)
    assert [each.at for each in entries[1]] == [one.at, two.at]


async def test_a_feed_has_what_atom_demands(deps: Deps, client: Client, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager)
    answer = await client.get("/feeds/updated.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.body)  # noqa: S314 our own document
    assert root.tag == f"{{{ATOM}}}feed"
    own = f"{client.url}/feeds/updated.atom"
    assert root.findtext("a:id", None, _) == own
    link = root.find("a:link", _)
    assert link is not None
    assert (link.get("rel"), link.get("href")) == ("self", own)
    [entry] = root.findall("a:entry", _)
    assert entry.findtext("a:id", None, _) == f"{client.url}/api/plugins/acme.echo/versions/1.0.0"
    assert entry.findtext("a:author/a:name", None, _) == "Acme"
    assert entry.findtext("a:updated", None, _) == root.findtext("a:updated", None, _)


async def test_private_plugins_are_in_no_feed_and_have_no_badge_for_anybody(
    deps: Deps, client: Client, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private", audience=["acme"])
    await block(deps, operator, "acme.secret")
    for token in (None, acme.tokens["Admin"], operator[1]):
        for feed in Feed:
            assert titles((await client.get(f"/feeds/{feed}.atom", token)).body) == []
        hidden = await client.get("/badges/acme.secret/version.svg", token)
        missing = await client.get("/badges/acme.missin/version.svg", token)
        assert hidden.status == missing.status == 404
        assert hidden.json["detail"] == missing.json["detail"].replace("missin", "secret")


async def test_feeds_and_badges_are_not_sent_twice_and_change_with_what_they_tell(
    deps: Deps, client: Client, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    await publish_listed(deps, acme.manager)
    for path in ("/feeds/new.atom", "/badges/acme.echo/version.svg"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    feed = await client.get("/feeds/new.atom")
    assert feed.headers["Last-Modified"].endswith("GMT")
    badge = await client.get("/badges/acme.echo/version.svg")
    await block(deps, operator, "acme.echo")
    unchanged = {"If-None-Match": feed.headers["ETag"], "If-Modified-Since": feed.headers["Last-Modified"]}
    assert titles((await client.get("/feeds/new.atom", headers=unchanged)).body) == []
    blocked = await client.get(
        "/badges/acme.echo/version.svg", headers={"If-None-Match": badge.headers["ETag"]}
    )
    assert b"1.0.0, blocked" in blocked.body


async def test_badges_show_version_certification_and_rating(
    deps: Deps, client: Client, urls: DatabaseUrls, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager)

    async def said(kind: str) -> str | None:
        answer = await client.get(f"/badges/acme.echo/{kind}.svg")
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
        return ElementTree.fromstring(answer.body).get("aria-label")  # noqa: S314 our own document

    assert await said("version") == "version: 1.0.0"
    assert await said("certified") == "certified: no"
    assert await said("rating") == "rating: none yet"
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("update plugins set rating_sum = 9, rating_count = 2")
    await owner.close()
    assert await said("rating") == "rating: 4.5 of 5 (2)"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/private.atom", 422),
        ("/badges/acme.echo/installs.svg", 422),
        ("/badges/%3Cscript%3E/version.svg", 404),
        ("/badges/acme.echo%00/version.svg", 404),
    ],
)
async def test_what_is_no_feed_and_no_badge_is_refused(client: Client, path: str, status: int) -> None:
    assert (await client.get(path)).status == status


@given(st.text(), st.text(min_size=1))
def test_a_badge_is_well_formed_and_as_wide_as_its_words(label: str, value: str) -> None:
    printable = [text.encode("ascii", "ignore").decode() for text in (label, value)]
    printable = ["".join(c for c in text if c.isprintable()) + "<\"&'>" for text in printable]
    root = ElementTree.fromstring(render_badge(Badge(*printable, "#2e7d32")))  # noqa: S314 our own document
    assert [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")] == printable
    assert float(root.get("width", "0")) == pytest.approx(sum(map(width_of, printable)) / 10 + 24, rel=1e-4)


async def test_a_feed_is_well_formed_whatever_a_plugin_is_called(deps: Deps, acme: Tenant) -> None:
    release = await publish_listed(deps, acme.manager)

    @given(st.text() | st.just(HOSTILE), st.text())
    def is_well_formed(name: str, description: str) -> None:
        release.manifest.document.update({"name": name, "description": description})  # type: ignore[attr-defined]  # a dict
        content = render_feed(Feed.NEW, [FeedEntry(utc_now() - timedelta(1), release)], "http://a.example")
        [title] = titles(content)
        if name == HOSTILE:
            assert title == f"{HOSTILE} (acme.echo)"

    is_well_formed()
