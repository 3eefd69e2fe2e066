"""A server on loopback that speaks as much of Stripe's API as the adapter needs, and signs webhooks.

It keeps idempotency keys as Stripe does: the same key with the same parameters gives the first answer again,
with others an error. What it is asked for can be paid, refunded and disputed as buyers and banks would.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

SECRET = "whsec_made_up_for_tests"
KEY = "sk_test_made_up"


@dataclass
class FakeStripe:
    """The account.

    Attributes:
        now: what its clock says, in seconds.
        calls: method and path of each request that was carried out, not repeated.
        down: answer 503 to everything.
        slow: refunds are not done at once.
        lose_answer: carry out the next POST, and hang up instead of answering.
        declines: the codes with which the bank declines the next charges to a kept card.
    """

    now: int
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    movements: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    down: bool = False
    slow: bool = False
    lose_answer: bool = False
    declines: list[str] = field(default_factory=list)
    url: str = ""
    _answers: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    _made: int = 0

    def event(self, kind: str, about: dict[str, Any]) -> dict[str, Any]:
        """An event as Stripe would tell it now."""
        return {
            "id": self._id("evt"),
            "object": "event",
            "type": kind,
            "created": self.now,
            "data": {"object": json.loads(json.dumps(about))},
        }

    def pay(self, session: str) -> list[dict[str, Any]]:
        """A buyer pays on the page; the events of it."""
        opened = self.objects[session]
        data = opened["payment_intent_data"]
        intent = self._add("pi", "payment_intent", amount=opened["amount_total"], currency=opened["currency"])
        opened |= {"payment_intent": intent["id"], "status": "complete"}
        succeeded = self._succeed(intent, data["metadata"])
        return [*succeeded, self.event("checkout.session.completed", opened)]

    def pay_slowly(self, session: str) -> dict[str, Any]:
        """A buyer pays on the page by a method that takes days; the payment."""
        opened = self.objects[session]
        about = {"amount": opened["amount_total"], "currency": opened["currency"], "status": "processing"}
        intent = self._add("pi", "payment_intent", **about)
        opened |= {"payment_intent": intent["id"], "status": "complete"}
        return intent

    def answer_slowly(self, intent: dict[str, Any]) -> None:
        """The bank pays after days; what would be told of it is lost."""
        self._succeed(intent, {})

    def name_card(self, session: str) -> dict[str, Any]:
        """A buyer names a card on the page that keeps it: the event of it."""
        opened = self.objects[session]
        card = {"brand": "visa", "last4": "4242", "exp_year": 2031, "exp_month": 5}
        method = self._add("pm", "payment_method", type="card", card=card, customer=opened["customer"])
        about = {"customer": opened["customer"], "payment_method": method["id"]}
        metadata = opened["setup_intent_data"]["metadata"]
        return self.event(
            "setup_intent.succeeded", self._add("seti", "setup_intent", **about) | {"metadata": metadata}
        )

    def charged(self) -> list[dict[str, Any]]:
        """The payments that were asked for without their payer, the oldest first."""
        return [each for each in self.objects.values() if each.get("off_session") == "true"]

    def told_of(self, intent: dict[str, Any]) -> list[dict[str, Any]]:
        """The events of a payment without its payer."""
        if intent["status"] == "succeeded":
            return self._succeed(intent, intent["metadata"])
        return [self.event("payment_intent.payment_failed", intent)]

    def _succeed(self, intent: dict[str, Any], metadata: dict[str, str]) -> list[dict[str, Any]]:
        charge = self._add("ch", "charge", payment_intent=intent["id"], amount=intent["amount"])
        fee = intent["amount"] * 29 // 1000 + 30
        moved = self._move("charge", intent["amount"], fee, intent["currency"], charge)
        charge |= {"currency": intent["currency"], "balance_transaction": moved["id"]}
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "metadata": metadata,
        }
        return [self.event("charge.succeeded", charge), self.event("payment_intent.succeeded", intent)]

    def dispute(self, intent: str, amount: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A bank takes money back: the dispute, and the event of it."""
        paid = self.objects[intent]
        made = self._add(
            "du",
            "dispute",
            amount=amount,
            currency=paid["currency"],
            payment_intent=intent,
            status="needs_response",
        )
        made["evidence_details"] = {"due_by": self.now + 7 * 86400}
        moved = self._move("adjustment", -amount, 1500, paid["currency"], made)
        made["balance_transactions"] = [moved]
        return made, self.event("charge.dispute.created", made)

    def close(self, dispute: dict[str, Any], status: str) -> dict[str, Any]:
        """The bank decides: the event of it."""
        dispute["status"] = status
        if status == "won":
            self._move("adjustment", dispute["amount"], 0, dispute["currency"], dispute)
        return self.event("charge.dispute.closed", dispute)

    def refund(self, intent: str, amount: int, metadata: dict[str, str] | None = None) -> dict[str, Any]:
        """Money goes back, as somebody does it in Stripe's own pages."""
        paid = self.objects[intent]
        made = self._add(
            "re",
            "refund",
            amount=amount,
            currency=paid["currency"],
            payment_intent=intent,
            status="succeeded",
        )
        made |= {"metadata": metadata or {}, "status": "pending" if self.slow else "succeeded"}
        self._move("refund", -amount, 0, paid["currency"], made)
        return made

    def _add(self, prefix: str, kind: str, **values: Any) -> dict[str, Any]:
        made = {"id": self._id(prefix), "object": kind, "created": self.now, "metadata": {}, **values}
        self.objects[made["id"]] = made
        return made

    def _move(
        self, kind: str, amount: int, fee: int, currency: str, source: dict[str, Any]
    ) -> dict[str, Any]:
        moved = {"id": self._id("txn"), "object": "balance_transaction", "type": kind, "amount": amount}
        moved |= {"fee": fee, "currency": currency, "created": self.now, "source": source["id"]}
        self.movements.append(moved)
        self.objects[moved["id"]] = moved
        return moved

    def _id(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made:08}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request of the library."""
        if self.down or request.headers.get("Authorization") != f"Bearer {KEY}":
            status = 503 if self.down else 401
            headers = {"Stripe-Should-Retry": "false"}
            return web.json_response({"error": {"message": f"secret {KEY}"}}, status=status, headers=headers)
        if request.method == "GET":
            return self._read(request)
        params = unflattened(parse_qsl(await request.text()))
        key = request.headers["Idempotency-Key"]
        if key in self._answers:
            first, answer = self._answers[key]
            if first != {"path": request.path, **params}:
                return web.json_response({"error": {"type": "idempotency_error"}}, status=400)
            return web.json_response(answer, status=402 if "error" in answer else 200)
        try:
            answer = self._write(request.path, params)
        except Refused as refused:
            error = {"type": "invalid_request_error", "code": str(refused)}
            return web.json_response({"error": error}, status=400)
        self.calls.append(request.path)
        self._answers[key] = ({"path": request.path, **params}, answer)
        if self.lose_answer:
            self.lose_answer = False
            assert request.transport is not None
            request.transport.close()
        return web.json_response(answer, status=402 if "error" in answer else 200)

    def _read(self, request: web.Request) -> web.Response:
        if request.path == "/v1/balance_transactions":
            since, until = (int(request.query[f"created[{edge}]"]) for edge in ("gte", "lt"))
            found = [m for m in self.movements if since <= m["created"] < until]
            start = (
                [m["id"] for m in found].index(request.query["starting_after"]) + 1
                if "starting_after" in request.query
                else 0
            )
            page = found[start : start + 2]  # small pages, so that more than one is read
            data = [{**m, "source": self.objects[m["source"]]} for m in page]
            more = start + 2 < len(found)
            return web.json_response({"object": "list", "data": data, "has_more": more, "url": request.path})
        if request.path.startswith("/v1/payment_methods/"):
            return web.json_response(self.objects[request.path.rsplit("/", 1)[1]])
        found = self.objects.get(request.path.rsplit("/", 1)[1])
        if found is None:
            error = {"type": "invalid_request_error", "code": "resource_missing"}
            return web.json_response({"error": error}, status=404)
        if request.path.startswith("/v1/checkout/sessions/"):
            if found["status"] == "open" and found["expires_at"] <= self.now:
                found["status"] = "expired"
            paid = self.objects.get(found.get("payment_intent") or "")
            return web.json_response({**found, "payment_intent": paid})
        intent = dict(found)
        if "latest_charge" not in intent:
            return web.json_response(intent)
        charge = dict(self.objects[intent["latest_charge"]])
        charge["balance_transaction"] = self.objects[charge["balance_transaction"]]
        return web.json_response({**intent, "latest_charge": charge})

    def _write(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        match path:
            case "/v1/customers":
                return self._add("cus", "customer", **params)
            case "/v1/checkout/sessions" if params["mode"] == "setup":
                made = self._add("cs", "checkout.session", **params)
                made |= {"url": f"https://checkout.example/{made['id']}", "expires_at": self.now + 86400}
                return made
            case "/v1/payment_intents":
                return self._charge_kept(params)
            case "/v1/checkout/sessions":
                price = params["line_items"]["0"]["price_data"]
                made = self._add("cs", "checkout.session", **params)
                made |= {"amount_total": int(price["unit_amount"]), "currency": price["currency"]}
                made["status"] = "open"
                made |= {"url": f"https://checkout.example/{made['id']}", "expires_at": self.now + 86400}
                return {**made, "payment_intent": None}
            case "/v1/refunds":
                left = self.objects.get(params["payment_intent"], {}).get("amount", 0) - sum(
                    each["amount"]
                    for each in self.objects.values()
                    if each["object"] == "refund" and each["payment_intent"] == params["payment_intent"]
                )
                if int(params["amount"]) > left:
                    raise Refused("charge_already_refunded")
                return self.refund(params["payment_intent"], int(params["amount"]), params["metadata"])
            case "/v1/transfers":
                made = self._add("tr", "transfer", **{**params, "amount": int(params["amount"])})
                self._move("transfer", -made["amount"], 0, made["currency"], made)
                return made
        if path.endswith("/expire"):
            session = self.objects[path.split("/")[4]]
            if session["status"] != "open":
                raise Refused("session_not_open")
            session["status"] = "expired"
            return {**session, "payment_intent": None}
        if path.endswith("/detach"):
            method = self.objects[path.split("/")[3]]
            if method["customer"] is None:
                raise Refused("payment_method_not_attached")
            method["customer"] = None
            return method
        raise Refused("no_such_path")

    def _charge_kept(self, params: dict[str, Any]) -> dict[str, Any]:
        """Charge a card without its owner, or decline as the bank would."""
        if self.objects[params["payment_method"]]["customer"] != params["customer"]:
            raise Refused("payment_method_unattached")
        made = self._add("pi", "payment_intent", **{**params, "amount": int(params["amount"])})
        made["status"] = "succeeded"
        if not self.declines:
            return made
        error = {"type": "card_error", "code": "card_declined", "decline_code": self.declines.pop(0)}
        made |= {"status": "requires_payment_method", "last_payment_error": error}
        return {"error": {**error, "payment_intent": made}}


class Refused(Exception):
    """Stripe says no; the text is its code."""


def unflattened(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][c]=d` as nested dictionaries."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        *parents, last = name.replace("]", "").split("[")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return found


def signed(event: dict[str, Any], at: datetime, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """An event's body and the header that Stripe would send with it."""
    body = json.dumps(event, indent=2)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(at.timestamp()))
    return body.encode(), {"stripe-signature": header}


@asynccontextmanager
async def fake_stripe(now: datetime) -> AsyncIterator[FakeStripe]:
    """A fresh account on a free port of loopback."""
    fake = FakeStripe(int(now.timestamp()))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.answer)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake
