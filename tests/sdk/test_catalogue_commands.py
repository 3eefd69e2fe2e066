"""`aei search` and `aei info`."""

import json

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import REASON, Marketplace


def test_search_lists_what_matches_and_passes_its_filters_on(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("search", "counter", "--kind", "agent", "--compatible-with", "2.0.0", "--category", "agents")
    assert result.exit_code == 0, result.stderr
    assert "acme.counter" in result.stdout
    assert "acme.fetcher" not in result.stdout
    asked = marketplace.last("GET", "/api/plugins").query
    assert asked == {
        "q": "counter",
        "kind": "agent",
        "compatible_with": "2.0.0",
        "category": "agents",
        "limit": "20",
    }


def test_search_without_a_match_says_so(aei: Aei, marketplace: Marketplace) -> None:
    assert "No plugin matches" in aei("search", "nothing-like-it").stdout


def test_search_says_when_there_is_more(aei: Aei, marketplace: Marketplace) -> None:
    assert "1 of 2" in aei("search", "--limit", "1").stdout


def test_search_in_json_is_the_page_itself(aei: Aei, marketplace: Marketplace) -> None:
    page = json.loads(aei("search", "--json").stdout)
    assert [p["id"] for p in page["items"]] == ["acme.counter", "acme.fetcher"]
    assert page["total"] == 2


def test_info_shows_permissions_with_their_reasons(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("info", "acme.fetcher")
    assert result.exit_code == 0, result.stderr
    for words in ("network", "*.example.com", REASON, "Acme (verified)", "4.5 of 5"):
        assert words in result.stdout


def test_info_of_a_release_shows_its_state_and_digest(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.states[:] = ["yanked"]
    marketplace.reason = "counts twice"
    result = aei("info", "acme.counter", "--version", "0.1.0")
    for words in ("yanked", "counts twice", "0" * 64):
        assert words in result.stdout


def test_info_of_an_unknown_plugin_ends_with_4(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("info", "acme.nowhere").exit_code == 4


def test_info_refuses_what_is_no_id_before_asking(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("info", "../etc")
    assert result.exit_code == 2
    assert not marketplace.seen


def test_descriptions_cannot_steer_the_terminal(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.plugins["acme.counter"]["description"] = "nice\x1b]0;owned\x07 [bold]plugin[/bold] \u202egnp"
    shown = aei("search", "counter").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "[bold]plugin[/bold]" in shown
