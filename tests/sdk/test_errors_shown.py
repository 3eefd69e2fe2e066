"""How refusals reach people and programs."""

import json

import pytest
from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

PATH = ("GET", "/api/plugins/acme.counter")


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 3), (403, 3), (404, 4), (409, 5), (413, 5), (422, 5), (429, 1), (500, 1), (503, 1)],
)
def test_each_status_has_its_exit_code(aei: Aei, marketplace: Marketplace, status: int, code: int) -> None:
    marketplace.answers[PATH] = lambda: problem(status, "A title", "A detail, and what to do.")
    result = aei("info", "acme.counter")
    assert result.exit_code == code
    assert result.stdout == ""
    for words in ("A title", "A detail, and what to do.", "trace-1"):
        assert words in result.stderr


def test_an_error_in_json_is_the_problem_document(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers[PATH] = lambda: problem(
        404, "Not found", "Check.", [{"pointer": "/id", "message": "?"}]
    )
    result = aei("info", "acme.counter", "--json")
    document = json.loads(result.stderr)
    assert (document["status"], document["title"]) == (404, "Not found")
    assert document["errors"] == [{"pointer": "/id", "message": "?"}]


def test_an_error_of_our_own_in_json_has_the_same_keys(aei: Aei) -> None:
    document = json.loads(aei("info", "nonsense", "--json").stderr)
    assert document["title"] == "That is not a plugin's id"
    assert document["errors"] == []


def test_no_server_ends_with_6_and_says_how_to_start_one(aei: Aei, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEI_URL", "http://127.0.0.1:9")
    result = aei("search")
    assert result.exit_code == 6
    assert "./market up" in result.stderr


@pytest.mark.parametrize("status", [200, 502])
def test_a_server_that_is_no_marketplace_is_recognised(
    aei: Aei, marketplace: Marketplace, status: int
) -> None:
    marketplace.answers[PATH] = lambda: web.Response(text="<html>hello</html>", status=status)
    result = aei("info", "acme.counter")
    assert result.exit_code == 6
    assert "does not answer like a marketplace" in result.stderr


def test_a_refusal_cannot_steer_the_terminal(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers[PATH] = lambda: problem(409, "bad \x1b[2J", "[red]worse[/red]\r", [])
    shown = aei("info", "acme.counter").stderr
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert "[red]worse[/red]" in shown
