"""`aei plugin check`: the certification's report before anybody else sees it."""

import json
from pathlib import Path

import pytest

from tests.inspection.advisories.osv import before, encoded, record
from tests.inspection.heaps import PythonHeap, component_with
from tests.packages import component_wat, make_package
from tests.sdk.conftest import Aei


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """An honest package, one that hides a distribution from its SBOM, and one that the gate refuses."""
    hiding = component_with(PythonHeap().folder_listing("urllib3-1.26.0.dist-info"))
    for name, package in {
        "honest": make_package(wat=component_wat(imports=("log",))),
        "hiding": make_package(wat=hiding),
        "greedy": make_package(wat=component_wat(imports=("http",))),
    }.items():
        (tmp_path / f"{name}.aeiplugin").write_bytes(package)
    return tmp_path


def test_an_honest_package_ends_with_0_and_its_report(aei: Aei, packages: Path) -> None:
    done = aei("plugin", "check", packages / "honest.aeiplugin", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["id"], document["imports"]) == ("acme.echo", ["aei:plugin/log@0.1.0"])
    assert document["report"]["digest"] == document["sha256"]
    results = {check["id"]: check["result"] for check in document["report"]["checks"]}
    assert (results["permissions"], results["source-match"], results["behaviour"]) == (
        "pass", "not_run", "pass",
    )  # fmt: skip


def test_a_failed_check_ends_with_1_and_says_what_to_do(aei: Aei, packages: Path) -> None:
    done = aei("plugin", "check", packages / "hiding.aeiplugin", "--previous", packages / "honest.aeiplugin")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 failed, ")
    assert lines[1] == "✗ SBOM against what was found"
    assert "  high: PyPI package urllib3 1.26.0 is inside and not in the SBOM" in lines
    assert "    → Build the package with `aei plugin build`, which writes the SBOM." in lines


def test_what_the_registry_would_refuse_ends_with_5_after_the_report(aei: Aei, packages: Path) -> None:
    sarif = packages / "found.sarif"
    done = aei("plugin", "check", packages / "greedy.aeiplugin", "--json", "--sarif", sarif)
    assert done.exit_code == 5
    checks = {check["id"]: check for check in json.loads(done.stdout)["report"]["checks"]}
    assert checks["permissions"]["findings"][0]["rule"] == "overreach"
    assert "needs the permission network" in json.loads(done.stderr)["errors"][0]["message"]
    (run,) = json.loads(sarif.read_bytes())["runs"]
    assert "permissions/overreach" in {result["ruleId"] for result in run["results"]}


def test_a_release_before_that_is_no_package_is_refused(aei: Aei, packages: Path) -> None:
    (packages / "old.aeiplugin").write_bytes(b"hello")
    done = aei("plugin", "check", packages / "honest.aeiplugin", "--previous", packages / "old.aeiplugin")
    assert done.exit_code == 5
    assert "previous release" in done.stderr


def test_packages_inside_are_held_against_an_export_of_advisories(aei: Aei, packages: Path) -> None:
    export = packages / "records.json"
    export.write_bytes(encoded(record("A-1", package="URLLib3", events=before("1.26.4"))))
    done = aei("plugin", "check", packages / "hiding.aeiplugin", "--advisories", export, "--json")
    assert done.exit_code == 1
    checks = {check["id"]: check for check in json.loads(done.stdout)["report"]["checks"]}
    (finding,) = checks["vulnerabilities"]["findings"]
    assert (checks["vulnerabilities"]["result"], finding["rule"]) == ("fail", "A-1")
    assert finding["advice"] == "Take urllib3 1.26.4."
    export.write_text("{")
    refused = aei("plugin", "check", packages / "hiding.aeiplugin", "--advisories", export)
    assert (refused.exit_code, "cannot be read" in refused.stderr) == (2, True)
