"""`aei webhook`."""

import json
from typing import Any

import pytest
from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

PLACE = "/api/webhooks"


def webhook(**more: Any) -> dict[str, Any]:
    return {
        "id": "w1",
        "name": "ops",
        "url": "https://hooks.acme.example/aei",
        "kinds": [],
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        **more,
    }


def trial(**more: Any) -> dict[str, Any]:
    return {"delivery_id": "d1", "ok": True, "status": 204, "problem": None, "duration_ms": 12, **more}


def test_webhooks_are_listed_with_their_state(aei: Aei, marketplace: Marketplace) -> None:
    items = [
        webhook(),
        webhook(id="w2", kinds=["release.yanked"], failing_since="2030-05-17T12:00:00Z"),
        webhook(id="w3", enabled=False, disabled_reason="it failed for a day"),
        webhook(id="w4", enabled=False),
    ]
    page = {"items": items, "next_cursor": None, "total": len(items)}
    marketplace.answers["GET", PLACE] = lambda: web.json_response(page)
    assert json.loads(aei("webhook", "list", "--json").stdout) == page
    shown = aei("webhook", "list")
    assert shown.exit_code == 0, shown.stderr
    for words in ("w1", "all", "release.yanked", "failing", "off: it failed for a day"):
        assert words in " ".join(shown.stdout.split()), words


def test_a_new_webhook_shows_its_secret_once(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers["POST", PLACE] = lambda: web.json_response(webhook(secret="whsec_canary"), status=201)
    made = aei("webhook", "create", "ops", "https://hooks.acme.example/aei", "--kind", "release.yanked")
    assert made.exit_code == 0, made.stderr
    assert made.stdout.count("whsec_canary") == 1
    sent = {"name": "ops", "url": "https://hooks.acme.example/aei", "kinds": ["release.yanked"]}
    assert marketplace.last("POST", PLACE).body == sent


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (trial(), 0, "Taken: answered 204 after 12 ms"),
        (trial(ok=False, status=500, problem="answered 500"), 1, "Not taken: answered 500"),
        (trial(ok=False, status=None, problem="gave no answer in time"), 1, "Not taken: gave no answer"),
    ],
)
def test_a_test_tells_how_it_was_taken(
    aei: Aei, marketplace: Marketplace, answer: dict[str, Any], code: int, words: str
) -> None:
    marketplace.answers["POST", f"{PLACE}/w1/test"] = lambda: web.json_response(answer)
    tried = aei("webhook", "test", "w1")
    assert (tried.exit_code, words in tried.stdout) == (code, True), tried.output


def test_a_deleted_webhook_is_named(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers["DELETE", f"{PLACE}/w1"] = lambda: web.Response(status=204)
    assert "w1 is deleted" in aei("webhook", "delete", "w1").stdout


def test_an_id_never_leads_to_another_route(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers["DELETE", f"{PLACE}/../notices"] = lambda: web.Response(status=204)
    aei("webhook", "delete", "../notices")
    assert {seen.path for seen in marketplace.seen} == {f"{PLACE}/../notices"}, (
        "one part of a path, whatever it holds"
    )


def test_a_refused_address_says_why(aei: Aei, marketplace: Marketplace) -> None:
    fault = [{"pointer": "/url", "message": "no public name"}]
    marketplace.answers["POST", PLACE] = lambda: problem(422, "Webhook unfit", "It cannot be kept.", fault)
    refused = aei("webhook", "create", "ops", "http://127.0.0.1/")
    assert refused.exit_code == 5
    assert "no public name" in refused.stderr
