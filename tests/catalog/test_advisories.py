"""Advisories about plugins: who files, changes, withdraws and reads them."""

import asyncio
from typing import Any
from xml.etree import ElementTree

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    AdvisoryStale,
    AdvisoryWithdrawn,
    NoReleaseAffected,
    NoSuchAdvisory,
    NotYourAdvisory,
    NotYourPlugin,
    PluginNotFound,
    TooManyAdvisories,
)
from aei_marketplace.catalog.service import Advisory
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.web.atom import ATOM
from tests.builders import Tenant, make_staff
from tests.catalog.test_rules_advisories import SAID
from tests.publishing import publish_listed
from tests.serving import Client

PLUGIN = "acme.tally"


@pytest.fixture
async def tally(deps: Deps, acme: Tenant) -> None:
    for version in ("1.3.0", "1.4.1", "1.4.2"):
        await publish_listed(deps, acme.manager, {"id": PLUGIN, "version": version})


@pytest.fixture
async def certifier(deps: Deps) -> Actor:
    return (await make_staff(deps.works, "Certifier"))[0]


async def file(deps: Deps, actor: Actor, plugin_id: str = PLUGIN, **more: Any) -> Advisory:
    async with deps.works.begin(actor) as work:
        return await catalog.file_advisory(work, plugin_id, SAID | more)


async def change(
    deps: Deps, actor: Actor, advisory: Advisory, match: str | None = None, **to: Any
) -> Advisory:
    async with deps.works.begin(actor) as work:
        return await catalog.change_advisory(work, advisory.id, to, match)


async def withdraw(deps: Deps, actor: Actor, advisory: Advisory) -> Advisory:
    async with deps.works.begin(actor) as work:
        return await catalog.withdraw_advisory(work, advisory.id, "It was a mistake.")


async def listed(deps: Deps, actor: Actor, plugin_id: str | None = None) -> list[str]:
    async with deps.works.begin(actor) as work:
        return [a.id for a in (await catalog.list_advisories(work, PageWanted(), plugin_id)).items]


async def marks(deps: Deps, actor: Actor) -> dict[str, tuple[str, ...]]:
    """By version, the advisories that its release shows."""
    async with deps.works.begin(actor) as work:
        page = await catalog.list_releases(work, PLUGIN, PageWanted())
    return {release.version: release.advisories for release in page.items}


@pytest.mark.usefixtures("tally")
async def test_an_advisory_marks_the_releases_in_its_range_and_those_that_come_later(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    advisory = await file(deps, acme.manager)
    await publish_listed(deps, acme.manager, {"id": PLUGIN, "version": "1.2.9"})
    affected = (advisory.id,)
    assert await marks(deps, globex.viewer) == {
        "1.4.2": (), "1.4.1": affected, "1.3.0": affected, "1.2.9": affected,
    }  # fmt: skip
    async with deps.works.begin(ANONYMOUS) as work:
        assert await catalog.affected_versions(work, advisory.id) == ["1.4.1", "1.3.0", "1.2.9"]


@pytest.mark.usefixtures("tally")
async def test_a_change_moves_the_marks_and_a_withdrawal_ends_them(deps: Deps, acme: Tenant) -> None:
    advisory = await file(deps, acme.manager)
    changed = await change(deps, acme.manager, advisory, affected="<1.4.0", fixed=None)
    assert (changed.statement.fixed, changed.statement.title) == (None, SAID["title"])
    assert [v for v, ids in (await marks(deps, acme.manager)).items() if ids] == ["1.3.0"]
    withdrawn = await withdraw(deps, acme.manager, advisory)
    assert withdrawn.withdrawn_reason == "It was a mistake."
    assert not any((await marks(deps, acme.manager)).values())
    assert await listed(deps, ANONYMOUS, PLUGIN) == [advisory.id], "it stays to be read"
    for again in (change(deps, acme.manager, advisory, title="x"), withdraw(deps, acme.manager, advisory)):
        with pytest.raises(AdvisoryWithdrawn):
            await again


@pytest.mark.usefixtures("tally")
async def test_who_neither_publishes_the_plugin_nor_decides_for_the_operator_files_nothing(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    moderator, _ = await make_staff(deps.works, "Finance")
    with pytest.raises(NotYourPlugin):
        await file(deps, globex.manager)
    for actor, refusal in ((acme.viewer, NotAllowed), (moderator, NotAllowed), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(refusal):
            await file(deps, actor)
    assert await listed(deps, acme.manager) == []


@pytest.mark.usefixtures("tally")
async def test_what_staff_file_the_publisher_neither_changes_nor_withdraws(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    advisory = await file(deps, certifier)
    for attempt in (change(deps, acme.manager, advisory, title="x"), withdraw(deps, acme.manager, advisory)):
        with pytest.raises(NotYourAdvisory):
            await attempt
    assert (await change(deps, certifier, advisory, severity="critical")).by_staff
    own = await file(deps, acme.manager)
    assert (await change(deps, certifier, own, severity="low")).statement.severity == "low"


@pytest.mark.usefixtures("tally")
async def test_a_range_without_any_release_is_refused_and_leaves_nothing(deps: Deps, acme: Tenant) -> None:
    with pytest.raises(NoReleaseAffected):
        await file(deps, acme.manager, affected=">=7.0.0", fixed=None)
    advisory = await file(deps, acme.manager)
    with pytest.raises(NoReleaseAffected):
        await change(deps, acme.manager, advisory, affected=">=7.0.0", fixed=None)
    with pytest.raises(Invalid):
        await change(deps, acme.manager, advisory, affected="no range")
    assert [a for a in (await marks(deps, acme.manager)).values() if a] == [(advisory.id,)] * 2


@pytest.mark.usefixtures("tally")
async def test_a_plugin_takes_so_many_advisories_and_no_more(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aei_marketplace.catalog.rules.advisories.MOST_OF_PLUGIN", 2)
    results = await asyncio.gather(*(file(deps, acme.manager) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(result, TooManyAdvisories) for result in results) == 2
    assert len(await listed(deps, acme.manager)) == 2


@pytest.mark.usefixtures("tally")
async def test_a_change_on_an_old_reading_is_refused(deps: Deps, acme: Tenant) -> None:
    advisory = await file(deps, acme.manager)
    await change(deps, acme.manager, advisory, advisory.etag, title="Other")
    with pytest.raises(AdvisoryStale):
        await change(deps, acme.manager, advisory, advisory.etag, title="Third")


async def test_of_a_private_plugins_advisories_strangers_see_what_they_see_of_none(
    deps: Deps, acme: Tenant, globex: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    await publish_listed(deps, acme.manager, {"id": PLUGIN, "version": "1.4.1"}, visibility="private")
    advisory = await file(deps, acme.manager)
    for stranger in (globex.admin, ANONYMOUS):
        assert await listed(deps, stranger) == []
        async with deps.works.begin(stranger) as work:
            page = await catalog.list_advisories(work, PageWanted())
            assert (page.total, page.next_cursor) == (0, None)
        with pytest.raises(PluginNotFound):
            await listed(deps, stranger, PLUGIN)
        with pytest.raises(NoSuchAdvisory, match=f"There is no advisory {advisory.id}"):
            async with deps.works.begin(stranger) as work:
                await catalog.find_advisory(work, advisory.id)
    with pytest.raises(PluginNotFound):
        await file(deps, globex.manager)
    with pytest.raises(NoSuchAdvisory):
        await change(deps, globex.manager, advisory, title="x")
    assert await listed(deps, certifier) == [advisory.id]
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, count in ((globex.id, 0), (acme.id, 1)):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            for table in ("plugin_advisories", "plugin_advisory_intervals"):
                assert await connection.fetchval(f"select count(*) from {table}") == count
    finally:
        await connection.close()


@pytest.mark.usefixtures("tally")
async def test_the_database_itself_keeps_strangers_and_subjects_from_writing(
    deps: Deps, acme: Tenant, globex: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    own, by_staff = await file(deps, acme.manager), await file(deps, certifier)
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, advisory, changed in (
            (globex.id, own, 0), (globex.id, by_staff, 0), (acme.id, by_staff, 0), (acme.id, own, 1),
        ):  # fmt: skip
            async with connection.transaction():
                await connection.execute("select set_config('aei.tenant', $1, true)", str(tenant))
                for table, key in (("plugin_advisories", "id"), ("plugin_advisory_intervals", "advisory_id")):
                    column = "title = 'x'" if key == "id" else "lower = ''"
                    done = await connection.execute(
                        f"update {table} set {column} where {key} = $1", advisory.id
                    )
                    assert done == f"UPDATE {changed}"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from plugin_advisories")
        assert await connection.fetchval("select count(*) from plugin_advisories") == 2, "they are public"
    finally:
        await connection.close()


@pytest.mark.usefixtures("tally")
async def test_filing_changing_and_withdrawing_are_in_the_audit_log(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    advisory = await file(deps, acme.manager)
    await change(deps, acme.manager, advisory, severity="low")
    await withdraw(deps, acme.manager, advisory)
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(
            "select action, content from audit_entries where resource_id = $1 order by at", advisory.id
        )
    finally:
        await connection.close()
    assert [row["action"] for row in rows] == ["advisory.file", "advisory.change", "advisory.withdraw"]
    assert [read_entry(row["content"])["context"]["severity"] for row in rows] == ["high", "low", "low"]
    assert "mistake" not in rows[2]["content"].decode()


@pytest.mark.usefixtures("tally")
async def test_the_routes_file_read_change_and_withdraw(client: Client, acme: Tenant) -> None:
    token = acme.tokens["ProjectManager"]
    body = {name: value for name, value in SAID.items() if name != "links"} | {"references": SAID["links"]}
    filed = await client.post(f"/api/plugins/{PLUGIN}/advisories", json=body, token=token)
    assert filed.status == 201
    assert filed.json["versions"] == ["1.4.1", "1.3.0"]
    assert filed.json["references"] == SAID["links"]
    address = f"/api/advisories/{filed.json['id']}"
    read = await client.get(address)
    assert (read.status, read.json) == (200, filed.json)
    assert (await client.get(address, headers={"If-None-Match": read.headers["ETag"]})).status == 304
    everybody = await client.get("/api/advisories")
    assert [each["id"] for each in everybody.json["items"]] == [filed.json["id"]]
    changed = await client.send("PATCH", address, json={"references": []}, token=token)
    assert (changed.status, changed.json["references"]) == (200, [])
    stale = await client.send(
        "PATCH", address, json={"title": "x"}, token=token, headers={"If-Match": read.headers["ETag"]}
    )
    assert (stale.status, stale.json["type"].rpartition("/")[2]) == (412, "advisory-changed")
    gone = await client.post(f"{address}/withdraw", json={"reason": "a mistake"}, token=token)
    assert (gone.status, gone.json["withdrawn_reason"]) == (200, "a mistake")


@pytest.mark.parametrize(
    "body",
    [{}, {**SAID, "links": []}, {"severity": "high", "title": 7}, {"title": "x" * 30_000}, []],
)
@pytest.mark.usefixtures("tally")
async def test_a_body_that_is_no_advisory_is_refused(client: Client, acme: Tenant, body: Any) -> None:
    token = acme.tokens["ProjectManager"]
    refused = await client.post(f"/api/plugins/{PLUGIN}/advisories", json=body, token=token)
    assert refused.status == 422


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIiwgImIiXQ", "MQ", "W251bGxd"])
async def test_a_cursor_of_another_list_is_refused(client: Client, cursor: str) -> None:
    assert (await client.get("/api/advisories", params={"cursor": cursor})).status == 422


@pytest.mark.usefixtures("tally")
async def test_the_listing_and_a_feed_tell_of_advisories_about_public_plugins_alone(
    deps: Deps, acme: Tenant, client: Client
) -> None:
    hidden = "acme.hidden"
    await publish_listed(deps, acme.manager, {"id": hidden, "version": "1.4.1"}, visibility="private")
    secret = await file(deps, acme.manager, hidden)
    shown = await file(deps, acme.manager, title="<script>alert(1)</script>")
    withdrawn = await withdraw(deps, acme.manager, await file(deps, acme.manager))
    listing = await client.get(f"/api/plugins/{PLUGIN}")
    assert [advisory["id"] for advisory in listing.json["advisories"]] == [shown.id]
    feed = await client.get("/feeds/advisories.atom", token=acme.tokens["Admin"])
    root = ElementTree.fromstring(feed.body)  # noqa: S314 our own document
    titles = [entry.findtext(f"{{{ATOM}}}title") for entry in root.iter(f"{{{ATOM}}}entry")]
    assert titles == [
        f"Withdrawn: {SAID['title']} ({PLUGIN} {SAID['affected']}, high)",
        f"<script>alert(1)</script> ({PLUGIN} {SAID['affected']}, high)",
    ]
    assert b"<script>" not in feed.body
    assert secret.id.encode() not in feed.body
    assert withdrawn.id.encode() in feed.body
    again = await client.get("/feeds/advisories.atom", headers={"If-None-Match": feed.headers["ETag"]})
    assert again.status == 304


@pytest.mark.usefixtures("tally")
async def test_a_listing_names_the_gravest_advisory_about_the_release_that_it_describes(
    deps: Deps, client: Client, acme: Tenant
) -> None:
    async def named() -> str | None:
        found = (await client.get(f"/api/plugins/{PLUGIN}")).json["advisory"]
        (listed,) = (await client.get(f"/api/plugins?q={PLUGIN}")).json["items"]
        assert listed["advisory"] == found
        return None if found is None else str(found)

    assert await named() is None
    await file(deps, acme.manager)
    assert await named() is None, "it concerns older releases alone"
    await file(deps, acme.manager, severity="low", affected="*", fixed=None)
    gravest = await file(deps, acme.manager, severity="critical", affected=">=1.4.2", fixed=None)
    await file(deps, acme.manager, severity="moderate", affected="1.4.2", fixed=None)
    assert await named() == "critical"
    await withdraw(deps, acme.manager, gravest)
    assert await named() == "moderate"
