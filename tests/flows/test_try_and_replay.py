"""A person tries a plugin out on the command line, keeps journals, and replays what ran."""

import json

from tests.flows.conftest import Market, until

#: The examples in Python are built and listed a while after the marketplace is up.
ARRIVED_S = 240


def arrived(market: Market, *plugins: str) -> None:
    """Wait until the catalogue has these plugins."""
    for plugin in plugins:
        until(lambda plugin=plugin: market.aei("agent", "info", plugin).returncode == 0, ARRIVED_S, 2)


def test_a_tryout_and_an_execution_are_replayed_bit_for_bit(market: Market) -> None:
    """On a whole marketplace, with the example plugins built by the kit in Python and C."""
    plugins = ("studio.langid", "studio.summarise")
    arrived(market, *plugins)
    for plugin in plugins:
        tried = market.aei("agent", "try", plugin, "--json")
        assert tried.returncode == 0, tried.stderr
        execution = json.loads(tried.stdout)
        assert (execution["mode"], execution["installation_id"]) == ("try", None)
        replayed = market.aei("agent", "replay", execution["id"], "--json")
        assert replayed.returncode == 0, replayed.stderr
        again = json.loads(replayed.stdout)
        assert again["replay"] == {"of": execution["id"], "identical": True, "diverged": None}
        assert again["output"] == execution["output"]


def test_what_asks_for_the_network_is_denied_it_in_a_tryout(market: Market) -> None:
    arrived(market, "studio.linkcheck")
    tried = market.aei("agent", "try", "studio.linkcheck", "--json")
    execution = json.loads(tried.stdout)
    assert execution["requested"]["network"]["hosts"]
    denied = execution["permissions"]["denied"]
    assert {d["permission"] for d in denied} == {"network"}
    assert market.aei("viewer", "try", "studio.langid").returncode == 3


def test_a_journal_is_kept_once_somebody_asks_for_it(market: Market) -> None:
    plugin, task = "studio.langid", '{"text": "Guten Morgen zusammen"}'
    market.aei("admin", "install", plugin, "--yes")
    without = json.loads(market.aei("admin", "run", plugin, "--task", task, "--json").stdout)
    refused = market.aei("admin", "replay", without["id"])
    assert refused.returncode == 5, refused.stderr
    kept = market.aei("admin", "journal", plugin)
    assert kept.returncode == 0, kept.stderr
    execution = json.loads(market.aei("admin", "run", plugin, "--task", task, "--json").stdout)
    again = market.aei("admin", "replay", execution["id"])
    assert again.returncode == 0, again.stderr
    assert "bit for bit" in again.stdout
    assert market.aei("admin", "journal", plugin, "--off").returncode == 0
