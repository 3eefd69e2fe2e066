"""A provider end to end: the real library against a loopback server, webhooks over HTTP, the real books."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from aei_marketplace.adapters.billing.stripe import StripeBilling
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.billing.errors.invoices import RefundSettled
from aei_marketplace.billing.errors.mandates import ChargeUnderWay
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.service import collecting, crediting, invoicing, provider_events, refunding
from aei_marketplace.billing.service.reconciling import Report, reconcile
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports.billing import ProviderRefused, TransferOrder
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.sales import service as sales
from tests.billing.fake_stripe import KEY, SECRET, FakeStripe, fake_stripe, signed
from tests.billing.invoicing import draft, line, ready_to_sell
from tests.builders import Tenant, make_staff, make_tenant
from tests.clocks import Time
from tests.plugins import work_off
from tests.serving import serving


@dataclass
class Shop:
    """A marketplace whose provider is Stripe's library before a server on loopback."""

    deps: Deps
    urls: DatabaseUrls
    fake: FakeStripe
    buyer: Tenant
    finance: Actor
    creator: UUID

    async def issue(self, *nets: int) -> Invoice:
        """An invoice of the buyer."""
        async with self.deps.works.begin(self.buyer.admin) as work:
            lines = [line(net, creator=self.creator) for net in nets]
            return await invoicing.issue(work, draft(work, self.buyer.id, *lines))

    async def start(self, invoice: Invoice) -> str:
        """Have the buyer go and pay; the provider's name of the page."""
        url = await collecting.start_payment(
            self.deps, self.buyer.admin, uuid4().hex, invoice.id, "https://market.example/back"
        )
        return url.rsplit("/", 1)[1]

    async def deliver(self, *events: dict[str, Any]) -> list[bool]:
        """Have webhooks read in this order as the route does, and do the jobs that follow; which were new."""
        now, news = self.deps.works.clock(), []
        for event in events:
            told = self.deps.billing.read_webhook(*signed(event, now), now)
            async with self.deps.works.system(provider_events.JOB) as work:
                news.append(await provider_events.receive(work, "stripe", told))
        await work_off(self.deps)
        return news

    async def books(self, invoice: Invoice) -> dict[str, Any]:
        """What the books say about an invoice, whatever names they drew."""
        async with self.deps.works.system("tests") as work:
            standing = await invoicing.standing_of(work, invoice.id)
            notes = await crediting.notes_of(work, invoice.id)
            refunds = await refunding.refunds_of(work, invoice.id)
            booked = await sales.sales_of(work, {each.key for each in invoice.lines})
            told = await work.run(
                text("select event_id, state, reason from provider_events order by event_id")
            )
            return {
                "state": standing.state,
                "credited": standing.credited,
                "fee": standing.processor_fee,
                "notes": sorted(note.total for note in notes),
                "refunds": sorted((refund.amount, refund.state) for refund in refunds),
                "sales": sorted((s.gross, s.tax, s.reversed) for s in booked.values()),
                "events": {row.event_id: row.state for row in told},
            }

    async def refund_of(self, invoice: Invoice) -> tuple[UUID, str]:
        """The newest refund of an invoice, and its state."""
        async with self.deps.works.begin(self.finance) as work:
            newest = (await refunding.refunds_of(work, invoice.id))[-1]
        return newest.id, newest.state

    async def reconciled(self) -> Report:
        """The reconciliation of this month."""
        works = self.deps.works
        return await reconcile(works, self.deps.billing, self.finance, Period.of(works.clock()))


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts statements: the only member of the list."""
    plain, count = Work.run, [0]

    async def run(work: Work, *args: Any) -> Any:
        count[0] += 1
        return await plain(work, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Work, "run", run)
        yield count


HOOK = "/api/billing/webhooks/stripe"


@pytest.fixture
async def shop(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Shop]:
    """A shop with one buyer, who is charged 19 % tax."""
    buyer = await make_tenant(deps.works, "acme")
    creator = await make_tenant(deps.works, "studio")
    finance, _ = await make_staff(deps.works, "Finance")
    await ready_to_sell(deps.works, buyer, rate_bps=1900)
    async with fake_stripe(deps.works.clock()) as fake:
        provider = StripeBilling(KEY, [SECRET], fake.url, patience=20.0)
        yield Shop(replace(deps, billing=provider), urls, fake, buyer, finance, creator.id)
        await provider.close()


async def test_a_payment_a_refund_and_a_dispute_are_the_same_in_any_order_and_number(shop: Shop) -> None:
    seen = []
    for seed in range(3):
        invoice = await shop.issue(1000, 500)
        events = shop.fake.pay(await shop.start(invoice))
        intent = events[1]["data"]["object"]["id"]
        outside = shop.fake.refund(intent, 119)
        dispute, opened = shop.fake.dispute(intent, 595)
        closed = shop.fake.close(dispute, "won" if seed == 2 else "lost")
        events += [shop.fake.event("refund.created", outside), opened, closed]
        told = [*events, *events]
        random.Random(seed).shuffle(told) if seed else None
        news = await shop.deliver(*told)
        assert sum(news) == len(events)
        books = await shop.books(invoice)
        assert set(books.pop("events").values()) <= {"applied", "ignored"}
        seen.append(books)
    assert seen[0] == seen[1]
    assert seen[0]["state"] == "paid"
    assert seen[0]["fee"] == 1785 * 29 // 1000 + 30
    # A refund made at the provider is credited; so is what a lost dispute took, of which nothing goes back.
    assert (sum(seen[0]["notes"]), sum(seen[2]["notes"])) == (119 + 595, 119)
    assert seen[0]["refunds"] == [(119, "returned")]
    assert sum(reversed_ for _, _, reversed_ in seen[0]["sales"]) == 119 + 595
    assert sum(reversed_ for _, _, reversed_ in seen[2]["sales"]) == 119
    assert (await shop.reconciled()).differences == ()


async def test_a_payment_that_is_not_what_was_asked_for_settles_nothing(shop: Shop) -> None:
    invoice = await shop.issue(1000)
    paid = shop.fake.pay(await shop.start(invoice))[1]
    less, elsewhere = shop.fake.event("payment_intent.succeeded", paid["data"]["object"]), None
    less["data"]["object"]["amount_received"] = 1189
    elsewhere = shop.fake.event("payment_intent.succeeded", paid["data"]["object"])
    elsewhere["data"]["object"]["currency"] = "eur"
    strange = shop.fake.event("payment_intent.succeeded", paid["data"]["object"])
    strange["data"]["object"] |= {"id": "pi_strange", "metadata": {"aei_payment": str(uuid4())}}
    await shop.deliver(less, elsewhere, strange)
    books = await shop.books(invoice)
    assert books["state"] == "open"
    assert books["events"] == {less["id"]: "rejected", elsewhere["id"]: "rejected", strange["id"]: "parked"}
    report = await shop.reconciled()
    assert sorted(each.kind for each in report.differences) == ["missing_here", *["unsettled"] * 3]
    await shop.deliver(paid)
    assert (await shop.books(invoice))["state"] == "paid"
    intent = paid["data"]["object"]["id"]
    nothing = {"id": "re_0", "amount": 0, "currency": "usd", "status": "succeeded", "payment_intent": intent}
    disputed = {**nothing, "id": "dp_0", "status": "lost", "created": shop.fake.now}
    told = [
        shop.fake.event("refund.created", nothing),
        shop.fake.event("charge.dispute.created", disputed),
    ]
    await shop.deliver(*told)
    events = (await shop.books(invoice))["events"]
    assert {events[each["id"]] for each in told} == {"rejected"}


async def test_money_for_an_invoice_that_staff_settled_meanwhile_is_told_and_not_booked(shop: Shop) -> None:
    invoice = await shop.issue(1000)
    paid = shop.fake.pay(await shop.start(invoice))[1]
    async with shop.deps.works.begin(shop.finance) as work:
        await crediting.credit_whole(work, invoice.id, "not wanted")
    await shop.deliver(paid)
    books = await shop.books(invoice)
    assert (books["state"], books["events"]) == ("credited", {paid["id"]: "rejected"})
    async with shop.deps.works.begin(shop.finance) as work:
        told = (
            (await work.run(text("select kind from notices where kind = 'billing.rejected'"))).scalars().all()
        )
    assert told == ["billing.rejected"]


async def test_a_kill_between_call_and_commit_has_nothing_done_twice(shop: Shop, time: Time) -> None:
    invoice = await shop.issue(1000, 500)
    shop.fake.lose_answer = True  # carried out there, and never heard of here
    first, second = await asyncio.gather(shop.start(invoice), shop.start(invoice), return_exceptions=True)
    assert all(isinstance(each, str | Unavailable) for each in (first, second))
    pages = {page for page in (first, second) if isinstance(page, str)} | {await shop.start(invoice)}
    assert len(pages) == 1
    assert shop.fake.calls == ["/v1/customers", "/v1/checkout/sessions"]
    await shop.deliver(*shop.fake.pay(pages.pop()))
    async with shop.deps.works.begin(shop.finance) as work:
        note = await crediting.credit(work, invoice.id, invoice.lines[0].key, 119, "a tenth of it")
    shop.fake.lose_answer = True
    await work_off(shop.deps)
    async with shop.deps.works.system("tests") as work:
        # As a process leaves it that ends after the call: owed still, without an answer.
        await work.run(text("update refunds set state = 'owed', reference = null, settled_at = null"))
        (refund,) = await refunding.refunds_of(work, invoice.id)
    await refunding.return_forgotten(shop.deps)
    assert await shop.refund_of(invoice) == (refund.id, "owed")  # the job may still be at it
    time.ahead += timedelta(minutes=11)
    await refunding.return_forgotten(shop.deps)
    await refunding.return_money(shop.deps, refund.id)
    assert await shop.refund_of(invoice) == (refund.id, "returned")
    assert shop.fake.calls[2:] == ["/v1/refunds"]
    made = next(each for each in shop.fake.objects.values() if each["object"] == "refund")
    await shop.deliver(shop.fake.event("refund.created", made), shop.fake.event("refund.updated", made))
    books = await shop.books(invoice)
    assert (books["refunds"], books["notes"]) == ([(note.total, "returned")], [119])


async def test_a_refund_that_takes_a_while_ends_as_the_provider_tells(shop: Shop, time: Time) -> None:
    invoice = await shop.issue(1000, 500)
    await shop.deliver(*shop.fake.pay(await shop.start(invoice)))
    shop.fake.slow = True
    for line_, status, state in ((0, "succeeded", "returned"), (1, "failed", "failed")):
        async with shop.deps.works.begin(shop.finance) as work:
            await crediting.credit(work, invoice.id, invoice.lines[line_].key, 119, "late")
        await work_off(shop.deps)
        refund_id, asked = await shop.refund_of(invoice)
        with pytest.raises(RefundSettled):
            async with shop.deps.works.begin(shop.finance) as work:
                await refunding.mark_as_returned(work, refund_id, "by hand")
        made = [each for each in shop.fake.objects.values() if each["object"] == "refund"][-1]
        await shop.deliver(shop.fake.event("refund.updated", {**made, "status": status}))
        assert (asked, (await shop.refund_of(invoice))[1]) == ("asked", state)
    async with shop.deps.works.begin(shop.finance) as work:
        await crediting.credit(work, invoice.id, invoice.lines[0].key, 5, "nobody asked in time")
    time.ahead += timedelta(hours=21)
    called = len(shop.fake.calls)
    await work_off(shop.deps)
    assert ((await shop.refund_of(invoice))[1], len(shop.fake.calls)) == ("failed", called)


async def test_a_page_that_asks_for_too_much_ends_at_the_provider_before_another_opens(shop: Shop) -> None:
    invoice, pages = await shop.issue(1000), []
    for amount in (100, 200, 300):
        pages.append(await shop.start(invoice))
        async with shop.deps.works.begin(shop.finance) as work:
            await invoicing.credit(work, invoice.id, invoice.lines[0].key, amount, "It was down.")
        if amount == 200:  # the buyer was quicker
            events = shop.fake.pay(pages[-1])
            with pytest.raises(ChargeUnderWay):
                await shop.start(invoice)
            await shop.deliver(*events)  # too much: staff are told, and the rest can be paid
    assert [shop.fake.objects[page]["status"] for page in pages] == ["expired", "complete", "open"]
    pages.append(await shop.start(invoice))
    assert [shop.fake.objects[page]["status"] for page in pages[2:]] == ["expired", "open"]
    await shop.deliver(*shop.fake.pay(pages[-1]))
    books = await shop.books(invoice)
    assert (books["state"], sorted(books["events"].values()).count("rejected")) == ("paid", 1)


async def test_a_provider_that_is_down_or_refuses_leaves_the_invoice_as_it_was(shop: Shop) -> None:
    invoice = await shop.issue(1000)
    shop.fake.down = True
    with pytest.raises(Unavailable):
        await shop.start(invoice)
    shop.fake.down = False
    page = await shop.start(invoice)
    assert await shop.start(invoice) == page
    paid = shop.fake.pay(page)[1]
    await shop.deliver(paid)
    refused = replace(shop.deps, billing=StripeBilling("sk_test_wrong", [SECRET], shop.fake.url))
    waiting = await shop.issue(5)
    with pytest.raises(Unavailable) as refusal:
        await collecting.start_payment(refused, shop.buyer.admin, "t", waiting.id, "https://x.example")
    # A key that is mended takes up what was asked for: it is not refused for good.
    assert not isinstance(refusal.value, ProviderRefused)
    assert KEY not in str(refusal.value)
    assert "sk_test" not in refusal.value.detail
    intent = paid["data"]["object"]["id"]
    shop.fake.refund(intent, 1190)
    async with shop.deps.works.begin(shop.finance) as work:
        await crediting.credit_whole(work, invoice.id, "not as described")
    await work_off(shop.deps)
    async with shop.deps.works.begin(shop.finance) as work:
        (owed,) = await refunding.refunds_of(work, invoice.id)
        assert (owed.state, owed.problem) == ("failed", "Stripe refuses: 400 charge_already_refunded")
        done = await refunding.mark_as_returned(work, owed.id, "by hand")
    assert done.state == "returned"
    await refused.billing.close()  # type: ignore[attr-defined]  # the adapter's own


async def test_forged_replayed_and_oversized_webhooks_change_nothing(shop: Shop) -> None:
    invoice = await shop.issue(1000)
    paid = shop.fake.pay(await shop.start(invoice))[1]
    now = shop.deps.works.clock()
    body, headers = signed(paid, now)
    async with serving(create_app(shop.deps, shop.urls.app)) as client:
        forged = [
            (HOOK, body.replace(b"1190", b"9990"), headers, 400),
            (HOOK, body, {}, 400),
            (HOOK, *signed(paid, now - timedelta(minutes=10)), 400),
            (HOOK, *signed(paid, now + timedelta(days=1)), 400),
            (HOOK, b" " * 600_000, headers, 413),
            ("/api/billing/webhooks/manual", body, headers, 404),
            ("/api/billing/webhooks/paypal", body, headers, 404),
        ]
        for path, sent, with_headers, status in forged:
            answer = await client.post(path, data=sent, headers=with_headers)
            assert answer.status == status, (path, answer.body)
        assert (await shop.books(invoice))["events"] == {}
        token = shop.buyer.tokens["Admin"]
        page = await client.get(f"/admin/spend/invoices/{invoice.id}", token)
        assert b'href="https://checkout.example/cs_' in page.body
        opened = await client.post(f"/api/billing/invoices/{invoice.id}/payment", token)
        assert opened.json["url"].encode() in page.body
        told = [await client.post(HOOK, data=body, headers=headers) for _ in range(3)]
    assert [answer.json["new"] for answer in told] == [True, False, False]
    await work_off(shop.deps)
    assert (await shop.books(invoice))["state"] == "paid"


async def test_the_report_names_what_one_side_does_not_know(shop: Shop) -> None:
    invoice = await shop.issue(1000)
    paid = shop.fake.pay(await shop.start(invoice))[1]
    await shop.deliver(paid)
    with counted() as of_one:
        assert (await shop.reconciled()).differences == ()
    for _ in range(2):
        await shop.deliver(*shop.fake.pay(await shop.start(await shop.issue(700, 300))))
    with counted() as of_three:
        assert (await shop.reconciled()).differences == ()
    assert of_three == of_one
    await shop.deps.billing.transfer(TransferOrder(uuid4(), "acct_1", 850, "USD"), "transfer/1")
    await shop.deps.billing.transfer(TransferOrder(uuid4(), "acct_2", 85, "USD"), "transfer/2")
    shop.fake.refund(paid["data"]["object"]["id"], 90)  # nobody told us
    shop.fake.movements[0]["amount"] = 1189
    report = await shop.reconciled()
    assert {(each.kind, each.what, each.ours, each.theirs) for each in report.differences} == {
        ("amount_differs", "payment", 1190, 1189),
        ("missing_here", "refund", None, -90),
    }
    assert [(each.kind, each.ours, each.theirs) for each in report.sums] == [
        ("payment", 3 * 1190, 3 * 1190 - 1),
        ("refund", 0, -90),
        ("transfer", 0, -935),
    ]
    shop.fake.movements.clear()
    assert [each.kind for each in (await shop.reconciled()).differences] == ["missing_there"] * 3


#: Recorded from a replica of Stripe; looked for beside the repository, and not part of it.
RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "stripe-events-recorded.json"


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded events are not beside the repository")
@pytest.mark.parametrize("seed", [None, 7], ids=["in_order", "shuffled_and_doubled"])
async def test_recorded_events_give_the_same_books(shop: Shop, seed: int | None) -> None:
    events: list[dict[str, Any]] = json.loads(RECORDED.read_bytes())
    told = list(reversed(events))  # they were recorded with the newest first
    if seed is not None:
        told += events
        random.Random(seed).shuffle(told)
    about = [event["data"]["object"] for event in events]
    shop.fake.objects |= {
        each["id"]: each for each in about if each["object"] in ("payment_intent", "charge")
    }
    for charge in [each for each in about if each["object"] == "charge"]:
        moved = {"id": charge["balance_transaction"], "fee": 30, "currency": charge["currency"]}
        shop.fake.objects[moved["id"]] = moved
    books = {}
    for event in [event for event in events if event["type"] == "payment_intent.succeeded"]:
        intent = event["data"]["object"]
        shop.fake.objects[intent["id"]] = intent
        invoice = await shop.issue({3000: 2521, 2500: 2101, 1999: 1680}[intent["amount"]])
        assert invoice.total == intent["amount"]
        await shop.start(invoice)
        async with shop.deps.works.system("tests") as work:
            # Here the page has the name under which the replica recorded the payment.
            named = "update payments set collection = :intent where invoice_id = :invoice"
            await work.run(text(named), {"intent": intent["id"], "invoice": invoice.id})
        books[intent["id"]] = invoice
    assert sum(await shop.deliver(*told)) == 28
    found = [(invoice.total, await shop.books(invoice)) for invoice in books.values()]
    assert Counter(found[0][1]["events"].values()) == {"ignored": 18, "applied": 10}
    assert sorted((total, b["state"], sum(b["notes"]), b["refunds"]) for total, b in found) == [
        (1999, "paid", 0, []),
        (1999, "paid", 1999, [(500, "returned"), (1499, "returned")]),
        (2500, "paid", 0, []),  # disputed, and won
        (3000, "paid", 3000, []),  # disputed, and lost: what the bank took is credited, and not returned
    ]
    assert sorted((total, b["sales"][0][2]) for total, b in found) == [
        (1999, 0),
        (1999, 1999),
        (2500, 0),
        (3000, 3000),
    ]
