"""`aei run`, `aei logs` and `aei audit`."""

import json
from pathlib import Path

import pytest

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace

EXECUTE = "/api/plugins/acme.counter/execute"


def test_run_prints_the_output_and_notes_denials(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("run", "acme.counter", "--task", '{"text": "a b"}')
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == {"words": 2}
    assert "denied: network evil.example (2×)" in result.stderr
    sent = marketplace.last("POST", EXECUTE)
    assert sent.body == {"task": {"text": "a b"}, "mode": "sync"}
    assert sent.headers["Idempotency-Key"]


def test_run_reads_a_file_or_standard_input(aei: Aei, marketplace: Marketplace, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text('{"text": "grüß"}', "utf-8")
    aei("run", "acme.counter", "--task", f"@{tmp_path / 'task.json'}")
    assert marketplace.last("POST", EXECUTE).body["task"] == {"text": "grüß"}
    aei("run", "acme.counter", "--task", "-", input='{"text": "in"}')
    assert marketplace.last("POST", EXECUTE).body["task"] == {"text": "in"}


def test_run_sends_lower_limits(aei: Aei, marketplace: Marketplace) -> None:
    aei("run", "acme.counter", "--limit", "wall_ms=2000", "--limit", "memory_mib=64")
    assert marketplace.last("POST", EXECUTE).body["limits"] == {"wall_ms": 2000, "memory_mib": 64}


@pytest.mark.parametrize("limit", ["wall_ms", "wall_ms=soon", "patience=3", "wall_ms=-1"])
def test_run_refuses_what_is_no_limit(aei: Aei, marketplace: Marketplace, limit: str) -> None:
    assert aei("run", "acme.counter", "--limit", limit).exit_code == 2


def test_run_refuses_a_task_that_is_not_json(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("run", "acme.counter", "--task", "hello")
    assert result.exit_code == 2
    assert "--task is not JSON" in result.stderr


def test_a_run_that_fails_ends_with_1_and_says_why(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.outcome = "guest_error"
    result = aei("run", "acme.counter")
    assert result.exit_code == 1
    assert "guest_error" in result.stdout
    assert "the guest said no" in result.stdout


def test_an_asynchronous_run_is_followed_live(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("run", "acme.counter", "--async")
    assert result.exit_code == 0, result.stderr
    assert marketplace.last("POST", EXECUTE).body["mode"] == "async"
    for words in ("execution ex1", "half way", "counted"):
        assert words in result.stderr
    assert json.loads(result.stdout) == {"words": 2}


def test_an_asynchronous_run_survives_a_broken_stream(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.break_streams = True
    result = aei("run", "acme.counter", "--async", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["outcome"] == "ok"


def test_logs_are_shown_without_control_characters_and_say_when_cut(
    aei: Aei, marketplace: Marketplace
) -> None:
    result = aei("logs", "ex1")
    assert "1.500 warn  careful \\x1b[31m" in result.stdout
    assert "\x1b" not in result.stdout
    assert "cut" in result.stderr


def test_audit_passes_its_filters_on(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("audit", "--action", "plugin.publish", "--resource", "x", "--since", "2030-01-01T00:00:00Z")
    assert result.exit_code == 0, result.stderr
    assert "acme.counter@0.1.0" in result.stdout
    assert marketplace.last("GET", "/api/audit").query == {
        "action": "plugin.publish",
        "resource": "x",
        "since": "2030-01-01T00:00:00Z",
        "limit": "50",
    }
