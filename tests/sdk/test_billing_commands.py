"""`aei buy`, `aei purchases`, `aei usage`, and what a run says that is not paid."""

import json
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from aei_marketplace.billing.rules.usage import UsageRecord
from tests.billing.selling import receipt_root
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

PRICE = {"amount_minor": 1999, "currency": "USD"}
OFFER = {"plugin_id": "acme.echo", "model": "one_time", "words": "USD 19.99", "price": PRICE, "per": None}
BOUGHT = {
    "id": "p1",
    "plugin_id": "acme.echo",
    "state": "pending_payment",
    "words": "USD 19.99",
    "period_end": None,
}
NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
RUNS = [
    UsageRecord(
        *(UUID(int=n), UUID(int=1), "acme.echo", "1.0.0", "USD", 70_000 * (n > 1)),
        *("free" if n == 4 else "billed", "ok", NOW, NOW, "ab" * 32),
    )
    for n in range(1, 5)
]


def usage(root: str, runs: list[UsageRecord] = RUNS, amount: int = 14) -> web.Response:
    charge = {
        "key": "usage:1",
        "invoice_id": "i1",
        "quantity": 2,
        "receipt_root": root,
        "net": {"amount_minor": amount, "currency": "USD"},
    }
    items = [{**each.shape(), "state": each.state} for each in runs]
    return web.json_response({"items": items, "charges": [charge], "next_cursor": None})


def test_a_run_that_is_not_paid_ends_with_7_and_says_what_to_do(aei: Aei, marketplace: Marketplace) -> None:
    refusal = (
        "acme.echo has a price, and your tenant has not bought it. Buy it with POST /api/billing/purchases."
    )
    execute = ("POST", "/api/plugins/acme.echo/execute")
    marketplace.answers[execute] = lambda: problem(402, "It has to be paid for", refusal)
    result = aei("run", "acme.echo")
    assert result.exit_code == 7
    assert "has not bought it" in result.stderr


def test_a_plugin_is_bought_at_the_price_that_was_shown(aei: Aei, marketplace: Marketplace) -> None:
    offer = ("GET", "/api/billing/offers/acme.echo")
    marketplace.answers[offer] = lambda: web.json_response(OFFER)
    marketplace.answers[("POST", "/api/billing/purchases")] = lambda: web.json_response(BOUGHT, status=201)
    assert aei("buy", "acme.echo").exit_code == 2  # nobody is there to agree
    result = aei("buy", "acme.echo", "--yes")
    assert (result.exit_code, "USD 19.99" in result.stdout) == (0, True), result.stderr
    assert "when its invoice is paid" in result.stdout
    sent = marketplace.last("POST", "/api/billing/purchases")
    assert sent.body == {"plugin": "acme.echo", "model": "one_time", "price": PRICE, "per": None}
    free = {"plugin_id": "acme.echo", "model": "free", "words": "Free"}
    marketplace.answers[offer] = lambda: web.json_response(free)
    assert "aei install acme.echo" in aei("buy", "acme.echo", "--yes").stderr


def test_purchases_are_listed_and_cancelled(aei: Aei, marketplace: Marketplace) -> None:
    page = {"items": [BOUGHT], "next_cursor": None, "total": 1}
    marketplace.answers[("GET", "/api/billing/purchases")] = lambda: web.json_response(page)
    assert "pending_payment" in aei("purchases").stdout
    ended = {**BOUGHT, "state": "cancelled_at_period_end", "period_end": "2026-12-23T00:00:00Z"}
    for step in ("cancel", "resume"):
        marketplace.answers[("POST", f"/api/billing/purchases/p1/{step}")] = lambda: web.json_response(ended)
        assert "2026-12-23" in aei("purchases", f"--{step}", "p1").stdout


def test_a_receipt_is_reckoned_again_from_its_runs(aei: Aei, marketplace: Marketplace) -> None:
    """The root is the one that the marketplace itself reckons."""
    root = receipt_root(each for each in RUNS if each.state == "billed").hex()
    words = ("usage", "acme.echo", "--period", "2026-11")
    marketplace.answers[("GET", "/api/billing/usage")] = lambda: usage(root)
    result = aei(*words)
    assert result.exit_code == 0, result.stderr
    assert "2 runs, 0.140000 USD together" in result.stdout
    assert "holds this very receipt" in result.stdout
    marketplace.answers[("GET", "/api/billing/usage")] = lambda: usage("00" * 32)
    result = aei(*words, "--json")
    assert (result.exit_code, json.loads(result.stdout)["differs"]) == (1, ["USD"])
    for charged in ({"runs": []}, {"amount": 15}):
        marketplace.answers[("GET", "/api/billing/usage")] = lambda charged=charged: usage(root, **charged)
        result = aei(*words)
        assert (result.exit_code, "tell the operator" in result.stdout) == (1, True), charged
