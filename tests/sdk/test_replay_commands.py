"""`aei try`, `aei replay` and `aei journal`."""

import json

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace

TRY = "/api/plugins/acme.counter/try"


def test_try_runs_the_first_example_and_shows_what_is_asked_for_and_denied(
    aei: Aei, marketplace: Marketplace
) -> None:
    result = aei("try", "acme.counter")
    assert result.exit_code == 0, result.stderr
    assert marketplace.last("POST", TRY).body == {}
    for words in ("evil.example", "fetches the pages", '"words": 2'):
        assert words in result.stdout
    assert "denied: network evil.example" in result.stderr


def test_try_sends_the_version_and_an_example_or_a_task(aei: Aei, marketplace: Marketplace) -> None:
    aei("try", "acme.counter", "--version", "0.1.0", "--example", "2")
    assert marketplace.last("POST", TRY).body == {"version": "0.1.0", "example": 2}
    aei("try", "acme.counter", "--task", '{"text": "a"}')
    assert marketplace.last("POST", TRY).body == {"task": {"text": "a"}}


def test_try_refuses_both_an_example_and_a_task(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("try", "acme.counter", "--example", "0", "--task", "{}").exit_code == 2
    assert aei("try", "acme.counter", "--example", "-1").exit_code == 2
    assert not marketplace.seen


def test_a_try_that_fails_ends_with_1(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.outcome = "denied"
    assert aei("try", "acme.counter").exit_code == 1
    shown = json.loads(aei("try", "acme.counter", "--json").stdout)
    assert shown["requested"]["network"]["hosts"] == ["evil.example"]


def test_replay_says_that_it_is_the_same(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("replay", "ex1")
    assert result.exit_code == 0, result.stderr
    assert "The same as execution ex1, bit for bit." in result.stdout
    assert marketplace.last("POST", "/api/executions/ex1/replay")


def test_replay_says_where_it_diverged_and_ends_with_1(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.diverged = {
        "call": 3,
        "expected": "http.fetch",
        "got": "clock.now",
        "detail": "another function",
    }
    marketplace.outcome = "cancelled"
    result = aei("replay", "ex1")
    assert result.exit_code == 1
    for words in ("Not the same", "call 3", "recorded http.fetch", "got clock.now"):
        assert words in result.stdout
    document = json.loads(aei("replay", "ex1", "--json").stdout)
    assert document["replay"]["diverged"]["call"] == 3


def test_journal_changes_that_part_of_the_policy_alone(aei: Aei, marketplace: Marketplace) -> None:
    path = "/api/plugins/acme.counter/installation"
    assert "30 days" in aei("journal", "acme.counter").stdout
    assert marketplace.last("PATCH", path).body == {"policy": {"limits": {"cpu_ms": 5}, "journal": True}}
    assert "no journals" in aei("journal", "acme.counter", "--off").stdout
    assert marketplace.last("PATCH", path).body["policy"]["journal"] is False
