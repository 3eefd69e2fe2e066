"""Certification as callers have it: submit, decide, evidence, statement, policy, waivers."""

import json

from aei_inspection.certificates import verify_certificate
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.certification import service
from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_staff, make_tenant
from tests.certification.conftest import BAD, KEY, ScriptedScanner, dated, decide, scanned, set_policy
from tests.plugins import work_off
from tests.serving import Client

SUBMIT = "/api/plugins/acme.echo/certification"
STANDING = "/api/plugins/acme.echo/versions/1.0.0/certification"
REQUESTS = "/api/plugins/certification"


async def test_a_release_is_certified_through_the_api(
    client: Client, deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    _, token = await make_staff(deps.works, "Certifier")
    manager = acme.tokens["ProjectManager"]
    key = {"Idempotency-Key": "once"}
    asked = await client.post(SUBMIT, manager, json={"version": "1.0.0"}, headers=key)
    assert (asked.status, asked.json["state"], asked.json["checks"]) == (202, "submitted", [])
    repeated = await client.post(SUBMIT, manager, json={"version": "1.0.0"}, headers=key)
    assert (repeated.status, repeated.body) == (202, asked.body)
    assert (await client.post(SUBMIT, manager, json={"version": "1.0.0"})).status == 200
    one = f"{REQUESTS}/{asked.json['id']}"
    operation = await client.get(f"/api/operations/{asked.json['operation_id']}", manager)
    assert (operation.json["kind"], operation.json["state"]) == ("certification", "queued")
    assert await scan_next(deps)

    queue = await client.get(f"{REQUESTS}/queue", token)
    assert [(r["plugin_id"], r["outcome"]) for r in queue.json["items"]] == [("acme.echo", "pass")]
    report = (await client.get(one, token)).json
    assert {"id", "plugin_id", "version", "state", "policy", "checks", "decision", "expires_at"} <= set(
        report
    )
    assert {"id", "version", "result", "findings", "duration_ms"} <= set(report["checks"][0])
    hidden = await client.get(STANDING)
    assert (hidden.status, hidden.json["certified"], hidden.json["certification"]) == (200, False, None)
    assert (await client.get(f"{STANDING}?format=statement")).status == 404
    assert (await client.get(f"{STANDING}?format=sarif")).status == 404

    for body in ({}, {"decision": "perhaps", "reason": "x"}, {"decision": "approve", "reason": ""}):
        assert (await client.send("PATCH", one, token, json=body)).status == 422
    decision = {"decision": "approve", "reason": "nothing stands against it"}
    assert (await client.send("PATCH", one, acme.tokens["Admin"], json=decision)).status == 403
    assert (await client.send("PATCH", one, json=decision)).status == 401
    approved = await client.send("PATCH", one, token, json=decision)
    assert (approved.status, approved.json["state"]) == (200, "approved")
    late = await client.send("PATCH", one, token, json=decision)
    assert (late.status, late.json["state"]) == (409, "approved")

    await sign_badges(deps.works, KEY)
    await work_off(deps)
    shown = (await client.get(STANDING)).json
    assert (shown["certified"], shown["statement"]) == (True, True)
    assert shown["certification"]["decision"]["by"] == "certifier", "who it was is for staff"
    assert "does no harm" in shown["meaning"]
    globex = (await make_tenant(deps.works, "globex")).tokens["Viewer"]
    for answer in (shown["certification"], (await client.get(one, globex)).json):
        private = (
            answer["decision"]["reason"],
            *(answer[name] for name in ("problem", "case_id", "operation_id")),
        )
        assert private == (None, None, None, None), "what Certifier and publisher write is for them"
    assert (await client.get(one, manager)).json["decision"]["reason"] == decision["reason"]
    page = f"/marketplace/certification/requests/{asked.json['id']}"
    assert decision["reason"] not in (await client.get(page)).body.decode()
    await dated(urls)
    renewal = await client.post(SUBMIT, manager, json={"version": "1.0.0"})
    assert renewal.status == 202
    for reader in (manager, token):
        standing = (await client.get(STANDING, reader)).json
        assert (standing["certification"]["state"], standing["statement"]) == ("submitted", True)
        same = (await client.get(f"{STANDING}?format=statement", reader)).body
        assert same == (await client.get(f"{STANDING}?format=statement")).body
    statement = await client.get(f"{STANDING}?format=statement")
    assert (
        verify_certificate(statement.body, shown["sha256"], [KEY.public], deps.works.clock()).id
        == report["id"]
    )
    keys = await client.get(f"{REQUESTS}/keys")
    assert [each["pem"] for each in keys.json["items"]] == [KEY.public.pem().decode()]
    sarif = json.loads((await client.get(f"{STANDING}?format=sarif")).body)
    assert sarif["version"] == "2.1.0"
    listing = await client.get("/api/plugins/acme.echo")
    assert listing.json["certified"] is True
    for certified, total in (("true", 1), ("false", 0)):
        assert (await client.get(f"/api/plugins?certified={certified}")).json["total"] == total
    release = await client.get("/api/plugins/acme.echo/versions/1.0.0")
    assert release.json["certification"]["state"] == "certified"
    assert "certified: yes" in (await client.get("/badges/acme.echo/certified.svg")).body.decode()


async def test_a_badge_with_an_exception_shows_everybody_the_verdict_that_it_was_given_on(
    client: Client,
    deps: Deps,
    acme: Tenant,
    certifier: Actor,
    operator: Actor,
    scanner: ScriptedScanner,
) -> None:
    scanner.failed = {"permissions": BAD}
    request = await scanned(deps, acme.manager)
    async with deps.works.begin(certifier) as work:
        waiver = await service.waive(work, "acme.echo", "permissions", "overreach", "", "known to us", 10)
    await decide(deps, certifier, request)
    async with deps.works.begin(certifier) as work:
        await service.revoke_waiver(work, waiver.id)
    await sign_badges(deps.works, KEY)
    await work_off(deps)
    await set_policy(deps, operator, tolerated={"info": 0})
    for token in (None, acme.tokens["ProjectManager"]):
        shown = (await client.get(STANDING, token)).json["certification"]
        found = [f for c in shown["checks"] if c["id"] == "permissions" for f in c["findings"]]
        assert (shown["outcome"], shown["verdict"]) == ("pass", {"outcome": "pass", "objections": []})
        assert [each["waived"] for each in found] == [True]
    page = (await client.get(f"/marketplace/certification/requests/{request.id}")).body.decode()
    assert ("Every check that has to pass has passed" in page, "cannot be approved" in page) == (True, False)
    assert "Waived" in page
    statement = await client.get(f"{STANDING}?format=statement")
    said = verify_certificate(statement.body, request.digest, [KEY.public], deps.works.clock())
    assert {c["id"]: c["waived"] for c in said.checks}["permissions"] == 1


async def test_policies_and_waivers_are_changed_by_those_who_may(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    _, token = await make_staff(deps.works, "Certifier")
    _, operator = await make_staff(deps.works, "Operator")
    place = f"{REQUESTS}/policy"
    present = (await client.get(place)).json
    assert present["number"] == 1
    assert (await client.send("PUT", place, token, json={})).status == 403
    assert (
        await client.send("PUT", place, operator, json={"required": ["magic"], "tolerated": {}})
    ).status == 422
    terms = {name: said for name, said in present.items() if name not in ("number", "digest")}
    changed = await client.send("PUT", place, operator, json={**terms, "decision": "two"})
    assert (changed.status, changed.json["number"]) == (200, 2)
    assert (await client.get(place)).json == changed.json
    late = await client.send("PUT", place, operator, json={**terms, "number": 1})
    assert (late.status, "2 is in force" in late.json["detail"]) == (409, True)
    assert (await client.send("PUT", place, operator, json={**terms, "number": "2"})).status == 422
    changed = await client.send("PUT", place, operator, json={**terms, "number": 2})
    assert (changed.status, changed.json["number"]) == (200, 3)
    waiver = {"check": "network", "rule": "undeclared-host", "reason": "a documentation host", "days": 30}
    waivers = "/api/plugins/acme.echo/certification/waivers"
    assert (await client.post(waivers, acme.tokens["Admin"], json=waiver)).status == 403
    assert (await client.post(waivers, token, json={**waiver, "days": 400})).status == 422
    assert (await client.post(waivers, token, json={**waiver, "check": "magic"})).status == 422
    made = await client.post(waivers, token, json=waiver)
    assert made.status == 201
    seen = await client.get(waivers, acme.tokens["ProjectManager"])
    assert [w["reason"] for w in seen.json["items"]] == ["a documentation host"]
    gone = f"{REQUESTS}/waivers/{made.json['id']}"
    assert (await client.send("DELETE", gone, token)).status == 204
    assert (await client.send("DELETE", gone, token)).status == 404


async def test_what_a_scan_found_is_read_by_its_publisher_and_by_nobody_else(
    client: Client, deps: Deps, acme: Tenant, scanner: ScriptedScanner
) -> None:
    scanner.failed = {"permissions": BAD}
    manager = acme.tokens["ProjectManager"]
    asked = await client.post(SUBMIT, manager, json={"version": "1.0.0"})
    await scan_next(deps)
    report = (await client.get(f"{REQUESTS}/{asked.json['id']}", manager)).json
    assert report["verdict"]["outcome"] == "fail"
    found = [f for c in report["checks"] if c["id"] == "permissions" for f in c["findings"]]
    assert [(f["rule"], f["waived"]) for f in found] == [("overreach", False)]
    assert (await client.get(f"{REQUESTS}/{asked.json['id']}")).status == 401
    sarif = json.loads((await client.get(f"{STANDING}?format=sarif", manager)).body)
    assert "permissions/overreach" in {r["ruleId"] for r in sarif["runs"][0]["results"]}
    assert (await client.get(STANDING)).json["certification"] is None
    for path in ("queue?state=none", "queue?cursor=x"):
        assert (await client.get(f"{REQUESTS}/{path}", manager)).status == 422
