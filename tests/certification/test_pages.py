"""The queue, a report and its decision, on pages; and what a listing says of a badge."""

from datetime import timedelta

from aei_inspection.checks.report import Component
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.certification.pages.policies import filled_with
from aei_marketplace.certification.rules.builtin import BUILT_IN
from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_staff, make_tenant
from tests.certification.conftest import (
    BAD,
    KEY,
    ScriptedScanner,
    actions,
    certified,
    decide,
    look,
    scanned,
    submit,
)
from tests.installations.test_pages import browser_of
from tests.plugins import publish, work_off
from tests.serving import Client

QUEUE = "/marketplace/certification"
POLICIES, WAIVERS = f"{QUEUE}/policies", f"{QUEUE}/waivers"


async def test_a_certifier_reads_a_report_and_decides_on_pages(
    client: Client, deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner
) -> None:
    staff, publisher = await browser_of(client, deps, certifier), await browser_of(client, deps, acme.manager)
    assert b"Nothing waits" in (await staff.open(QUEUE)).body
    request = (await submit(deps, acme.manager)).request
    place = f"{QUEUE}/requests/{request.id}"
    assert b"There is no report yet" in (await staff.open(place)).body
    assert (await staff.send(place, {"decision": "approve", "reason": "good"})).status == 409
    scanner.failed = {"permissions": BAD}
    assert await scan_next(deps)

    queue = (await staff.open(QUEUE)).body.decode()
    assert "acme.echo 1.0.0" in queue
    assert place in queue
    report = (await staff.open(place)).body.decode()
    assert report.index("It cannot be approved as it is") < report.index("It asks for the network")
    assert "permissions/overreach" in report
    assert "Declare it." in report
    async with deps.works.begin(certifier) as work:
        case = await decisions.find_case(work, (await look(deps, certifier, request)).case_id)
    assert "It asks for the network" in (await staff.open(f"/decisions/{case.id}")).body.decode()

    refused = await staff.send(place, {"decision": "approve", "reason": "good"})
    assert (refused.status, "The check permissions failed" in refused.body.decode()) == (409, True)
    assert (await staff.send(place, {"decision": "deny", "reason": ""})).status == 422
    assert (await publisher.send(place, {"decision": "approve", "reason": "mine"})).status == 403
    denied = await staff.send(place, {"decision": "deny", "reason": "Declare <b>the host</b>."})
    assert (denied.status, denied.headers["Location"]) == (303, QUEUE)
    told = (await publisher.open(place)).body.decode()
    assert "Declare &lt;b&gt;the host&lt;/b&gt;." in told
    assert 'name="decision"' not in told
    assert "acme.echo 1.0.0" in (await publisher.open(f"{QUEUE}?state=denied")).body.decode()
    globex = await make_tenant(deps.works, "globex")
    assert (await (await browser_of(client, deps, globex.admin)).open(place)).status == 404


async def test_a_listing_says_whether_it_is_certified_and_leads_to_what_was_checked(
    client: Client, deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    before = (await client.get("/marketplace/acme.echo?tab=proof")).body.decode()
    assert "is not certified: nobody but its publisher has checked it" in before
    request = await decide(deps, certifier, await scanned(deps, acme.manager))
    await sign_badges(deps.works, KEY)
    await work_off(deps)
    after = (await client.get("/marketplace/acme.echo?tab=proof")).body.decode()
    assert "aei verify acme.echo --version 1.0.0" in after
    assert f"{QUEUE}/requests/{request.id}" in after
    seen = await client.get(f"{QUEUE}/requests/{request.id}")
    assert (seen.status, "Every check that has to pass has passed" in seen.body.decode()) == (200, True)


async def test_staff_make_the_next_policy_after_they_have_seen_what_it_changes(
    client: Client, deps: Deps, certifier: Actor, operator: Actor, urls: DatabaseUrls
) -> None:
    reader, maker = await browser_of(client, deps, certifier), await browser_of(client, deps, operator)
    assert (await reader.open(f"{POLICIES}/next")).status == 403
    assert (await reader.send(f"{POLICIES}/next", {"step": "save"})).status == 403
    assert (await maker.open(f"{POLICIES}/7")).status == 404
    form = {name: list(said) for name, said in filled_with(BUILT_IN.terms).values.items()}
    form |= {"decision": ["two"], "tolerated_low": ["9"], "tolerated_high": [""], "seen": ["1"]}
    form["required"].append("sbom")
    shown = await maker.send(f"{POLICIES}/next", {**form, "step": ["preview"]})
    said = shown.body.decode()
    assert shown.status == 200
    assert "This changes 5 things" in said
    assert "Findings tolerated: high" in said
    wrong = await maker.send(f"{POLICIES}/next", {**form, "valid_days": ["many"], "step": ["preview"]})
    assert (wrong.status, "a whole number" in wrong.body.decode()) == (422, True)
    unknown = await maker.send(f"{POLICIES}/next", {**form, "required": ["magic"], "step": ["save"]})
    assert (unknown.status, "there is no check &#39;magic&#39;" in unknown.body.decode()) == (422, True)
    assert (await maker.send(f"{POLICIES}/next", {**form, "step": ["save"]})).headers["Location"] == POLICIES
    late = await maker.send(f"{POLICIES}/next", {**form, "decision": ["one"], "step": ["save"]})
    assert (late.status, "Somebody else has changed the policy" in late.body.decode()) == (409, True)
    listed = (await reader.open(POLICIES)).body.decode()
    assert listed.index("Policy 2") < listed.index("Two Certifiers") < listed.index("Policy 1")
    assert "In force now" in (await reader.open(f"{POLICIES}/2")).body.decode()
    assert "in force no more" in (await reader.open(f"{POLICIES}/1")).body.decode()
    items = (await client.get("/api/plugins/certification/policies")).json["items"]
    assert [(each["number"], each["in_force"], each["since"] is None) for each in items] == [
        (2, True, False), (1, False, True),
    ]  # fmt: skip
    one = (await client.get("/api/plugins/certification/policies/2")).json
    assert (one["decision"], one["tolerated"]) == ("two", {"critical": 0, "low": 9})
    assert (await client.get("/api/plugins/certification/policies/3")).status == 404


async def test_a_certifier_excepts_a_finding_until_a_day_and_ends_the_exception(
    client: Client, deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner, urls: DatabaseUrls
) -> None:
    staff, publisher = await browser_of(client, deps, certifier), await browser_of(client, deps, acme.manager)
    scanner.failed = {"permissions": BAD}
    request = await scanned(deps, acme.manager)
    place = f"{QUEUE}/requests/{request.id}"
    waive = f"{place}/waive"
    link = f"{waive}?check=permissions&amp;rule=overreach&amp;place=plugin.wasm"
    assert link in (await staff.open(place)).body.decode()
    assert link not in (await publisher.open(place)).body.decode()
    assert (await publisher.open(waive)).status == 403
    wanted = {"check": "permissions", "rule": "overreach", "place": "plugin.wasm", "where": "there"}
    today = deps.works.clock().date()
    sent = {**wanted, "reason": "It never runs.", "until": (today + timedelta(days=30)).isoformat()}
    for change, words in (
        ({"until": (today - timedelta(days=1)).isoformat()}, "still to come"),
        ({"until": today.isoformat()}, "still to come"),
        ({"until": "soon"}, "a day, as"),
        ({"until": (today + timedelta(days=400)).isoformat()}, "1 to 366"),
        ({"check": "magic"}, "the id of a check"),
        ({"reason": " "}, "reason"),
    ):
        refused = await staff.send(waive, {**sent, **change})
        assert (refused.status, words in refused.body.decode()) == (422, True), change
    assert (await publisher.send(waive, sent)).status == 403
    assert (await staff.send(waive, sent)).headers["Location"] == place
    report = (await staff.open(place)).body.decode()
    assert ("Every check that has to pass has passed" in report, "Waived" in report) == (True, True)
    listed = (await staff.open(WAIVERS)).body.decode()
    assert "It never runs." in listed
    assert (await publisher.open(WAIVERS)).status == 403
    _, token = await make_staff(deps.works, "Operator")
    (waiver,) = (await client.get("/api/plugins/certification/waivers", token)).json["items"]
    assert (await client.get("/api/plugins/certification/waivers", acme.tokens["Admin"])).status == 403
    end = f"{WAIVERS}/{waiver['id']}"
    assert "the finding counts again" in (await staff.open(end)).body.decode()
    assert (await publisher.open(end)).status == 403
    assert (await publisher.send(end, {})).status == 403
    assert (await staff.send(end, {})).headers["Location"] == WAIVERS
    assert (await staff.open(end)).status == 404
    assert "It cannot be approved as it is" in (await staff.open(place)).body.decode()
    made = await actions(urls)
    assert [each for each in made if "waive" in each] == ["certification.waive", "certification.unwaive"]


async def test_a_report_tells_what_is_new_since_the_release_that_was_certified(
    client: Client, deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner
) -> None:
    scanner.components = (Component("PyPI", "urllib3", "2.0", "embedded"),)
    await certified(deps, acme.manager, certifier)
    scanner.components = (Component("PyPI", "urllib3", "2.1", "embedded"),)
    network = {"network": {"hosts": ["api.acme.example"], "reason": "fetches"}}
    await publish(deps, acme.manager, {"version": "1.1.0", "permissions": network})
    request = await scanned(deps, acme.manager, "1.1.0")
    seen = (await client.get(f"{QUEUE}/requests/{request.id}")).status
    assert seen == 404, "what waits is for its publisher and staff"
    staff = await browser_of(client, deps, certifier)
    report = (await staff.open(f"{QUEUE}/requests/{request.id}")).body.decode()
    assert "Since 1.0.0, certified" in report
    assert report.index("Verdict") < report.index("Since 1.0.0") < report.index("Findings")
    told = (await client.get(f"/api/plugins/certification/{request.id}", acme.tokens["ProjectManager"])).json[
        "changes"
    ]
    assert told["since"] == "1.0.0"
    assert {each["what"]: (each["came"], each["went"]) for each in told["differences"]} == {
        "hosts it may reach": (["api.acme.example"], []),
        "packages inside": (["PyPI urllib3 2.1"], ["PyPI urllib3 2.0"]),
    }
