"""Stripe without a network: amounts, events, signatures."""

import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.billing.stripe import StripeBilling
from aei_marketplace.adapters.billing.stripe_amounts import AmountStrange, from_stripe, to_stripe
from aei_marketplace.adapters.billing.stripe_events import read_event
from aei_marketplace.adapters.billing.stripe_outcomes import outcome, page_outcome
from aei_marketplace.ground.ports.billing import (
    DisputeSeen,
    Irrelevant,
    MethodKept,
    PaymentFailed,
    PaymentSeen,
    RefundSeen,
    TransferBack,
    WebhookRefused,
)
from aei_marketplace.settings import SettingsError, load_settings
from aei_marketplace.wiring import open_billing
from tests.billing.fake_stripe import KEY, SECRET, signed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAID = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "created": int(NOW.timestamp()),
    "data": {"object": {"id": "pi_1", "amount_received": 1999, "currency": "usd", "metadata": {}}},
}


@pytest.mark.parametrize(
    ("amount", "currency", "stripes"),
    [
        (1999, "USD", 1999),
        (500, "JPY", 500),
        (15000, "KWD", 15000),
        (700, "ISK", 70000),
        (3600, "UGX", 360000),
        (500, "MGA", 5),
        (12345, "HUF", 12345),
        (12345, "TWD", 12345),
    ],
)
def test_amounts_have_stripes_own_number_of_digits(amount: int, currency: str, stripes: int) -> None:
    assert to_stripe(amount, currency) == stripes
    assert from_stripe(stripes, currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "out"),
    [
        (15001, "KWD", False),
        (501, "MGA", False),
        (12345, "HUF", True),
        (150, "TWD", True),
        (5, "CLF", False),
        (5, "IQD", False),
        (5, "XXX", False),
    ],
)
def test_amounts_that_stripe_does_not_take_are_refused(amount: int, currency: str, out: bool) -> None:
    with pytest.raises(AmountStrange):
        to_stripe(amount, currency, out=out)


def test_a_fraction_of_a_krona_is_no_amount() -> None:
    with pytest.raises(AmountStrange):
        from_stripe(150, "ISK")


@given(st.integers(1, 10**9), st.sampled_from(["USD", "JPY", "ISK", "UGX", "HUF", "KRW"]))
def test_an_amount_comes_back_as_it_was_sent(amount: int, currency: str) -> None:
    assert from_stripe(to_stripe(amount, currency), currency) == amount


def test_a_signed_event_of_now_is_read() -> None:
    told = _provider().read_webhook(*signed(PAID, NOW), NOW)
    assert (told.event_id, told.kind) == ("evt_1", "payment_intent.succeeded")
    assert told.seen == PaymentSeen("pi_1", None, 1999, "USD")


def test_what_stripe_did_not_sign_just_now_is_refused() -> None:
    body, headers = signed(PAID, NOW)
    compact = json.dumps(json.loads(body)).encode()
    old = signed(PAID, NOW - timedelta(minutes=6))
    stamp = f"t={int(NOW.timestamp())}"
    forgeries = {
        "tampered": (body.replace(b"1999", b"9999"), headers),
        "re-serialised": (compact, headers),
        "without a header": (body, {}),
        "with another secret": signed(PAID, NOW, "whsec_another"),
        "old": old,
        "of the future": signed(PAID, NOW + timedelta(minutes=6)),
        "old beside a new time": (old[0], {"stripe-signature": f"{old[1]['stripe-signature']},{stamp}"}),
        "old after a new time": (old[0], {"stripe-signature": f"{stamp},{old[1]['stripe-signature']}"}),
        "old after a new time apart": (
            old[0],
            {"stripe-signature": f" {stamp},{old[1]['stripe-signature']}"},
        ),
        "not text": (b"\xff\xfe", headers),
        "a header that is no ASCII": (body, {"stripe-signature": "t=1,v1=ü"}),
        "a header that is nonsense": (body, {"stripe-signature": "=,=,t"}),
        "an endless time": (body, {"stripe-signature": "t=" + "9" * 400 + ",v1=aa"}),
        "no event": signed({"id": 7}, NOW),
        "an amount of half a cent": signed(_with(PAID, amount_received=19.5), NOW),
        "a currency of no country": signed(_with(PAID, currency="zzz"), NOW),
    }
    for name, (sent, with_headers) in forgeries.items():
        with pytest.raises(WebhookRefused):
            _provider().read_webhook(sent, with_headers, NOW)
            pytest.fail(name)


def test_the_library_takes_a_time_that_has_not_come_which_is_why_it_is_checked_here() -> None:
    body, headers = signed(PAID, NOW + timedelta(days=36_500))
    assert stripe.WebhookSignature.verify_header(body, headers["stripe-signature"], SECRET, 300)


def test_a_second_secret_signs_while_it_takes_the_firsts_place() -> None:
    provider = StripeBilling(KEY, ["whsec_first", SECRET])
    assert provider.read_webhook(*signed(PAID, NOW), NOW).event_id == "evt_1"


def test_of_events_that_tell_the_same_one_is_read() -> None:
    refund = {"id": "re_1", "amount": 5, "currency": "usd", "payment_intent": "pi_1", "status": "pending"}
    dispute = {"id": "du_1", "amount": 5, "currency": "usd", "payment_intent": "pi_1", "status": "lost"}
    dispute |= {"created": 1, "balance_transactions": [{"fee": 1500, "currency": "usd"}]}
    assert _seen("charge.succeeded", {}) == Irrelevant("nothing is done about such events")
    assert _seen("charge.refunded", refund) == Irrelevant("nothing is done about such events")
    assert _seen("refund.created", refund) == RefundSeen("re_1", None, "pi_1", 5, "USD", "asked")
    opened, closed = _seen("charge.dispute.created", dispute), _seen("charge.dispute.closed", dispute)
    assert isinstance(opened, DisputeSeen)
    assert isinstance(closed, DisputeSeen)
    assert (opened.state, closed.state, closed.fee) == ("opened", "lost", 1500)
    back = {"id": "tr_1", "amount_reversed": 70000, "currency": "isk", "metadata": {"aei_payout": "no id"}}
    assert _seen("transfer.reversed", back) == TransferBack("tr_1", None, 700, "ISK")
    inquiry = _seen("charge.dispute.created", dispute | {"status": "warning_needs_response"})
    assert inquiry == Irrelevant("an inquiry: no money moves")


def test_cards_that_are_kept_and_charges_that_are_declined_are_read() -> None:
    ours = uuid4()
    setup = {"id": "seti_1", "customer": "cus_1", "payment_method": "pm_1", "usage": "off_session"}
    kept = _seen("setup_intent.succeeded", setup | {"metadata": {"aei_mandate": str(ours)}})
    assert kept == MethodKept(ours, "cus_1", "pm_1")
    assert _seen("setup_intent.succeeded", setup) == MethodKept(None, "cus_1", "pm_1")
    nobodys = _seen("setup_intent.succeeded", setup | {"customer": None})
    assert nobodys == Irrelevant("a method of payment that belongs to nobody")
    intent = {"id": "pi_1", "metadata": {"aei_payment": str(ours)}}
    for error, reason, final in (
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds", False),
        ({"code": "authentication_required"}, "authentication_required", True),
        (None, "no reason given", False),
    ):
        failed = _seen("payment_intent.payment_failed", intent | {"last_payment_error": error})
        assert failed == PaymentFailed("pi_1", ours, reason, final)


def _seen(kind: str, about: dict[str, object]) -> object:
    return read_event(json.dumps({**PAID, "type": kind, "data": {"object": about}}).encode()).seen


def _with(event: dict[str, object], **changes: object) -> dict[str, object]:
    copy = json.loads(json.dumps(event))
    copy["data"]["object"] |= changes
    return copy


def _provider() -> StripeBilling:
    return StripeBilling(KEY, [SECRET])


def test_stripe_is_set_up_from_files_and_only_over_https(tmp_path: Path) -> None:
    key, secret = tmp_path / "key", tmp_path / "secret"
    key.write_text(f"{KEY}\n")
    secret.write_text(f"{SECRET}\nwhsec_next\n")
    chosen = {"data": tmp_path, "billing_provider": "stripe"}
    files = {"stripe_key_file": key, "stripe_webhook_secret_file": secret}
    for unfit in ({}, {"stripe_key_file": key}, {**files, "stripe_url": "http://api.stripe.example"}):
        with pytest.raises(SettingsError, match="stripe"):
            load_settings({**chosen, **unfit}, {}, tmp_path)
    settings = load_settings({**chosen, **files}, {}, tmp_path)
    provider = open_billing(settings, AsyncExitStack())
    assert (provider.name, provider.online) == ("stripe", True)
    assert provider.read_webhook(*signed(PAID, NOW), NOW).event_id == "evt_1"
    assert KEY not in repr(settings) + repr(provider)
    key.write_text("")
    with pytest.raises(SettingsError, match="one key"):
        open_billing(settings, AsyncExitStack())
    plain = open_billing(load_settings({"data": tmp_path}, {}, tmp_path), AsyncExitStack())
    assert (plain.name, plain.online) == ("manual", False)


OURS = UUID(int=7)
LOST = SimpleNamespace(code="card_declined", decline_code="lost_card")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ("succeeded", None, PaymentSeen("pi_1", OURS, 1999, "USD")),
        ("processing", None, None),
        ("requires_action", None, None),
        ("requires_payment_method", LOST, PaymentFailed("pi_1", OURS, "lost_card", final=True)),
        ("canceled", None, PaymentFailed("pi_1", OURS, "no reason given", final=False)),
    ],
)
def test_a_payment_that_is_looked_up_is_paid_declined_or_under_way(
    status: str, error: SimpleNamespace | None, expected: PaymentSeen | PaymentFailed | None
) -> None:
    intent = SimpleNamespace(
        id="pi_1", status=status, amount_received=1999, currency="usd", last_payment_error=error
    )
    assert outcome(intent, OURS) == expected
    paid_on = SimpleNamespace(id="cs_1", status="complete", payment_intent=intent)
    assert page_outcome(paid_on, OURS) == expected


def test_a_page_that_is_looked_up_has_ended_only_where_nobody_can_pay_on_it_any_more() -> None:
    page = SimpleNamespace(id="cs_1", status="open", payment_intent=None)
    assert page_outcome(page, OURS) is None
    page.status = "expired"
    assert page_outcome(page, OURS) == PaymentFailed("cs_1", OURS, "the page has ended", final=False)
