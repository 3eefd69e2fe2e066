"""The routes of notices and webhooks."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service
from aei_marketplace.notices.api import notices as notices_api
from aei_marketplace.notices.rules.notices import to_holders
from tests.builders import Tenant, make_staff
from tests.notices.acts import asks_more, blocked, tell, yanked
from tests.notices.conftest import Watch
from tests.notices.hooks import Hooks, status
from tests.serving import Client


async def test_the_inbox_has_its_shape(deps: Deps, client: Client, acme: Tenant) -> None:
    (notice_id,) = await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    answer = await client.get("/api/notices", acme.tokens["Admin"])
    assert answer.status == 200
    assert (answer.json["total"], answer.json["unread"], answer.json["next_cursor"]) == (1, 1, None)
    (item,) = answer.json["items"]
    assert item == {
        "id": str(notice_id),
        "kind": "release.yanked",
        "severity": "warning",
        "title": "acme.echo 1.0.0 was withdrawn",
        "text": item["text"],
        "link": "/marketplace/acme.echo",
        "subject": {"type": "release", "id": "acme.echo@1.0.0"},
        "data": {"plugin": "acme.echo", "version": "1.0.0", "reason": "counts twice"},
        "count": 1,
        "created_at": item["created_at"],
        "last_at": item["created_at"],
        "read": False,
    }


async def test_notices_are_marked_read_one_by_one_and_all_at_once(
    deps: Deps, client: Client, acme: Tenant
) -> None:
    to, token = to_holders(acme.id, "plugin.install"), acme.tokens["Admin"]
    await tell(deps, yanked(to), blocked(to), asks_more(to))
    first = (await client.get("/api/notices?limit=1", token)).json["items"][0]
    answer = await client.post(f"/api/notices/{first['id']}/read", token)
    assert answer.json["read"] is True
    assert (await client.get("/api/notices?unread=true", token)).json["total"] == 2
    assert (await client.post("/api/notices/read", token)).json == {"marked": 2}
    assert (await client.get("/api/notices", token)).json["unread"] == 0
    missing = await client.post(f"/api/notices/{acme.id}/read", token)
    assert (missing.status, missing.json["type"]) == (404, "/problems/no-such-notice")


@pytest.mark.parametrize(
    "path", ["?kind=no.such", "?severity=loud", "?cursor=x", "?limit=0", "?limit=201", "?kind=" + "x" * 61]
)
async def test_a_malformed_question_is_422(client: Client, acme: Tenant, path: str) -> None:
    assert (await client.get(f"/api/notices{path}", acme.tokens["Admin"])).status == 422


async def test_without_a_token_there_are_no_notices(client: Client) -> None:
    for method, path in (
        ("GET", "/api/notices"), ("GET", "/api/notices/events"), ("GET", "/api/notices/preferences"),
        ("PUT", "/api/notices/preferences"), ("POST", "/api/notices/read"), ("GET", "/api/webhooks"),
        ("POST", "/api/webhooks"),
    ):  # fmt: skip
        body = {"preferences": {}} if method == "PUT" else {"name": "n", "url": "https://h.example/"}
        answer = await client.send(method, path, **({} if method == "GET" else {"json": body}))
        assert answer.status in (401, 422), path


async def test_preferences_are_kept_and_say_what_cannot_be_chosen(client: Client, acme: Tenant) -> None:
    token = acme.tokens["Admin"]
    chosen = {"preferences": {"release.yanked": {"mail": "daily", "product": "off"}}}
    answer = await client.send("PUT", "/api/notices/preferences", token, json=chosen)
    assert answer.status == 200
    shown = {item["kind"]: item["channels"] for item in answer.json["items"]}
    assert shown["release.yanked"]["mail"]["setting"] == "daily"
    assert shown["release.blocked"]["mail"]["locked"]
    assert (await client.get("/api/notices/preferences", token)).json == answer.json
    refused = {"preferences": {"release.blocked": {"mail": "off"}}}
    answer = await client.send("PUT", "/api/notices/preferences", token, json=refused)
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "/preferences/release.blocked/mail"
    other = await client.get("/api/notices/preferences", acme.tokens["Viewer"])
    assert {i["kind"]: i for i in other.json["items"]}["release.yanked"]["channels"]["mail"][
        "setting"
    ] == "immediate"


async def test_what_is_switched_off_in_the_product_is_not_shown(
    deps: Deps, client: Client, acme: Tenant
) -> None:
    token = acme.tokens["Admin"]
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    off = {"preferences": {"release.yanked": {"product": "off"}}}
    await client.send("PUT", "/api/notices/preferences", token, json=off)
    answer = await client.get("/api/notices", token)
    assert (answer.json["total"], answer.json["unread"]) == (0, 0)
    assert await service.count_unread(deps.works.database, acme.admin) == 0


async def test_a_follower_hears_of_a_new_notice(
    deps: Deps, client: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices_api, "QUIET_S", 0.2)
    headers = {"Authorization": f"Bearer {acme.tokens['Admin']}"}
    url = f"{client.url}/api/notices/events"
    async with client.session.get(url, headers=headers) as stream:
        assert await next_event(stream) == {"unread": 0, "latest": None}
        await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
        told = await next_event(stream)
    assert told["unread"] == 1
    assert told["latest"]["kind"] == "release.yanked"


async def test_a_webhook_is_made_read_changed_tested_and_deleted(
    deps: Deps, client: Client, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    token = acme.tokens["Admin"]
    body = {"name": "ops", "url": hooks.url(), "kinds": ["release.yanked"]}
    made = await client.post("/api/webhooks", token, json=body, headers={"Idempotency-Key": "k"})
    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret, path = made.json["secret"], f"/api/webhooks/{made.json['id']}"
    read = await client.get(path, token)
    assert "secret" not in read.json
    assert read.headers["ETag"] == made.headers["ETag"]
    assert secret not in (await client.get("/api/webhooks", token)).body.decode()

    hooks.plan = [status(500)]
    tested = await client.post(f"{path}/test", token)
    assert (tested.json["ok"], tested.json["status"]) == (False, 500)
    assert tested.json["problem"] == "answered 500"
    assert hooks.received[0].signed_by(secret)
    again = await client.post(f"{path}/test", token)
    assert again.status == 429
    assert again.headers["Retry-After"] == "2"
    watch.pass_(seconds=3)
    listed = await client.get(f"{path}/deliveries", token)
    assert [(d["state"], d["status"]) for d in listed.json["items"]] == [("failed", 500)]

    rotated = await client.post(f"{path}/secret", token, json={"overlap_hours": 0})
    assert rotated.json["secret"] != secret
    stale = await client.send("PATCH", path, token, json={"enabled": False}, headers={"If-Match": '"x"'})
    assert stale.status == 412
    changed = await client.send("PATCH", path, token, json={"enabled": False})
    assert changed.json["enabled"] is False
    assert (await client.send("DELETE", path, token)).status == 204
    assert (await client.get(path, token)).status == 404


async def test_a_secret_is_not_remembered_for_a_repeated_request(
    deps: Deps, client: Client, acme: Tenant, hooks: Hooks
) -> None:
    token, headers = acme.tokens["Admin"], {"Idempotency-Key": "same"}
    body = {"name": "ops", "url": hooks.url()}
    first = await client.post("/api/webhooks", token, json=body, headers=headers)
    second = await client.post("/api/webhooks", token, json=body, headers=headers)
    assert first.json["secret"] != second.json["secret"]
    async with deps.works.system("tests") as work:
        assert (await work.run(text("select count(*) from idempotency_keys"))).scalar_one() == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "ops", "url": "http://169.254.169.254/latest/"}, "/url"),
        ({"name": "ops", "url": "https://localhost/"}, "/url"),
        ({"name": "", "url": "https://h.example/"}, "/name"),
        ({"name": "ops", "url": "https://h.example/", "kinds": ["no.such"]}, "/kinds"),
        ({"name": "ops", "url": "https://h.example/" + "x" * 2000}, None),
        ({"name": "ops"}, None),
        ({"name": "ops", "url": "https://h.example/", "secret": "mine"}, None),
        ({"name": "ops", "url": 7}, None),
    ],
)
async def test_a_webhook_that_cannot_be_kept_is_422(
    client: Client, acme: Tenant, body: dict, pointer: str | None
) -> None:
    answer = await client.post("/api/webhooks", acme.tokens["Admin"], json=body)
    assert answer.status == 422
    if pointer:
        assert [e["pointer"] for e in answer.json["errors"]] == [pointer]


async def test_staff_keep_the_operators_webhooks_by_the_same_routes(
    deps: Deps, client: Client, acme: Tenant, hooks: Hooks
) -> None:
    _, operator = await make_staff(deps.works)
    made = await client.post("/api/webhooks", operator, json={"name": "ops", "url": hooks.url()})
    assert made.status == 201
    assert (await client.get("/api/webhooks", operator)).json["total"] == 1
    assert (await client.get("/api/webhooks", acme.tokens["Admin"])).json["total"] == 0
    refused = await client.post(
        "/api/webhooks", acme.tokens["Agent"], json={"name": "ops", "url": hooks.url()}
    )
    assert refused.status == 403


async def test_the_recipe_in_the_documents_verifies_a_real_request(
    deps: Deps, client: Client, acme: Tenant, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    recipe: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], recipe)  # noqa: S102 the document is under test
    token = acme.tokens["Admin"]
    made = (await client.post("/api/webhooks", token, json={"name": "ops", "url": hooks.url()})).json
    await client.post(f"/api/webhooks/{made['id']}/test", token)
    (got,) = hooks.received
    monkeypatch.setattr("time.time", lambda: watch.now.timestamp() + 10)
    assert recipe["genuine"](made["secret"], got.headers, got.body)
    assert not recipe["genuine"](made["secret"], got.headers, got.body + b" ")
    assert not recipe["genuine"](made["secret"], {**got.headers, "webhook-id": "other"}, got.body)
    monkeypatch.setattr("time.time", lambda: watch.now.timestamp() + 600)
    assert not recipe["genuine"](made["secret"], got.headers, got.body), "too old"


async def next_event(stream) -> dict:
    """The data of the next event that is no heartbeat."""
    async for line in stream.content:
        if line.startswith(b"data: "):
            data: dict = json.loads(line[6:])
            return data
    raise AssertionError("the stream ended")
