"""Certification as those meet it who decide, and those who asked."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from aei_inspection.checks.report import Component, Finding, Severity
from aei_marketplace.accounts import service as accounts
from aei_marketplace.certification import service
from aei_marketplace.certification.service import advisories
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.ground.deps import Deps
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.certification.conftest import ScriptedScanner, decide, set_policy, submit
from tests.inspection.advisories.osv import record
from tests.plugins import publish

QUEUE = "/marketplace/certification"
_HOST = Finding(
    Severity.HIGH,
    "A host that is not declared: drop.quarry.example",
    "plugin.wasm",
    "Declare it in plugin.json with a reason, or remove it.",
    "https://drop.quarry.example/in?key=…",
    "undeclared-host",
)
_WIDER = {
    "version": "1.1.0",
    "permissions": {"network": {"hosts": ["api.quarry.example"], "reason": "fetches the prices"}},
}


@pytest.fixture(scope="module", autouse=True)
def quarry(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A publisher, two Certifiers and a policy that wants both; the policy is as before at the end."""
    path = tmp_path_factory.mktemp("advisories") / "records.jsonl"
    path.write_text(json.dumps(record("NONE-2", package="nothing-at-all")))

    async def people() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "quarry", "Quarry")
        await site.add_person("quarrier", "Quinn Quarrier", "ProjectManager", tenant)
        await site.add_person("cora", "Cora Certifier", "Certifier", None)
        await site.add_person("cole", "Cole Certifier", "Certifier", None)
        await advisories.import_export(
            site.deps.works, path, "certification", lambda _done, _of: None, even_if_older=True
        )

    site.run(people())
    site.run(set_policy(site.deps, site.actor("operator"), decision="two"))
    yield
    site.run(set_policy(site.deps, site.actor("operator"), decision="one"))


def asked(site: Site, plugin: str) -> service.Request:
    """A plugin whose 1.0.0 is certified, and a request for 1.1.0 whose scan has found something."""
    scanner = ScriptedScanner(components=(Component("PyPI", "quarried", "2.0", "embedded"),))
    deps = replace(site.deps, scanner=scanner)
    quarrier, one, two = (site.actor(who) for who in ("quarrier", "cora", "cole"))
    site.run(publish(deps, quarrier, {"id": plugin}))
    first = site.run(scanned(deps, quarrier, plugin, "1.0.0"))
    for certifier in (one, two):
        site.run(decide(deps, certifier, first))
    scanner.components = (Component("PyPI", "quarried", "2.1", "embedded"),)
    scanner.failed = {"network": _HOST}
    site.run(publish(deps, quarrier, {"id": plugin, **_WIDER}))
    return site.run(scanned(deps, quarrier, plugin, "1.1.0"))


async def scanned(deps: Deps, actor: object, plugin: str, version: str) -> service.Request:
    request = (await submit(deps, actor, version, plugin)).request  # type: ignore[arg-type]  # an actor
    assert await scan_next(deps)
    return request


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_certifier_reads_a_report_excepts_a_finding_and_approves_with_a_second_one(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    plugin = f"quarry.w{width}"
    request = asked(site, plugin)
    page = open_window("cora", width=width, theme=theme)
    page.goto(QUEUE)
    expect(page.get_by_role("row").filter(has_text=plugin)).to_contain_text("Fail")
    inspect(page, "certification-queue")
    follow(page.get_by_role("link", name=f"Report about {plugin} 1.1.0"))
    headings = page.get_by_role("heading", level=2)
    expect(headings.nth(0)).to_have_text("Verdict")
    expect(headings.nth(1)).to_contain_text("Since 1.0.0, certified")
    expect(headings.nth(2)).to_have_text("Findings")
    expect(page.get_by_text("It cannot be approved as it is.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    changes = page.get_by_role("region", name="Since 1.0.0")
    for word in ("api.quarry.example", "PyPI quarried 2.1", "PyPI quarried 2.0"):
        expect(changes.get_by_text(word)).to_be_visible()
    findings = page.get_by_role("table", name="Findings, the worst first").get_by_role("row")
    expect(findings.nth(1)).to_contain_text("drop.quarry.example")
    inspect(page, "certification-report")

    evidence = page.context.request
    for name, inside in (
        ("The evidence as JSON", "undeclared-host"),
        ("as SARIF", "network/undeclared-host"),
    ):
        answer = evidence.get(page.get_by_role("link", name=name).get_attribute("href"))
        assert (answer.status, inside in json.dumps(answer.json())) == (200, True)

    follow(page.get_by_role("link", name="Make an exception for A host that is not declared"))
    page.get_by_label("Why").fill("It is where they keep their own prices.")
    page.get_by_label("Until").fill("2020-01-01")
    follow(page.get_by_role("button", name="Make the exception"))
    expect(page.get_by_text("a day that is still to come").first).to_be_visible()
    inspect(page, "certification-waive")
    page.goto(f"{QUEUE}/requests/{request.id}/waive?check=network&rule=undeclared-host&place=plugin.wasm")
    page.get_by_label("Why").fill("It is where they keep their own prices.")
    follow(page.get_by_role("button", name="Make the exception"))
    expect(page.get_by_text("Every check that has to pass has passed.")).to_be_visible()
    expect(page.get_by_text("Waived", exact=True)).to_be_visible()

    page.get_by_label("Why").fill("Looked at, and nothing else is against it.")
    follow(page.get_by_role("button", name="Approve"))
    expect(page.get_by_role("status").first).to_contain_text("Your approval is on record.")
    second = open_window("cole", width=width, theme=theme)
    second.goto(f"{QUEUE}/requests/{request.id}")
    expect(second.get_by_text("One approval is on record.")).to_be_visible()
    inspect(second, "certification-second")
    second.get_by_label("Why").fill("I agree.")
    follow(second.get_by_role("button", name="Approve"))
    second.goto(f"{QUEUE}?state=approved")
    expect(second.get_by_role("row").filter(has_text=f"{plugin} 1.1.0")).to_contain_text("Pass")

    page.goto(f"{QUEUE}/waivers")
    inspect(page, "certification-waivers")
    follow(page.get_by_role("link", name=f"End the exception for {plugin}: undeclared-host"))
    inspect(page, "certification-waiver")
    follow(page.get_by_role("button", name="End the exception"))
    expect(page.get_by_role("link", name=f"End the exception for {plugin}: undeclared-host")).to_have_count(0)
    page.goto(f"{QUEUE}/policies")
    inspect(page, "certification-policies")
    expect(page.get_by_role("link", name="Make the next")).to_have_count(0)
    follow(page.get_by_role("link", name="Policy 2"))
    inspect(page, "certification-policy")


@pytest.mark.parametrize(("width", "theme"), [(360, "dark")])
def test_a_publisher_reads_what_to_mend_and_appeals_and_an_operator_sees_what_a_policy_changes(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    request = asked(site, "quarry.denied")
    place = f"{QUEUE}/requests/{request.id}"
    staff = open_window("cora", width=width, theme=theme)
    staff.goto(place)
    follow(staff.get_by_role("link", name="Claim it, or read its history"))
    follow(staff.get_by_role("button", name="Claim it"))
    staff.goto(place)
    staff.get_by_label("Why").fill("Declare drop.quarry.example, or take it out.")
    follow(staff.get_by_role("button", name="Deny"))
    expect(staff.get_by_role("status").first).to_contain_text("It is denied.")

    publisher = open_window("quarrier", width=width, theme=theme)
    publisher.goto(f"{QUEUE}?state=denied")
    follow(publisher.get_by_role("link", name="Report about quarry.denied 1.1.0"))
    expect(publisher.get_by_text("Declare drop.quarry.example, or take it out.")).to_be_visible()
    expect(publisher.get_by_role("link", name="Make an exception")).to_have_count(0)
    inspect(publisher, "certification-denied")
    follow(publisher.get_by_role("link", name="read the case and appeal"))
    publisher.get_by_label("Why should it be decided otherwise?").fill("It is our own host.")
    follow(publisher.get_by_role("button", name="Appeal"))
    expect(publisher.get_by_role("status").first).to_contain_text("Your appeal waits.")

    operator = open_window("operator", width=width, theme=theme)
    operator.goto(f"{QUEUE}/policies")
    follow(operator.get_by_role("link", name="Make the next"))
    operator.get_by_label("A badge holds (days)").fill("90")
    operator.get_by_label("Who decides").select_option("one")
    follow(operator.get_by_role("button", name="Show what it changes"))
    expect(operator.get_by_role("heading", name="This changes 2 things")).to_be_focused()
    inspect(operator, "certification-next-policy")
