"""The routes of collections, over HTTP, and the counting of clicks."""

import asyncio
from typing import Any

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.collections.conftest import BROWSER, Curator
from tests.publishing import publish_listed
from tests.serving import Answer, Client, serving

HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}gpj"
NOBODY = "01900000-0000-7000-8000-000000000000"


async def make(client: Client, curator: Curator, **body: Any) -> Answer:
    return await client.post("/api/collections", curator.token, json={"title": "Work with text", **body})


async def change(client: Client, curator: Curator, id: str, tag: str | None = None, **body: Any) -> Answer:
    headers = {"If-Match": tag} if tag else {}
    return await client.send("PATCH", f"/api/collections/{id}", curator.token, json=body, headers=headers)


async def published(client: Client, curator: Curator, plugins: list[str], **body: Any) -> dict[str, Any]:
    made = (await make(client, curator, plugins=plugins, **body)).json
    answer = await change(client, curator, made["id"], state="published")
    assert answer.status == 200, answer.json
    return answer.json


async def until_open(client: Client, count: int = 1) -> Answer:
    """What visitors read, once the process has heard of the change."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get("/api/collections")
            if answer.json["total"] == count:
                return answer
            await asyncio.sleep(0.05)


async def test_a_curator_makes_publishes_and_everybody_reads(
    client: Client, curator: Curator, plugins: list[str], globex: Tenant
):
    made = await make(client, curator, plugins=plugins[:2], description="Two plugins.")
    assert made.status == 201
    assert made.json["state"] == "draft"
    id, tag = made.json["id"], made.headers["ETag"]
    hidden = await client.get(f"/api/collections/{id}")
    assert hidden.status == 404
    answer = await change(client, curator, id, tag, state="published")
    assert answer.status == 200
    assert answer.headers["ETag"] != tag
    seen = await until_open(client)
    [item] = seen.json["items"]
    assert [plugin["id"] for plugin in item["plugins"]] == plugins[:2]
    assert item["plugins"][0]["name"] == "Acme.Echo"
    assert item["shown"] is True
    assert (seen.json["total"], seen.json["next_cursor"]) == (1, None)
    one = await client.get(f"/api/collections/{id}", globex.tokens["Viewer"])
    assert one.json == item


async def test_a_private_plugin_is_in_nobody_elses_answer(
    client: Client, deps: Deps, curator: Curator, plugins: list[str], acme: Tenant, globex: Tenant
):
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    made = await published(client, curator, ["acme.secret", "acme.echo"])
    await until_open(client)
    for token, ids in (
        (acme.tokens["Viewer"], ["acme.secret", "acme.echo"]),
        (globex.tokens["Admin"], ["acme.echo"]),
        (None, ["acme.echo"]),
    ):
        for path in ("/api/collections", f"/api/collections/{made['id']}"):
            answer = await client.get(path, token)
            item = answer.json["items"][0] if "items" in answer.json else answer.json
            assert [plugin["id"] for plugin in item["plugins"]] == ids
            if "acme.secret" not in ids:
                assert b"acme.secret" not in answer.body


#: Bodies of collections, and where each is wrong.
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "/title"),
    ({"title": "t" * 81}, "/title"),
    ({"title": None}, "/title"),
    ({"title": 7}, "/title"),
    ({"description": "d" * 501}, "/description"),
    ({"plugins": [f"acme.p{n}" for n in range(51)]}, "/plugins"),
    ({"plugins": ["acme.echo"] * 2}, "/plugins/1"),
    ({"plugins": ["acme.nowhere"]}, "/plugins/0"),
    ({"plugins": ["'; drop table collections; --"]}, "/plugins/0"),
    ({"plugins": "acme.echo"}, "/plugins"),
    ({"from": "yesterday"}, "/from"),
    ({"from": "2026-11-23T10:00:00"}, "/from"),
    ({"from": "2026-11-23T10:00:00Z", "until": "2026-11-23T10:00:00Z"}, "/until"),
    ({"rotation": "Group 1"}, "/rotation"),
    ({"rotation": "weekly", "slot": 99}, "/slot"),
    ({"slot": "1"}, "/slot"),
    ({"kind": "advertisement"}, "/kind"),
    ({"state": "published"}, "/state"),
    ({"from_": "2026-11-23T10:00:00Z"}, "/from_"),
    ({"position": 1}, "/position"),
]


async def test_what_is_malformed_is_refused_at_its_place(
    client: Client, curator: Curator, plugins: list[str]
):
    for body, pointer in MALFORMED:
        answer = await make(client, curator, **body)
        assert answer.status == 422, body
        assert pointer in {error["pointer"] for error in answer.json["errors"]}, body


async def test_a_text_beyond_all_limits_and_a_body_that_is_no_json_are_refused(
    client: Client, curator: Curator
):
    large = await make(client, curator, description="x" * 100_000)
    assert large.status == 422
    broken = await client.post(
        "/api/collections", curator.token, data=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.status in (400, 422)


async def test_hostile_words_come_back_as_words(client: Client, curator: Curator, plugins: list[str]):
    made = await make(client, curator, title=HOSTILE, description=HOSTILE, plugins=plugins)
    assert made.json["title"] == "<script>alert(1)</script>gpj"
    assert made.json["slug"] == "script-alert-1-script-gpj"


async def test_who_may_not_curate_is_refused(
    client: Client, curator: Curator, plugins: list[str], acme: Tenant
):
    made = (await make(client, curator, plugins=plugins)).json
    path = f"/api/collections/{made['id']}"
    for token, status in ((acme.tokens["Admin"], 403), (None, 401)):
        attempts = [
            await client.post("/api/collections", token, json={"title": "Mine"}),
            await client.send("PATCH", path, token, json={"title": "Mine"}),
            await client.post(f"{path}/undo", token),
            await client.post(f"{path}/move", token, json={"by": 1}),
            await client.get(f"{path}/clicks", token),
            await client.get("/api/collections?state=draft", token),
            await client.get("/api/collections/rotations", token),
            await client.send("PATCH", "/api/collections/rotations/weekly", token, json={"percentage": 0}),
        ]
        assert [answer.status for answer in attempts] == [status] * len(attempts)


async def test_a_change_of_an_older_revision_is_refused_and_one_against_the_state_too(
    client: Client, curator: Curator, plugins: list[str]
):
    made = await make(client, curator, plugins=plugins)
    id, tag = made.json["id"], made.headers["ETag"]
    assert (await change(client, curator, id, tag, title="Another")).status == 200
    stale = await change(client, curator, id, tag, title="Mine")
    assert (stale.status, stale.json["type"]) == (412, "/problems/collection-changed")
    assert (await change(client, curator, id, state="archived")).status == 200
    back = await change(client, curator, id, state="published")
    assert (back.status, back.json["type"]) == (409, "/problems/collection-conflict")
    emptied = await change(client, curator, id, state="draft", plugins=[])
    assert emptied.status == 200
    assert (await change(client, curator, id, state="published")).status == 422
    assert (await change(client, curator, NOBODY, title="x")).status == 404


async def test_undo_move_and_rotation_over_http(client: Client, curator: Curator, plugins: list[str]):
    first = await published(client, curator, plugins, title="First", rotation="weekly", slot=2)
    second = (await make(client, curator, title="Second")).json
    assert (first["rotation"], first["slot"]) == ("weekly", 2)
    loose = await change(client, curator, first["id"], rotation=None)
    assert (loose.json["rotation"], loose.json["slot"]) == (None, None)
    undone = await client.post(f"/api/collections/{first['id']}/undo", curator.token)
    assert (undone.json["rotation"], undone.json["slot"]) == ("weekly", 2)
    never = await client.post(f"/api/collections/{second['id']}/undo", curator.token)
    assert never.status == 409
    moved = await client.post(f"/api/collections/{second['id']}/move", curator.token, json={"by": -1})
    assert moved.status == 204
    position = (await client.get(f"/api/collections/{second['id']}", curator.token)).json["position"]
    assert position == 1
    flag = await client.send(
        "PATCH", "/api/collections/rotations/weekly", curator.token, json={"percentage": 25}
    )
    assert (flag.status, flag.json["percentage"]) == (200, 25)
    stale = await client.send(
        "PATCH",
        "/api/collections/rotations/weekly",
        curator.token,
        json={"percentage": 50},
        headers={"If-Match": '"weekly-0"'},
    )
    assert stale.status == 412
    listed = await client.get("/api/collections/rotations", curator.token)
    assert {item["name"]: item["percentage"] for item in listed.json["items"]} == {
        "staff-picks": 100,
        "weekly": 25,
    }


async def test_the_same_request_sent_twice_makes_one_collection(client: Client, curator: Curator):
    headers = {"Idempotency-Key": "once"}
    answers = [
        await client.post("/api/collections", curator.token, json={"title": "Once"}, headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json["id"] == answers[1].json["id"]
    drafts = await client.get("/api/collections?state=draft", curator.token)
    assert drafts.json["total"] == 1


async def test_lists_are_read_in_pages(client: Client, curator: Curator, plugins: list[str]):
    for title in ("a", "b", "c"):
        await published(client, curator, plugins, title=title)
    await until_open(client, 3)
    first = (await client.get("/api/collections?limit=2")).json
    rest = (await client.get(f"/api/collections?limit=2&cursor={first['next_cursor']}")).json
    assert [item["title"] for item in (*first["items"], *rest["items"])] == ["a", "b", "c"]
    assert rest["next_cursor"] is None
    assert (await client.get("/api/collections?cursor=nonsense")).status == 422
    assert (await client.get("/api/collections?state=lost", curator.token)).status == 422


async def test_clicks_are_counted_once_each_for_readers_alone(
    deps: Deps, urls: DatabaseUrls, curator: Curator, plugins: list[str], globex: Tenant
):
    app = create_app(deps, urls.app)
    async with serving(app) as client:
        made = await published(client, curator, plugins)
        await until_open(client)
        path = f"/marketplace/c/{made['slug']}/acme.echo"
        readers = [
            await client.get(path, token, headers=BROWSER, allow_redirects=False)
            for token in (None, globex.tokens["Viewer"])
        ]
        others = [
            await client.get(path, headers={**BROWSER, "Sec-Purpose": "prefetch"}, allow_redirects=False),
            await client.get(path, headers={"User-Agent": "Googlebot/2.1"}, allow_redirects=False),
            await client.get(path, curator.token, headers=BROWSER, allow_redirects=False),
        ]
        for answer in (*readers, *others):
            assert answer.status == 303
            assert answer.headers["Location"] == "/marketplace/acme.echo"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
        for stray in (f"/marketplace/c/{made['slug']}/acme.nowhere", "/marketplace/c/no-such/acme.echo"):
            answer = await client.get(stray, headers=BROWSER, allow_redirects=False)
            assert answer.status == 303
        await app.state.click_counter.write_down()
        counted = await client.get(f"/api/collections/{made['id']}/clicks", curator.token)
    assert (counted.json["impressions"], counted.json["clicks"]) == (0, 2)
    assert counted.json["plugins"] == {"acme.echo": {"impressions": 0, "clicks": 2, "rate": None}}
    assert len(counted.json["days"]) == 28
    assert sum(day["clicks"] for day in counted.json["days"]) == 2


async def test_the_first_page_shows_the_section_and_counts_what_it_showed(
    deps: Deps, urls: DatabaseUrls, curator: Curator, plugins: list[str]
):
    app = create_app(deps, urls.app)
    async with serving(app) as client:
        made = await published(client, curator, plugins[:2])
        await until_open(client)
        for headers in (BROWSER, {**BROWSER, "Sec-Purpose": "prefetch"}, {"User-Agent": "Googlebot/2.1"}):
            page = await client.get("/marketplace", headers=headers)
            assert f"/marketplace/c/{made['slug']}/acme.echo".encode() in page.body
        await client.get("/marketplace?q=echo", headers=BROWSER)
        await app.state.click_counter.write_down()
        counted = await client.get(f"/api/collections/{made['id']}/clicks", curator.token)
    assert {id: plugin["impressions"] for id, plugin in counted.json["plugins"].items()} == {
        "acme.echo": 1,
        "acme.count": 1,
    }


async def test_a_click_leads_nowhere_but_to_a_listing(client: Client):
    for plugin_id in ("%2F%2Fevil.example", "evil", "%5C%5Cevil.example", "a.b%0d%0aX:y"):
        answer = await client.get(f"/marketplace/c/work/{plugin_id}", headers=BROWSER, allow_redirects=False)
        assert answer.status in (404, 422), plugin_id
        assert "Location" not in answer.headers
