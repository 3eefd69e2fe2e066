"""The queue, a report and its decision, on pages; and what a listing says of a badge."""

from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import BAD, KEY, ScriptedScanner, decide, look, scanned, submit
from tests.installations.test_pages import browser_of
from tests.plugins import work_off
from tests.serving import Client

QUEUE = "/marketplace/certification"


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
