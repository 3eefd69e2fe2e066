"""`aei report`."""

import json

import pytest

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

WORDS = ("report", "acme.counter", "--kind", "malicious", "--reason", "it phones home")


def test_a_report_is_sent_and_its_case_is_named(aei: Aei, marketplace: Marketplace) -> None:
    result = aei(*WORDS)
    assert result.exit_code == 0, result.stderr
    assert "Reported acme.counter; your report is r1." in result.stdout
    assert "the case is c1" in result.stdout
    sent = marketplace.last("POST", "/api/reports")
    assert sent.body == {"plugin_id": "acme.counter", "kind": "malicious", "text": "it phones home"}
    assert sent.headers["Idempotency-Key"]


def test_a_trusted_reporter_learns_that_it_is_quarantined(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.trusted = True
    result = aei(*WORDS, "--version", "1.2.0")
    assert "Reported acme.counter 1.2.0" in result.stdout
    assert "quarantined until staff decide" in result.stdout
    assert marketplace.last("POST", "/api/reports").body["version"] == "1.2.0"


def test_programs_get_the_report_as_json(aei: Aei, marketplace: Marketplace) -> None:
    result = aei(*WORDS, "--json")
    assert json.loads(result.stdout)["id"] == "r1"


def test_a_refusal_ends_with_5_and_says_what_to_do(aei: Aei, marketplace: Marketplace) -> None:
    answer = problem(409, "Conflicts with the present state", "You have an open report about acme.counter.")
    marketplace.answers[("POST", "/api/reports")] = lambda: answer
    result = aei(*WORDS)
    assert result.exit_code == 5
    assert "You have an open report" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("report", "acme.counter", "--kind", "rude", "--reason", "x"),
        ("report", "acme.counter", "--kind", "broken"),
        ("report", "acme.counter", "--reason", "x"),
        ("report", "no id", "--kind", "broken", "--reason", "x"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_sends_nothing(
    aei: Aei, marketplace: Marketplace, words: tuple[str, ...]
) -> None:
    assert aei(*words).exit_code == 2
    assert not [s for s in marketplace.seen if s.path == "/api/reports"]
