"""Renewals charged to a kept card: the real library, a server on loopback, the real books, passing time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aei_marketplace.accounts.events import TenantClosed
from aei_marketplace.adapters.billing.stripe import StripeBilling
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.billing.errors.mandates import ChargeUnderWay, ConsentUnfit, MandateUnfit
from aei_marketplace.billing.rules.mandates import TERMS
from aei_marketplace.billing.rules.purchases import Purchase
from aei_marketplace.billing.service import (
    collecting,
    consents,
    invoicing,
    mandates,
    provider_events,
    purchases,
    renewals,
)
from aei_marketplace.billing.service.looking_up import look_up_silent
from aei_marketplace.billing.service.renewal_charges import charge_renewals
from aei_marketplace.billing.store import charges
from aei_marketplace.billing.store import purchases as purchase_store
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed, Unavailable
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports.billing import Collection, KeptBill, MandateWanted, ProviderRefused
from aei_marketplace.notices import service as notices
from aei_marketplace.sales import service as sales
from tests.billing.fake_stripe import KEY, SECRET, FakeStripe, fake_stripe, signed
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import MONTHLY, buy, finance, look, pay_all, publish_priced
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.plugins import work_off
from tests.serving import serving

BACK = "https://market.example/back"


@dataclass
class Shop:
    """A marketplace that charges by Stripe's library, with a buyer of a monthly plugin."""

    deps: Deps
    urls: DatabaseUrls
    fake: FakeStripe
    acme: Tenant
    globex: Tenant
    staff: Actor
    time: Time
    bought: Purchase

    async def ask(self) -> str:
        """Have the buyer agree; the provider's name of the page that keeps a card."""
        url = await mandates.start_mandate(self.deps, self.globex.admin, uuid4().hex, TERMS, BACK)
        return url.rsplit("/", 1)[1]

    async def keep_card(self) -> None:
        """Have the buyer agree and name a card."""
        await self.deliver(self.fake.name_card(await self.ask()))

    async def deliver(self, *events: dict[str, Any]) -> list[str]:
        """Have webhooks read, and do the jobs that follow; what became of each."""
        now = self.deps.works.clock()
        for event in events:
            told = self.deps.billing.read_webhook(*signed(event, now), now)
            async with self.deps.works.system(provider_events.JOB) as work:
                await provider_events.receive(work, "stripe", told)
        await work_off(self.deps)
        async with self.deps.works.system("tests") as work:
            rows = await work.run(text("select event_id, state from provider_events"))
            states = {row.event_id: row.state for row in rows}
        return [states[event["id"]] for event in events]

    async def pass_time(self, until: datetime) -> int:
        """Let time pass and do what the job process does then; how often the provider was asked."""
        self.time.ahead = until - datetime.now(UTC)
        await renewals.renew_due(self.deps.works)
        await renewals.suspend_overdue(self.deps.works)
        asked = await charge_renewals(self.deps)
        await work_off(self.deps)
        return asked

    async def newest_invoice(self) -> UUID:
        """The invoice of the present period."""
        async with self.deps.works.system("tests") as work:
            return (await charges.of_purchases(work, [self.bought.id]))[0].invoice_id

    async def state(self) -> str:
        """How the invoice of the present period stands."""
        invoice_id = await self.newest_invoice()
        async with self.deps.works.system("tests") as work:
            return (await invoicing.standing_of(work, invoice_id)).state

    async def told(self, kind: str) -> list[str]:
        """What notices of a kind say, the oldest first."""
        async with self.deps.works.begin(self.globex.admin) as work:
            found = await notices.list_notices(work, PageWanted(100))
        of_kind = [each.words for each in found.page.items if each.kind == kind]
        return [f"{words.title} {words.text}" for words in reversed(of_kind)]

    def intents(self) -> int:
        """How many charges the provider carried out or declined."""
        return self.fake.calls.count("/v1/payment_intents")


@pytest.fixture
async def shop(deps: Deps, urls: DatabaseUrls, time: Time) -> AsyncIterator[Shop]:
    """A shop whose buyer has paid the first month by hand, with 19 % tax."""
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await ready_to_sell(deps.works, globex, rate_bps=1900)
    staff = await finance(deps)
    async with fake_stripe(deps.works.clock()) as fake:
        provider = StripeBilling(KEY, [SECRET], fake.url, patience=20.0)
        online = replace(deps, billing=provider)
        await publish_priced(online, acme, MONTHLY)
        bought = await buy(online, globex, MONTHLY)
        await pay_all(online, staff, bought)
        bought = await look(online, globex, bought)
        yield Shop(online, urls, fake, acme, globex, staff, time, bought)
        await provider.close()


class Killed(BaseException):
    """The process ends here."""


class Dying(StripeBilling):
    """Ends the process in the middle of a charge: before the provider hears of it, or after it is done."""

    carries_out = False

    async def charge_kept(self, bill: KeptBill, key: str, /) -> str:
        if self.carries_out:
            await super().charge_kept(bill, key)
        raise Killed


def ends(shop: Shop) -> datetime:
    """When the first period is over, and a moment more."""
    assert shop.bought.period_end is not None
    return shop.bought.period_end + timedelta(minutes=1)


async def test_a_renewal_is_charged_once_by_workers_that_run_at_once_and_are_killed_between_steps(
    shop: Shop,
) -> None:
    assert await shop.pass_time(ends(shop) - timedelta(days=1)) == 0
    await shop.keep_card()
    shop.time.ahead = ends(shop) - datetime.now(UTC)
    await renewals.renew_due(shop.deps.works)
    for minutes, carried_out in ((0, False), (11, True)):
        shop.time.ahead += timedelta(minutes=minutes)
        dying = Dying(KEY, [SECRET], shop.fake.url)
        dying.carries_out = carried_out
        with pytest.raises(Killed):
            await charge_renewals(replace(shop.deps, billing=dying))
        await dying.close()
        assert shop.intents() == carried_out
        # For ten minutes whoever reserved it may still be at it.
        assert carried_out or await charge_renewals(shop.deps) == 0
    invoice_id = await shop.newest_invoice()
    with pytest.raises(ChargeUnderWay):
        await collecting.start_payment(shop.deps, shop.globex.admin, "t", invoice_id, BACK)
    await asyncio.gather(*(charge_renewals(shop.deps) for _ in range(3)))
    (intent,) = shop.fake.charged()
    assert (intent["amount"], intent["off_session"], intent["confirm"]) == (1071, "true", "true")
    assert (shop.intents(), await shop.state()) == (1, "open")

    events = shop.fake.told_of(intent)
    assert (await shop.deliver(*events, *events))[:2] == ["ignored", "applied"]
    assert await shop.state() == "paid"
    assert await shop.pass_time(ends(shop) + timedelta(days=5)) == 0
    renewed = await look(shop.deps, shop.globex, shop.bought)
    assert (renewed.state, renewed.periods) == ("active", 2)
    (said,) = await shop.told("renewal.charged")
    assert "USD 10.71" in said
    assert "Visa ending in 4242, until 2031-05" in said
    async with shop.deps.works.system("tests") as work:
        newest = (await charges.of_purchases(work, [shop.bought.id]))[0]
        sold = await sales.sale_of(work, newest.key)
    assert sold is not None
    assert (sold.gross, sold.tax) == (900, 171)


async def test_what_is_declined_is_tried_again_told_suspended_and_goes_on_with_another_card(
    shop: Shop,
) -> None:
    await shop.keep_card()
    (card,) = (each for each in shop.fake.objects.values() if each["object"] == "payment_method")
    once_more = shop.fake.name_card(await shop.ask())
    once_more["data"]["object"]["payment_method"] = card["id"]
    await shop.deliver(once_more)  # the card that is kept already is not forgotten
    shop.fake.declines = ["insufficient_funds"] * 4
    start, asked = ends(shop), {}
    for day in range(17):
        if count := await shop.pass_time(start + timedelta(days=day, hours=day)):
            asked[day] = count
    assert asked == {0: 1, 3: 1, 7: 1, 12: 1}
    assert shop.intents() == 4
    refused = shop.fake.charged()[0]
    assert await shop.deliver(*shop.fake.told_of(refused)) == ["ignored"]  # known from the answer
    said = await shop.told("renewal.declined")
    assert [("tried again on" in each, "insufficient_funds" in each) for each in said] == [
        *[(True, True)] * 3,
        (False, True),
    ]
    assert "not tried again by itself" in said[-1]
    owed = await look(shop.deps, shop.globex, shop.bought)
    assert (owed.state, owed.gives_access(shop.time.now())) == ("suspended", False)

    await shop.keep_card()
    assert shop.fake.calls[-1].endswith("/detach")  # the card before is forgotten
    shop.fake.declines = ["lost_card"]
    for day in (17, 20, 24):
        await shop.pass_time(start + timedelta(days=day))
    said = await shop.told("renewal.declined")
    assert ["runs until" in each for each in said] == [True, True, True, True, False]
    assert shop.intents() == 5  # a lost card is asked once
    await shop.keep_card()
    assert await shop.pass_time(start + timedelta(days=25)) == 1
    await shop.deliver(*shop.fake.told_of(shop.fake.charged()[-1]))
    again = await look(shop.deps, shop.globex, shop.bought)
    assert (await shop.state(), again.state, again.gives_access(shop.time.now())) == ("paid", "active", True)


async def test_what_is_cancelled_or_costs_more_than_was_agreed_to_is_not_charged_by_itself(
    shop: Shop,
) -> None:
    await shop.keep_card()
    await shop.pass_time(shop.time.now() + timedelta(days=10))
    await publish_priced(shop.deps, shop.acme, {**MONTHLY, "amount_minor": 1200}, "1.1.0")
    await shop.pass_time(ends(shop))  # renews before the notice is over, at the old price
    await shop.deliver(*shop.fake.told_of(shop.fake.charged()[-1]))
    renewed = await look(shop.deps, shop.globex, shop.bought)
    assert renewed.period_end is not None
    assert await shop.pass_time(renewed.period_end + timedelta(minutes=1)) == 0
    (said,) = await shop.told("renewal.consent_wanted")
    assert "USD 12.00 a month" in said
    dearer = await look(shop.deps, shop.globex, shop.bought)
    async with shop.deps.works.begin(shop.globex.admin) as work:
        assert list(await consents.prices_to_agree(work, [dearer])) == [shop.bought.id]
        with pytest.raises(ConsentUnfit):
            await consents.agree_to_price(work, shop.bought.id, uuid4())
    async with shop.deps.works.begin(shop.globex.admin) as work:
        cancelled = await purchases.cancel(work, shop.bought.id)
        assert await consents.prices_to_agree(work, [cancelled]) == {}
        await consents.agree_to_price(work, shop.bought.id, dearer.price_id)
    assert await charge_renewals(shop.deps) == 0  # nobody wants it any more
    async with shop.deps.works.begin(shop.globex.admin) as work:
        await purchases.resume(work, shop.bought.id)
        assert await consents.prices_to_agree(work, [dearer]) == {}
    for closed, asked in (("now()", 0), ("null", 1)):  # what is closed pays for nothing by itself
        async with shop.deps.works.system("tests") as work:
            await work.run(text(f"update tenants set closed_at = {closed} where slug = 'globex'"))
        at_once = await asyncio.gather(*(charge_renewals(shop.deps) for _ in range(3)))
        assert sum(at_once) == asked
    assert shop.fake.charged()[-1]["amount"] == 1428
    async with shop.deps.works.system("tests") as work:
        await work.run(text("update tenants set closed_at = now() where slug = 'globex'"))
    await shop.pass_time(shop.time.now() + timedelta(days=32))
    async with shop.deps.works.system("tests") as work:
        over = await purchase_store.find(work, shop.bought.id)
    assert (over and over.state, over and over.ended_because) == ("ended", "the tenant is closed")


async def test_a_charge_and_a_page_never_collect_the_same_and_what_has_no_answer_is_asked_once_a_day_at_most(
    shop: Shop,
) -> None:
    await shop.pass_time(ends(shop))
    invoice_id = await shop.newest_invoice()
    url = await collecting.start_payment(shop.deps, shop.globex.admin, "t", invoice_id, BACK)
    shop.fake.now = int(shop.time.now().timestamp())
    async with shop.deps.works.system("tests") as work:
        until = shop.time.now() + timedelta(days=1)
        await work.run(
            text("update payments set url_until = :until where url = :url"), {"until": until, "url": url}
        )
    await shop.keep_card()
    assert await charge_renewals(shop.deps) == 0  # the page is open
    reserved = until + timedelta(hours=2)
    assert await shop.pass_time(reserved) == 0  # nobody has asked yet whether it was paid
    assert await look_up_silent(shop.deps) == 1
    shop.fake.down = True
    assert await shop.pass_time(reserved) == 1
    shop.fake.down = False
    assert await shop.pass_time(reserved + timedelta(hours=21)) == 0
    (said,) = await shop.told("renewal.declined")
    assert "nobody knows whether the card was charged" in said
    assert "No card is charged for it any more" in said
    await shop.keep_card()  # another card may pay what the one before has paid
    assert await shop.pass_time(reserved + timedelta(days=4)) == 0
    # The provider had carried it out after all, and tells so late.
    async with shop.deps.works.system("tests") as work:
        name = (await work.run(text("select id from payments where mandate_id is not null"))).scalar_one()
    paid = shop.fake._add("pi", "payment_intent", amount=1071, currency="usd", metadata={})
    events = shop.fake._succeed(paid, {"aei_payment": str(name)})
    assert (await shop.deliver(*events))[-1] == "applied"
    assert (shop.intents(), await shop.state()) == (0, "paid")


async def test_what_a_bank_takes_days_for_is_neither_charged_nor_paid_on_another_page_until_it_answers(
    shop: Shop,
) -> None:
    await shop.pass_time(ends(shop))
    invoice_id, start, admin = await shop.newest_invoice(), shop.time.now(), shop.globex.admin
    shop.fake.now = int(start.timestamp())
    pages = [await collecting.start_payment(shop.deps, admin, "t", invoice_id, BACK)]
    slow = [shop.fake.pay_slowly(pages[0].rsplit("/", 1)[1])]
    for day in (2, 3):
        assert await shop.pass_time(start + timedelta(days=day)) == 0
        assert await look_up_silent(shop.deps) == 1
        with pytest.raises(ChargeUnderWay, match="under way"):
            await collecting.start_payment(shop.deps, admin, "t", invoice_id, BACK)
    slow[0]["status"] = "requires_payment_method"  # the bank says no: the buyer pays by another one
    shop.fake.now = int(shop.time.now().timestamp())
    pages.append(await collecting.start_payment(shop.deps, admin, "t", invoice_id, BACK))
    assert pages[1] != pages[0]
    slow.append(shop.fake.pay_slowly(pages[1].rsplit("/", 1)[1]))
    await shop.keep_card()
    for day in (5, 8):
        assert await look_up_silent(shop.deps) == (day == 8)
        assert await shop.pass_time(start + timedelta(days=day)) == 0
    shop.fake.answer_slowly(slow[1])
    assert await look_up_silent(shop.deps) == 1
    await work_off(shop.deps)
    assert (await shop.state(), shop.intents(), await look_up_silent(shop.deps)) == ("paid", 0, 0)


async def test_a_charge_of_which_no_webhook_tells_is_looked_up_after_a_day_and_given_up_if_nobody_knows_it(
    shop: Shop,
) -> None:
    await shop.keep_card()
    start = ends(shop)
    assert await shop.pass_time(start) == 1
    lost = shop.fake.told_of(shop.fake.charged()[0])
    shop.time.ahead += timedelta(hours=23)
    assert (await look_up_silent(shop.deps), await shop.state()) == (0, "open")
    shop.time.ahead += timedelta(hours=2)
    shop.fake.down = True
    assert (await look_up_silent(shop.deps), await shop.state()) == (1, "open")
    shop.fake.down = False
    assert await look_up_silent(shop.deps) == 1
    await work_off(shop.deps)
    assert (await shop.state(), len(await shop.told("renewal.charged"))) == ("paid", 1)
    assert (await shop.deliver(*lost))[-1] == "ignored"  # it comes after all, and is known

    renewed = await look(shop.deps, shop.globex, shop.bought)
    assert renewed.period_end is not None
    again = renewed.period_end + timedelta(minutes=1)
    assert await shop.pass_time(again) == 1
    del shop.fake.objects[shop.fake.charged()[-1]["id"]]
    shop.time.ahead += timedelta(hours=25)
    assert await look_up_silent(shop.deps) == 1
    await work_off(shop.deps)
    (said,) = await shop.told("renewal.declined")
    assert "pay on the invoice's page" in said
    assert await shop.pass_time(again + timedelta(days=4)) == 0
    invoice_id = await shop.newest_invoice()
    assert await collecting.start_payment(shop.deps, shop.globex.admin, "t", invoice_id, BACK)


async def test_a_tenant_that_is_closed_keeps_no_card_at_the_provider(shop: Shop) -> None:
    await shop.keep_card()
    open_page = await shop.ask()
    async with shop.deps.works.system("tests") as work:
        work.emit(TenantClosed(shop.globex.id, "Globex", "It went out of business."))
    await work_off(shop.deps)
    assert shop.fake.calls[-1].endswith("/detach")
    assert await shop.deliver(shop.fake.name_card(open_page)) == ["ignored"]
    assert await shop.pass_time(ends(shop)) == 0


async def test_a_card_whose_charge_the_bank_took_back_is_not_charged_again_and_the_buyer_is_told(
    shop: Shop,
) -> None:
    await shop.keep_card()
    assert await shop.pass_time(ends(shop)) == 1
    intent = shop.fake.charged()[0]
    await shop.deliver(*shop.fake.told_of(intent))
    dispute, opened = shop.fake.dispute(intent["id"], intent["amount"])
    assert await shop.deliver(opened) == ["applied"]
    async with shop.deps.works.begin(shop.globex.admin) as work:
        assert await mandates.standing_mandate(work, "stripe") is not None  # the bank may still decide for us
    lost = shop.fake.close(dispute, "lost")
    assert await shop.deliver(lost, lost) == ["applied"] * 2
    assert any(call.endswith("/detach") for call in shop.fake.calls)
    (said,) = await shop.told("renewal.stopped")
    assert "Nothing is charged to Visa ending in 4242, until 2031-05 any more" in said
    renewed = await look(shop.deps, shop.globex, shop.bought)
    assert renewed.period_end is not None
    assert await shop.pass_time(renewed.period_end + timedelta(minutes=1)) == 0


async def test_a_charge_without_an_answer_is_not_asked_for_again_once_its_purchase_is_cancelled(
    shop: Shop,
) -> None:
    await shop.keep_card()
    shop.fake.down = True
    assert await shop.pass_time(ends(shop)) == 1
    shop.fake.down = False
    async with shop.deps.works.begin(shop.globex.admin) as work:
        await purchases.cancel(work, shop.bought.id)
    assert await shop.pass_time(ends(shop) + timedelta(minutes=11)) == 0
    assert (shop.intents(), len(await shop.told("renewal.declined"))) == (0, 1)


async def test_what_is_left_of_a_credited_renewal_is_charged_and_the_receipt_says_how_much(
    shop: Shop,
) -> None:
    await shop.keep_card()
    shop.time.ahead = ends(shop) - datetime.now(UTC)
    await renewals.renew_due(shop.deps.works)
    invoice_id = await shop.newest_invoice()
    async with shop.deps.works.begin(shop.staff) as work:
        (line,) = await invoicing.lines_of(work, invoice_id)
        await invoicing.credit(work, invoice_id, line.key, 371, "It was down for a week.")
    assert await charge_renewals(shop.deps) == 1
    await shop.deliver(*shop.fake.told_of(shop.fake.charged()[0]))
    (said,) = await shop.told("renewal.charged")
    assert (shop.fake.charged()[0]["amount"], await shop.state(), "USD 7.00" in said) == (700, "paid", True)


async def test_a_mandate_is_asked_for_once_taken_back_and_forgotten_and_nobody_elses_business(
    shop: Shop,
) -> None:
    first, second = await asyncio.gather(shop.ask(), shop.ask())
    assert first == second == await shop.ask()
    assert shop.fake.calls == ["/v1/customers", "/v1/checkout/sessions"]
    with pytest.raises(MandateUnfit):
        await mandates.start_mandate(shop.deps, shop.globex.admin, "t", TERMS + 1, BACK)
    with pytest.raises(NotAllowed):
        await mandates.start_mandate(shop.deps, shop.globex.agent, "t", TERMS, BACK)
    async with shop.deps.works.begin(shop.globex.admin) as work:
        await mandates.withdraw(work, "stripe")
    named_late = shop.fake.name_card(first)
    assert await shop.deliver(named_late) == ["ignored"]
    assert shop.fake.objects[named_late["data"]["object"]["payment_method"]]["customer"] is None
    strange = shop.fake.name_card(first)
    strange["data"]["object"]["metadata"] = {"aei_mandate": str(uuid4())}
    assert await shop.deliver(strange) == ["ignored"]

    await shop.keep_card()
    async with shop.deps.works.begin(shop.acme.admin) as work:
        for table in ("payment_mandates", "price_consents"):
            assert (await work.run(text(f"select count(*) from {table}"))).scalar_one() == 0
    forged = text(
        "insert into price_consents (purchase_id, price_id, tenant_id, agreed_by, agreed_at)"
        " select :purchase, id, :tenant, :tenant, now() from plugin_prices"
    )
    with pytest.raises(DBAPIError, match="row-level security"):
        async with shop.deps.works.begin(shop.acme.admin) as work:
            await work.run(forged, {"purchase": shop.bought.id, "tenant": shop.acme.id})
    async with serving(create_app(shop.deps, shop.urls.app)) as client:
        token = shop.globex.tokens["Admin"]
        kept = await client.get("/api/billing/mandate", token)
        assert (kept.json["mandate"]["method"], kept.json["offered"]) == (
            "Visa ending in 4242, until 2031-05",
            True,
        )
        agreed = f"/api/billing/purchases/{shop.bought.id}/consent"
        answer = await client.post(agreed, token, json={"price_id": str(shop.bought.price_id)})
        assert answer.status == 204
        found = await client.get(f"/api/billing/purchases/{shop.bought.id}", token)
        assert found.json["to_agree"] is None
        assert (await client.post("/api/billing/mandate", token, json={"terms": 0})).status == 422
        older = await client.post("/admin/spend/mandate", token, data={"agreed": str(TERMS - 1)})
        assert (older.status, b"tick it" in older.body) == (422, True)
        opened = await client.post("/api/billing/mandate", token, json={"terms": TERMS})
        assert opened.json["url"].startswith("https://checkout.example/cs_")
        page = await client.get("/admin/spend", token)
        assert b"Renewals are charged to Visa ending in 4242" in page.body
        assert opened.json["url"].encode() in page.body
        assert (await client.send("DELETE", "/api/billing/mandate", token)).status == 204
        assert (await client.send("DELETE", "/api/billing/mandate", token)).status == 404
        assert (await client.get("/api/billing/mandate", token)).json["mandate"] is None
        assert (await client.get("/api/billing/mandate", shop.globex.tokens["Agent"])).status == 403
    await shop.deliver()
    assert shop.fake.calls[-1].endswith("/detach")
    assert await shop.pass_time(ends(shop)) == 0


async def test_a_page_that_the_provider_refuses_to_open_stands_in_the_way_of_no_further_one(
    shop: Shop,
) -> None:
    class Lost(StripeBilling):
        async def open_mandate(self, wanted: MandateWanted, key: str, /) -> Collection:
            await super().open_mandate(wanted, key)
            raise Unavailable("The answer is lost.")

    losing, admin = Lost(KEY, [SECRET], shop.fake.url), shop.globex.admin
    with pytest.raises(Unavailable, match="lost"):
        await mandates.start_mandate(replace(shop.deps, billing=losing), admin, "t", TERMS, BACK)
    await losing.close()
    elsewhere = "https://elsewhere.example/back"  # the same key with other words
    with pytest.raises(ProviderRefused):
        await mandates.start_mandate(shop.deps, admin, "t", TERMS, elsewhere)
    url = await mandates.start_mandate(shop.deps, admin, "t", TERMS, elsewhere)
    await shop.deliver(shop.fake.name_card(url.rsplit("/", 1)[1]))
    async with shop.deps.works.begin(admin) as work:
        assert await mandates.standing_mandate(work, "stripe") is not None
