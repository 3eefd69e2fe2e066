"""The catalogue's routes."""

import asyncio
import hashlib
from typing import Any

import aiohttp
import pytest

from aei_inspection.archive import MAX_ARCHIVE
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.catalog.conftest import JudgingSandbox
from tests.packages import make_package
from tests.publishing import publish, publish_listed
from tests.serving import Answer, Client


def form(package: bytes | None = None, **fields: Any) -> aiohttp.FormData:
    """A publish form; fields that are bytes are sent as files."""
    data = aiohttp.FormData()
    if package is not None:
        data.add_field("package", package, filename="p.aeiplugin", content_type="application/zip")
    for name, value in fields.items():
        rest = {"filename": name} if isinstance(value, bytes) else {}
        data.add_field(name, value, **rest)
    return data


async def send(client: Client, tenant: Tenant, data: aiohttp.FormData, **rest: Any) -> Answer:
    rest.setdefault("headers", {"Prefer": "respond-async"})
    return await client.post(
        rest.pop("path", "/api/plugins"), tenant.tokens["ProjectManager"], data=data, **rest
    )


async def test_a_publish_waits_until_the_release_is_listed(
    client: Client, acme: Tenant, processing: None
) -> None:
    package = make_package()
    answer = await send(client, acme, form(package), headers={})
    assert answer.status == 201
    assert answer.headers["Location"] == "/api/plugins/acme.echo/versions/1.0.0"
    assert answer.json["state"] == "listed"
    assert answer.json["sha256"] == hashlib.sha256(package).hexdigest()
    wanted = {
        "plugin_id",
        "version",
        "state",
        "sha256",
        "size_bytes",
        "published_at",
        "publisher",
        "manifest",
    }
    assert wanted | {"certification", "log_index"} <= set(answer.json)


async def test_a_held_release_is_answered_with_its_reason(
    client: Client, acme: Tenant, sandbox: JudgingSandbox, processing: None
) -> None:
    sandbox.verdicts = ["overreach"]
    answer = await send(client, acme, form(make_package()), headers={})
    assert (answer.status, answer.json["state"]) == (201, "held")
    assert "imports more" in answer.json["state_reason"]


async def test_who_prefers_not_to_wait_is_answered_at_once(client: Client, acme: Tenant) -> None:
    answer = await send(client, acme, form(make_package()))
    assert (answer.status, answer.json["state"]) == (201, "processing")
    assert answer.headers["Preference-Applied"] == "respond-async"


async def test_who_prefers_to_wait_a_second_waits_no_longer(client: Client, acme: Tenant) -> None:
    answer = await send(client, acme, form(make_package()), headers={"Prefer": "wait=1"})
    assert (answer.status, answer.json["state"]) == (201, "processing")
    assert answer.headers["Preference-Applied"] == "wait=1"


async def test_two_publishes_of_one_version_at_once_are_answered_201_and_409(
    client: Client, acme: Tenant
) -> None:
    forms = [form(make_package({"description": f"attempt {n}"})) for n in range(2)]
    answers = await asyncio.gather(*(send(client, acme, data) for data in forms))
    assert sorted(answer.status for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status == 409)
    assert refused.json["type"] == "/problems/version-taken"
    versions = await client.get("/api/plugins/acme.echo/versions", acme.tokens["Viewer"])
    assert versions.json["total"] == 1


async def test_every_problem_of_a_package_is_answered_with_its_pointer(client: Client, acme: Tenant) -> None:
    answer = await send(client, acme, form(make_package({"version": "one", "kind": "robot"})))
    assert answer.status == 422
    assert answer.json["type"] == "/problems/package-refused"
    assert {"/version", "/kind"} <= {error["pointer"] for error in answer.json["errors"]}
    assert all(error["message"] and error["code"] for error in answer.json["errors"])


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (form(), "Content-Type"),
        (form(signature=b"alone"), "/package"),
        (form(b"not a zip"), "archive:/"),
        (form(make_package(), visibility="secret"), "/visibility"),
        (form(make_package(), visibility="private", audience="nobody"), "/audience"),
        (form(make_package(), visibility="public", audience="globex"), "/audience"),
        (form(make_package(), surprise="x"), "/surprise"),
        (form(make_package(), visibility=b"public"), "/visibility"),
        (form(make_package(), signature=b"s" * 65_537), "/signature"),
    ],
)
async def test_a_form_that_is_not_right_is_answered_with_what_is_wrong(
    client: Client, acme: Tenant, data: aiohttp.FormData, pointer: str
) -> None:
    answer = await send(client, acme, data)
    assert answer.status == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"rubbish", "multipart/form-data"),
        (b"rubbish", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data; name=package; filename=a\r\n\r\nabc",
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_a_body_that_is_no_form_is_refused(
    client: Client, acme: Tenant, body: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    answer = await client.post("/api/plugins", acme.tokens["Admin"], data=body, headers=headers)
    assert answer.status == 422


async def test_a_package_beyond_the_limit_is_refused_and_not_kept(client: Client, acme: Tenant) -> None:
    answer = await send(client, acme, form(b"\0" * (MAX_ARCHIVE + 1)))
    assert answer.status == 413
    assert answer.json["type"] == "/problems/package-too-large"


async def test_a_body_that_announces_no_length_is_read_no_further_than_the_limit(
    client: Client, acme: Tenant
) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        head = b'--x\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n\r\n'
        yield head
        while sent < 4 * MAX_ARCHIVE:
            sent += 1 << 20
            yield b"\0" * (1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = await client.post("/api/plugins", acme.tokens["Admin"], data=endless(), headers=headers)
        assert answer.status == 413
    except aiohttp.ClientConnectionError:
        pass  # the server closed the connection while the client was still sending
    assert sent < 2 * MAX_ARCHIVE


async def test_nobody_publishes_without_a_token_or_without_the_right(client: Client, acme: Tenant) -> None:
    assert (await client.post("/api/plugins", data=form(make_package()))).status == 401
    answer = await client.post("/api/plugins", acme.tokens["Agent"], data=form(make_package()))
    assert answer.status == 403
    assert "plugin.publish" in answer.json["detail"]


async def test_a_foreign_namespace_is_answered_403_with_advice(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    answer = await send(client, globex, form(make_package({"id": "acme.mine"})))
    assert (answer.status, answer.json["type"]) == (403, "/problems/namespace-foreign")
    assert "a namespace of your own" in answer.json["detail"]


async def test_a_further_release_is_published_at_the_plugins_own_address(
    client: Client, acme: Tenant
) -> None:
    path = "/api/plugins/acme.echo/versions"
    assert (await send(client, acme, form(make_package()), path=path)).status == 201
    wrong = await send(client, acme, form(make_package({"id": "acme.other"})), path=path)
    assert (wrong.status, wrong.json["type"]) == (422, "/problems/wrong-plugin")
    malformed = await send(client, acme, form(make_package()), path="/api/plugins/ACME/versions")
    assert malformed.status == 404


async def test_a_publish_sent_twice_with_one_key_happens_once(client: Client, acme: Tenant) -> None:
    boundary = b'--x\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n\r\n'
    body = boundary + make_package() + b"\r\n--x--\r\n"
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Idempotency-Key": "once",
        "Prefer": "respond-async",
    }
    first, second = [
        await client.post("/api/plugins", acme.tokens["Admin"], data=body, headers=headers) for _ in range(2)
    ]
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json


async def test_the_downloaded_package_is_the_published_one(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    package = make_package(files={"source/data.bin": bytes(range(256)) * 20_000})
    await publish_listed(deps, acme.manager, package=package)
    path = "/api/plugins/acme.echo/versions/1.0.0/package"
    answer = await client.get(path)
    assert (answer.status, answer.body) == (200, package)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(package).hexdigest()}"'
    assert answer.headers["Content-Disposition"] == 'attachment; filename="acme.echo-1.0.0.aeiplugin"'
    again = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_a_package_missing_from_the_store_is_an_honest_failure(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    release = await publish_listed(deps, acme.manager)
    await deps.blobs.delete(release.package_sha256)
    answer = await client.get("/api/plugins/acme.echo/versions/1.0.0/package")
    assert answer.status == 503
    assert "missing from the object store" in answer.json["detail"]


@pytest.mark.parametrize(("state", "status"), [("quarantined", 409), ("blocked", 409), ("removed", 410)])
async def test_the_package_of_a_stopped_release_is_not_given_out(
    client: Client, deps: Deps, acme: Tenant, operator: tuple, state: str, status: int
) -> None:
    await publish_listed(deps, acme.manager)
    body = {"state": state, "reason": "steals keys"}
    changed = await client.send("PATCH", "/api/plugins/acme.echo/versions/1.0.0", operator[1], json=body)
    assert (changed.status, changed.json["state"]) == (200, state)
    answer = await client.get("/api/plugins/acme.echo/versions/1.0.0/package", acme.tokens["Admin"])
    assert answer.status == status
    assert "steals keys" in answer.json["detail"]


async def test_a_plugin_has_the_shape_that_callers_rely_on(client: Client, deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager, {"examples": [{"title": "Hi", "input": {"a": 1}}]})
    answer = await client.get("/api/plugins/acme.echo")
    assert answer.status == 200
    expected = {
        "id": "acme.echo",
        "name": "Echo",
        "description": "Answers every task with the same words",
        "publisher": {"name": "Acme", "verified": False},
        "kind": "tool",
        "categories": ["testing"],
        "latest": {"version": "1.0.0", "state": "listed", "channel": "stable"},
        "permissions": {},
        "limits": {},
        "examples": [{"title": "Hi", "input": {"a": 1}}],
        "input_schema": {},
        "pricing": {"model": "free"},
        "compatibility": {"aei": ">=1.0.0 <3.0.0"},
        "rating": {"average": None, "count": 0},
        "installs": 0,
        "certified": False,
        "health": None,
        "visibility": "public",
    }
    assert {key: answer.json[key] for key in expected} == expected
    assert answer.json["readme"].startswith("# Echo")


async def test_a_reader_who_has_the_present_state_is_told_so(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    for path in ("/api/plugins/acme.echo", "/api/plugins/acme.echo/versions/1.0.0"):
        first = await client.get(path)
        assert (await client.get(path, headers={"If-None-Match": first.headers["ETag"]})).status == 304
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status == 200


async def test_a_change_on_what_was_last_seen_is_refused_when_it_has_changed(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    path, token = "/api/plugins/acme.echo/versions/1.0.0", acme.tokens["Admin"]
    seen = {"If-Match": (await client.get(path)).headers["ETag"]}
    body = {"state": "deprecated", "reason": "use another"}
    first = await client.send("PATCH", path, token, json=body, headers=seen)
    assert (first.status, first.json["state_reason"]) == (200, "use another")
    second = await client.send("PATCH", path, token, json={"state": "yanked", "reason": "old"}, headers=seen)
    assert (second.status, second.json["type"]) == (412, "/problems/release-changed")
    fresh = {"If-Match": first.headers["ETag"]}
    assert (
        await client.send("PATCH", path, token, json={"state": "yanked", "reason": "old"}, headers=fresh)
    ).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "famous"},
        {"state": "yanked", "more": 1},
        {"state": "yanked", "reason": "x" * 2001},
        [],
        None,
    ],
)
async def test_a_malformed_change_is_refused(client: Client, deps: Deps, acme: Tenant, body: Any) -> None:
    await publish_listed(deps, acme.manager)
    path = "/api/plugins/acme.echo/versions/1.0.0"
    assert (await client.send("PATCH", path, acme.tokens["Admin"], json=body)).status == 422


async def test_a_change_that_the_machine_forbids_says_what_is_possible(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    await publish(deps, acme.manager)
    path = "/api/plugins/acme.echo/versions/1.0.0"
    answer = await client.send("PATCH", path, acme.tokens["Admin"], json={"state": "yanked"})
    assert (answer.status, answer.json["type"]) == (409, "/problems/state-change-refused")


async def test_a_change_needs_a_token_and_ones_own_plugin(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    path, body = "/api/plugins/acme.echo/versions/1.0.0", {"state": "yanked", "reason": "x"}
    assert (await client.send("PATCH", path, json=body)).status == 401
    assert (await client.send("PATCH", path, acme.tokens["Viewer"], json=body)).status == 403
    assert (await client.send("PATCH", path, globex.tokens["Admin"], json=body)).status == 403


async def test_a_private_plugin_and_a_missing_one_are_answered_alike_on_every_route(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    for token in (globex.tokens["Admin"], None):
        for tail in ("", "/versions", "/versions/1.0.0", "/versions/1.0.0/package"):
            answers = [
                await client.get(f"/api/plugins/acme.{name}{tail}", token) for name in ("secret", "absent")
            ]
            hidden, missing = (_without(answer, ("secret", "absent")) for answer in answers)
            assert hidden == missing
            assert answers[0].status == 404
    for name in ("secret", "absent"):
        path = f"/api/plugins/acme.{name}/versions/1.0.0"
        answer = await client.send(
            "PATCH", path, globex.tokens["Admin"], json={"state": "yanked", "reason": "x"}
        )
        assert answer.status == 404
    found = await client.get("/api/plugins?facets=1", globex.tokens["Admin"])
    assert (found.json["items"], found.json["total"]) == ([], 0)
    assert not any(found.json["facets"].values())


def _without(answer: Answer, names: tuple[str, ...]) -> dict[str, Any]:
    told = {key: value for key, value in answer.json.items() if key != "trace_id"}
    for name in names:
        told["detail"] = told["detail"].replace(name, "NAME")
    return told


@pytest.mark.parametrize(
    "plugin_id", ["ACME.echo", "acme", "a.b.c", "%00.x", "acme.echo%0a", "x" * 300, "..%2f..", "é.x"]
)
async def test_a_malformed_plugin_id_is_simply_not_found(
    client: Client, acme: Tenant, plugin_id: str
) -> None:
    for tail in ("", "/versions", "/versions/1.0.0", "/versions/%00", "/versions/1.0.0/package"):
        answer = await client.get(f"/api/plugins/{plugin_id}{tail}", acme.tokens["Viewer"])
        assert answer.status == 404


async def test_releases_are_listed_in_pages_highest_first(client: Client, deps: Deps, acme: Tenant) -> None:
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1"):
        await publish_listed(deps, acme.manager, {"version": version})
    first = await client.get("/api/plugins/acme.echo/versions?limit=2")
    assert [item["version"] for item in first.json["items"]] == ["2.0.0-rc.1", "1.10.0"]
    assert first.json["total"] == 3
    rest = await client.get(f"/api/plugins/acme.echo/versions?limit=2&cursor={first.json['next_cursor']}")
    assert [item["version"] for item in rest.json["items"]] == ["1.9.0"]
    assert rest.json["next_cursor"] is None


async def test_search_answers_items_facets_and_total(client: Client, deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager)
    answer = await client.get("/api/plugins?q=echo&facets=1")
    assert answer.status == 200
    assert [item["id"] for item in answer.json["items"]] == ["acme.echo"]
    assert answer.json["facets"]["category"] == {"testing": 1}
    assert "facets" not in (await client.get("/api/plugins?q=echo")).json


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "x" * 201,
        "q=%00",
        "kind=robot",
        "price=cheap",
        "permission=root",
        "compatible_with=two",
        "sort=magic",
        "limit=0",
        "limit=201",
        "cursor=%21",
        "cursor=WzFd",
        "certified=maybe",
    ],
)
async def test_a_search_that_cannot_be_answered_is_refused_with_its_parameter(
    client: Client, query: str
) -> None:
    answer = await client.get(f"/api/plugins?{query}")
    assert answer.status == 422
    assert answer.json["errors"]


async def test_a_token_that_is_not_valid_is_refused_even_where_none_is_needed(client: Client) -> None:
    assert (await client.get("/api/plugins", "aei_" + "x" * 43)).status == 401
