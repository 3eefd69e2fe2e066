"""The public log of a whole marketplace, proven from outside by the command line."""

import json
from pathlib import Path

import pytest

from tests.flows.conftest import Market, until


def test_an_example_that_was_published_is_proven_to_be_in_the_public_log(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # nothing of whoever runs the tests is pinned
    until(lambda: market.aei("viewer", "info", "studio.langid").returncode == 0, 240, 1.0)
    until(lambda: _release(market)["log_index"] is not None)
    proven = market.aei("viewer", "info", "studio.langid", "--verify", "--json")
    assert proven.returncode == 0, proven.stderr
    told = json.loads(proven.stdout)
    assert told["sha256"] == _release(market)["sha256"]
    assert told["entries"][0]["reason"] == "published"
    again = market.aei("viewer", "info", "studio.langid", "--verify")
    assert "Nothing that you saw has changed" in again.stdout, again.stderr


def _release(market: Market) -> dict:
    shown = market.aei("viewer", "info", "studio.langid", "--json")
    version = json.loads(shown.stdout)["latest"]["version"]
    return json.loads(market.aei("viewer", "info", "studio.langid", "--version", version, "--json").stdout)
