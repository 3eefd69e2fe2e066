"""`aei verify` and `aei certification`."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from aei_inspection.certificates import Certificate, sign_certificate
from aei_inspection.signatures import PrivateKey
from aei_marketplace.ground.clock import utc_now
from aei_sdk.certificates import digest_of, statement_beside
from tests.packages import make_package
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace

KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
PACKAGE = make_package()
RELEASE = "/api/plugins/acme.echo/versions/1.0.0"


def certificate(**changes: Any) -> Certificate:
    now = utc_now()
    whole = Certificate(
        id="1",
        plugin_id="acme.echo",
        version="1.0.0",
        sha256=digest_of(PACKAGE),
        policy={"number": 1, "digest": "b" * 64},
        checks=[{"id": "package", "version": 1, "result": "pass", "waived": 0}],
        scanner={},
        advisories_at=now,
        inspected="extracted",
        decided="certifier",
        issued_at=now,
        expires_at=now + timedelta(days=9),
    )
    return replace(whole, **changes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A package with its statement beside it, and the registry's key."""
    package = tmp_path / "echo.aeiplugin"
    package.write_bytes(PACKAGE)
    statement_beside(package).write_bytes(sign_certificate(certificate(), KEY))
    (tmp_path / "registry.pem").write_bytes(KEY.public.pem())
    (tmp_path / "other.pem").write_bytes(OTHER.public.pem())
    return package


def test_a_file_is_verified_offline_with_a_key_that_is_trusted(
    aei: Aei, place: Path, marketplace: Marketplace
) -> None:
    key = place.with_name("registry.pem")
    said = json.loads(aei("verify", place, "--key", key, "--json").stdout)
    assert (said["valid"], said["plugin_id"], said["inspected"]) == (True, "acme.echo", "extracted")
    shown = aei("verify", place, "--key", key).stdout
    assert "is certified until" in shown
    assert "what lies inside the component" in shown
    assert not marketplace.seen, "nothing was asked of anybody"
    assert aei("verify", place).exit_code == 2
    assert aei("verify", place, "--key", place).exit_code == 2
    assert aei("verify", place, "--key", key, "--statement", place.with_name("none")).exit_code == 2


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (sign_certificate(certificate(), OTHER), "signature_unknown_key"),
        (sign_certificate(certificate(sha256="c" * 64), KEY), "signature_other_package"),
        (sign_certificate(certificate(expires_at=utc_now() - timedelta(days=1)), KEY), "certificate_expired"),
        (b"{}", "signature_type"),
    ],
)
def test_what_is_forged_swapped_or_expired_is_refused(
    aei: Aei, place: Path, statement: bytes, code: str
) -> None:
    statement_beside(place).write_bytes(statement)
    refused = aei("verify", place, "--key", place.with_name("registry.pem"))
    assert refused.exit_code == 5
    assert code in refused.stderr


def test_a_plugin_of_the_marketplace_is_verified_and_kept_for_later(
    aei: Aei, marketplace: Marketplace, place: Path, tmp_path: Path
) -> None:
    envelope = sign_certificate(certificate(), KEY)
    marketplace.answers |= {
        ("GET", f"{RELEASE}/certification"): lambda: web.Response(body=envelope),
        ("GET", f"{RELEASE}/package"): lambda: web.Response(body=PACKAGE),
        ("GET", "/api/plugins/certification/keys"): lambda: web.json_response(
            {"items": [{"pem": KEY.public.pem().decode()}]}
        ),
    }
    kept = tmp_path / "kept"
    shown = aei("verify", "acme.echo", "--version", "1.0.0", "--save", kept)
    assert shown.exit_code == 0, shown.stderr
    assert "the marketplace itself gave" in shown.stderr
    again = aei("verify", kept / "acme.echo-1.0.0.aeiplugin", "--key", kept / "registry.pem")
    assert again.exit_code == 0
    other = place.with_name("other.pem")
    assert aei("verify", "acme.echo", "--version", "1.0.0", "--key", other).exit_code == 5


def request(**changes: Any) -> dict[str, Any]:
    finding = {
        "severity": "high",
        "title": "Names evil.example",
        "place": "plugin.wasm",
        "advice": "Declare it.",
        "evidence": "",
        "rule": "undeclared-host",
        "waived": False,
    }
    check = {"id": "network", "result": "fail", "findings": [finding], "note": "", "duration_ms": 1}
    return {
        "id": "0193b2c4-0000-7000-8000-000000000000",
        "plugin_id": "acme.echo",
        "version": "1.0.0",
        "state": "in_review",
        "outcome": "fail",
        "problem": None,
        "decision": None,
        "submitted_at": "2026-11-23T12:00:00Z",
        "operation_id": None,
        "expires_at": None,
        "ended_reason": None,
        "verdict": {"outcome": "fail", "objections": [{"message": "The check network failed."}]},
        "checks": [check],
        **changes,
    }


def test_a_release_is_submitted_reported_on_and_decided(aei: Aei, marketplace: Marketplace) -> None:
    found = request()
    one = f"/api/plugins/certification/{found['id']}"
    standing = {
        "plugin_id": "acme.echo",
        "version": "1.0.0",
        "certified": False,
        "expires_at": None,
        "meaning": "It says what was checked.",
        "certification": found,
        "publish_scan": None,
    }
    answered = {
        ("POST", "/api/plugins/acme.echo/certification"): found,
        ("GET", "/api/plugins/certification/queue"): {"items": [found], "next_cursor": None, "total": 1},
        ("GET", one): found,
        ("PATCH", one): request(state="denied", decision={"by": "certifier", "reason": "Declare the host."}),
        ("POST", f"{one}/scan"): found,
        ("POST", f"{one}/withdraw"): found,
        ("GET", f"{RELEASE}/certification"): standing,
    }
    for place, body in answered.items():
        marketplace.answers[place] = lambda body=body: web.json_response(body)
    shown = aei("certification", "submit", "acme.echo", "1.0.0").stdout
    assert "The check network failed." in shown
    assert "high  network: Names evil.example at plugin.wasm" in shown
    assert marketplace.last("POST", "/api/plugins/acme.echo/certification").body == {"version": "1.0.0"}
    assert found["id"] in aei("certification", "queue", "--json").stdout
    assert "in_review" in aei("certification", "report", found["id"]).stdout
    denied = aei("certification", "deny", found["id"], "--reason", "Declare the host.")
    assert "Declare the host." in denied.stdout
    assert marketplace.last("PATCH", one).body == {"decision": "deny", "reason": "Declare the host."}
    assert aei("certification", "approve", found["id"], "--reason", "fine").exit_code == 0
    assert marketplace.last("PATCH", one).body["decision"] == "approve"
    assert "waits for a new scan" in aei("certification", "scan", found["id"]).stdout
    assert "withdrawn" in aei("certification", "withdraw", found["id"]).stdout
    said = aei("certification", "show", "acme.echo", "1.0.0").stdout
    assert "is not certified." in said
    assert "It says what was checked." in said


def test_policies_are_listed_shown_and_changed_after_a_question(
    aei: Aei, marketplace: Marketplace, tmp_path: Path
) -> None:
    said = {"number": 2, "digest": "d" * 64, "required": ["package"], "tolerated": {}, "decision": "two",
            "valid_days": 90, "since": None, "in_force": True}  # fmt: skip
    changed = "/api/plugins/certification/policy"
    marketplace.answers |= {
        ("GET", "/api/plugins/certification/policies"): lambda: web.json_response({"items": [said]}),
        ("GET", "/api/plugins/certification/policies/2"): lambda: web.json_response(said),
        ("PUT", changed): lambda: web.json_response(said),
    }
    assert "two" in aei("certification", "policies").stdout
    file = tmp_path / "policy.json"
    file.write_text(aei("certification", "policy", "--json").stdout)
    assert aei("certification", "change-policy", file).exit_code != 0, "nobody has said yes"
    done = aei("certification", "change-policy", file, "--yes")
    assert (done.exit_code, "Policy 2 is in force" in done.stdout) == (0, True)
    (sent,) = [each.body for each in marketplace.seen if each.path == changed]
    assert set(sent) == {"number", "required", "tolerated", "decision", "valid_days"}
    assert sent["number"] == 2, "what it was made from, so that nobody else's change is lost"
    file.write_text("[]")
    assert aei("certification", "change-policy", file, "--yes").exit_code == 2


def test_exceptions_are_made_listed_and_ended(aei: Aei, marketplace: Marketplace) -> None:
    waiver = {
        "id": "0193b2c4-0000-7000-8000-000000000000",
        "plugin_id": "acme.echo",
        "check": "network",
        "rule": "undeclared-host",
        "place": "",
        "reason": "ours",
        "expires_at": "2027-01-01T00:00:00Z",
    }
    own = "/api/plugins/acme.echo/certification/waivers"
    listed = {"items": [waiver], "next_cursor": None, "total": 1}
    marketplace.answers |= {
        ("POST", own): lambda: web.json_response(waiver, status=201),
        ("GET", own): lambda: web.json_response({"items": [waiver]}),
        ("GET", "/api/plugins/certification/waivers"): lambda: web.json_response(listed),
        ("DELETE", f"/api/plugins/certification/waivers/{waiver['id']}"): lambda: web.Response(status=204),
    }
    wanted = ("certification", "waive", "acme.echo", "network", "undeclared-host")
    assert aei(*wanted, "--reason", "ours", "--days", "400").exit_code == 2
    assert "does not count until" in aei(*wanted, "--reason", "ours", "--days", "90").stdout
    assert marketplace.seen[-1].body["days"] == 90
    for arguments in ((), ("acme.echo",)):
        assert "undeclared-host" in aei("certification", "waivers", *arguments).stdout
    assert aei("certification", "end-waiver", waiver["id"], "--yes").exit_code == 0
    assert marketplace.seen[-1].method == "DELETE"
