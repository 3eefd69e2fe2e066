"""Reports and removals over HTTP, by the whole application."""

from typing import Any

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.publishing import publish_listed
from tests.reports.conftest import states
from tests.serving import Client

BODY = {"plugin_id": "acme.echo", "kind": "malicious", "text": "it sends the secrets away"}


async def token(deps: Deps, actor: Actor) -> str:
    async with deps.works.system("tests") as work:
        issued = await accounts.issue_token(work, name="test", owner=actor.id)
    return issued.secret or ""


async def test_a_report_is_answered_listed_and_decided(
    client: Client, deps: Deps, echo: None, globex: Tenant, acme: Tenant, moderator: Actor
) -> None:
    staff = await token(deps, moderator)
    filed = await client.post("/api/reports", globex.tokens["Viewer"], json={**BODY, "version": "1.1.0"})
    assert filed.status == 201
    assert (filed.json["state"], filed.json["quarantines"]) == ("open", False)
    assert filed.headers["Location"] == f"/api/reports/{filed.json['id']}"
    [listed] = (await client.get("/api/reports?open=true&plugin=acme.echo", staff)).json["items"]
    assert listed["reporter"] == {
        "id": str(globex.viewer.id), "tenant": str(globex.id), "upheld": 0, "dismissed": 0, "weight": 100,
    }  # fmt: skip
    case = f"/api/decisions/{filed.json['case_id']}"
    body = {"verdict": "quarantine", "reason": "it does"}
    assert (await client.post(f"{case}/decide", staff, json=body)).status == 200
    mine = await client.get(filed.headers["Location"], globex.tokens["Viewer"])
    assert mine.json["state"] == "upheld"
    assert "reporter" not in mine.json
    assert (await states(deps, acme.viewer)) == ["listed", "quarantined"]
    assert (await client.get(case, globex.tokens["Viewer"])).json["verdict"] == "quarantine"
    assert (await client.get(case, acme.tokens["Viewer"])).json["appeal"]["possible"] is True


async def test_a_trusted_word_quarantines_within_the_request_and_installing_is_refused(
    client: Client, deps: Deps, echo: None, trusted: Tenant
) -> None:
    filed = await client.post("/api/reports", trusted.tokens["Agent"], json=BODY)
    assert filed.json["quarantines"] is True
    refused = await client.post("/api/plugins/acme.echo/install", trusted.tokens["Admin"], json={})
    assert refused.status == 404  # nothing is offered any more
    exact = {"version": "1.0.0"}
    refused = await client.post("/api/plugins/acme.echo/install", trusted.tokens["Admin"], json=exact)
    assert (refused.status, refused.json["type"]) == (409, "/problems/not-admitted")


async def test_staff_keep_the_list_of_trusted_reporters_by_http(
    client: Client, deps: Deps, globex: Tenant, operator: Actor
) -> None:
    staff = await token(deps, operator)
    made = await client.post("/api/reports/trusted", staff, json={"tenant": "globex", "note": "good scanner"})
    assert (made.status, made.json["tenant_id"]) == (201, str(globex.id))
    assert (await client.get("/api/reports/trusted", staff)).json["total"] == 1
    entry = f"/api/reports/trusted/{made.json['id']}"
    assert (await client.send("DELETE", entry, globex.tokens["Admin"])).status == 403
    assert (await client.send("DELETE", entry, staff)).status == 204
    assert (await client.send("DELETE", entry, staff)).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "rude"},
        {"text": ""},
        {"text": "x" * 4001},
        {"text": "\u202e"},
        {"version": ""},
        {"reporter": "somebody else"},
    ],
)
async def test_a_malformed_report_is_refused(
    client: Client, echo: None, globex: Tenant, change: dict[str, Any]
) -> None:
    answer = await client.post("/api/reports", globex.tokens["Viewer"], json={**BODY, **change})
    assert answer.status == 422
    assert answer.json["errors"]


async def test_private_and_absent_plugins_are_refused_in_the_same_words(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    answers = [
        await client.post("/api/reports", globex.tokens["Viewer"], json={**BODY, "plugin_id": name})
        for name in ("acme.secret", "acme.absent", "not an id")
    ]
    assert [a.status for a in answers] == [404, 404, 404]
    assert {a.json["type"] for a in answers} == {"/problems/plugin-not-found"}


async def test_a_second_report_is_a_conflict_and_a_visitor_signs_in_first(
    client: Client, echo: None, globex: Tenant
) -> None:
    assert (await client.post("/api/reports", json=BODY)).status == 401
    assert (await client.post("/api/reports", globex.tokens["Viewer"], json=BODY)).status == 201
    again = await client.post("/api/reports", globex.tokens["Viewer"], json=BODY)
    assert (again.status, again.json["type"]) == (409, "/problems/already-reported")


async def test_the_list_of_removals_is_public_and_gives_reasons(
    client: Client, deps: Deps, echo: None, operator: Actor
) -> None:
    staff = await token(deps, operator)
    body = {"state": "removed", "reason": "it sent secrets away"}
    moved = await client.send("PATCH", "/api/plugins/acme.echo/versions/1.0.0", staff, json=body)
    assert moved.status == 200, moved.json
    answer = await client.get("/api/removals")
    [entry] = answer.json["items"]
    assert (entry["plugin_id"], entry["version"], entry["state"], entry["reason"]) == (
        "acme.echo", "1.0.0", "removed", "it sent secrets away",
    )  # fmt: skip


async def test_another_tenants_report_is_not_found(
    client: Client, echo: None, acme: Tenant, globex: Tenant
) -> None:
    filed = await client.post("/api/reports", globex.tokens["Viewer"], json=BODY)
    path = f"/api/reports/{filed.json['id']}"
    assert (await client.get(path, acme.tokens["Admin"])).status == 404
    assert (await client.get("/api/reports", acme.tokens["Admin"])).json["total"] == 0
