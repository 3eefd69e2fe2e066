"""`aei plugin advisory` and `aei rollout`."""

import json
from typing import Any

import pytest
from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

ID = "AEI-2c3d-4f5g-6h7j"
OF_PLUGIN = "/api/plugins/acme.counter/advisories"
FILE = (
    "plugin", "advisory", "file", "acme.counter", "--severity", "high", "--title", "Counts leak",
    "--details", "To anybody.", "--affected", "<1.4.2",
)  # fmt: skip


def advisory(**more: Any) -> dict[str, Any]:
    return {
        "id": ID, "plugin_id": "acme.counter", "severity": "high", "title": "Counts leak",
        "details": "To anybody.", "affected": "<1.4.2", "fixed": None, "references": [],
        "withdrawn_at": None, "withdrawn_reason": None, "versions": ["1.4.1", "1.4.0"],
    } | more  # fmt: skip


def answers(marketplace: Marketplace, method: str, path: str, body: Any, status: int = 200) -> None:
    marketplace.answers[method, path] = lambda: web.json_response(body, status=status)


def test_an_advisory_is_filed_and_says_what_it_concerns(aei: Aei, marketplace: Marketplace) -> None:
    answers(marketplace, "POST", OF_PLUGIN, advisory(), 201)
    result = aei(*FILE, "--fixed", "1.4.2", "--reference", "https://acme.example/7")
    assert result.exit_code == 0, result.stderr
    assert f"{ID} stands. It concerns acme.counter 1.4.1, 1.4.0." in result.stdout
    assert marketplace.last("POST", OF_PLUGIN).body == {
        "severity": "high", "title": "Counts leak", "details": "To anybody.", "affected": "<1.4.2",
        "fixed": "1.4.2", "references": ["https://acme.example/7"],
    }  # fmt: skip


def test_a_refused_advisory_ends_with_5_and_names_the_place(aei: Aei, marketplace: Marketplace) -> None:
    fault = [{"pointer": "/affected", "message": "a range of versions such as <1.4.2"}]
    marketplace.answers["POST", OF_PLUGIN] = lambda: problem(422, "Not complete", "See errors.", fault)
    result = aei(*FILE)
    assert result.exit_code == 5
    assert "/affected  a range of versions" in result.stderr


def test_a_list_marks_what_was_withdrawn_and_cannot_turn_the_terminal(
    aei: Aei, marketplace: Marketplace
) -> None:
    items = [advisory(title="bad \x1b[31m red"), advisory(withdrawn_at="2030-01-01T00:00:00Z")]
    answers(marketplace, "GET", OF_PLUGIN, {"items": items, "next_cursor": None, "total": 2})
    shown = aei("plugin", "advisory", "list", "acme.counter").stdout
    assert "(withdrawn) Counts leak" in shown
    assert "\x1b" not in shown
    answers(marketplace, "GET", "/api/advisories", {"items": [], "next_cursor": None, "total": 0})
    assert "There is none." in aei("plugin", "advisory", "list").stdout


def test_a_change_sends_what_was_named_alone(aei: Aei, marketplace: Marketplace) -> None:
    answers(marketplace, "PATCH", f"/api/advisories/{ID}", advisory(fixed="1.4.2"))
    assert aei("plugin", "advisory", "change", ID, "--fixed", "1.4.2").exit_code == 0
    assert marketplace.last("PATCH", f"/api/advisories/{ID}").body == {"fixed": "1.4.2"}


def test_an_advisory_is_withdrawn_with_a_reason(aei: Aei, marketplace: Marketplace) -> None:
    address = f"/api/advisories/{ID}/withdraw"
    answers(marketplace, "POST", address, advisory(withdrawn_reason="a mistake"))
    assert f"{ID} is withdrawn." in aei("plugin", "advisory", "withdraw", ID, "--reason", "a mistake").stdout
    assert marketplace.last("POST", address).body == {"reason": "a mistake"}
    assert aei("plugin", "advisory", "withdraw", ID).exit_code == 2


def test_the_publisher_sees_how_many_are_affected_and_not_who(aei: Aei, marketplace: Marketplace) -> None:
    rows = [{"tenant": None, "plugin_id": "acme.counter", "version": "1.4.1", "installations": 12}]
    answers(marketplace, "GET", f"/api/advisories/{ID}/affected", {"items": rows, "installations": 12})
    [line] = aei("plugin", "advisory", "affected", ID).stdout.splitlines()[1:]
    assert line.split() == ["–", "1.4.1", "12"]


ROLLOUT = "/api/plugins/acme.counter/versions/1.2.0/rollout"
START = "/api/plugins/acme.counter/rollout"


def test_a_rollout_is_shown_and_what_new_releases_begin_with(aei: Aei, marketplace: Marketplace) -> None:
    answers(marketplace, "GET", ROLLOUT, {"percent": 20, "security": True})
    answers(marketplace, "GET", START, {"start_percent": 5})
    shown = aei("rollout", "show", "acme.counter", "1.2.0").stdout
    assert shown == "acme.counter 1.2.0 is rolled out to 20 %. It is a security release.\n"
    assert json.loads(aei("rollout", "show", "acme.counter", "--json").stdout) == {"start_percent": 5}


@pytest.mark.parametrize(
    ("words", "path", "sent"),
    [
        (("set", "acme.counter", "1.2.0", "--percent", "20"), ROLLOUT, {"percent": 20}),
        (("set", "acme.counter", "1.2.0", "--security"), ROLLOUT, {"security": True}),
        (("set", "acme.counter", "--percent", "5"), START, {"start_percent": 5}),
        (("advance", "acme.counter", "1.2.0"), ROLLOUT, {"percent": 25}),
        (("halt", "acme.counter", "1.2.0"), ROLLOUT, {"percent": 0}),
    ],
)
def test_a_rollout_is_set_advanced_and_halted(
    aei: Aei, marketplace: Marketplace, words: tuple[str, ...], path: str, sent: dict[str, Any]
) -> None:
    answers(marketplace, "GET", ROLLOUT, {"percent": 10, "security": False})
    answers(marketplace, "PATCH", path, {"percent": 10, "security": False, "start_percent": 5})
    result = aei("rollout", *words)
    assert result.exit_code == 0, result.stderr
    assert marketplace.last("PATCH", path).body == sent


@pytest.mark.parametrize(
    "words",
    [
        ("set", "acme.counter", "1.2.0"),
        ("set", "acme.counter", "1.2.0", "--percent", "101"),
        ("set", "acme.counter", "--security"),
        ("advance", "acme.counter", "1.2.0"),
        ("halt", "acme.counter"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_changes_nothing(
    aei: Aei, marketplace: Marketplace, words: tuple[str, ...]
) -> None:
    answers(marketplace, "GET", ROLLOUT, {"percent": 100, "security": False})
    assert aei("rollout", *words).exit_code == 2
    assert not [seen for seen in marketplace.seen if seen.method == "PATCH"]
