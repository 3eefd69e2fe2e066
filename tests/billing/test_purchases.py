"""Buying: from the price that was seen to a run, through periods, prices, debts and credit notes."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from aei_marketplace.billing.errors.details import DetailsMissing
from aei_marketplace.billing.errors.offers import NotForSale, PriceMoved
from aei_marketplace.billing.errors.purchases import NoSuchPurchase, PaymentRequired, PurchaseStateRefused
from aei_marketplace.billing.events.invoices import CreditNoteIssued, InvoicePaid
from aei_marketplace.billing.rules.periods import period_end
from aei_marketplace.billing.rules.purchases import Purchase
from aei_marketplace.billing.service import buyers, crediting, offers, purchases, renewals
from aei_marketplace.billing.store import charges
from aei_marketplace.catalog.errors import PackageProblems
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.sales import service as sales
from aei_marketplace.worker import REACTIONS
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import MONTHLY, ONCE, buy, finance, look, pay_all, publish_priced, seen
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.executions.conftest import run, runs  # noqa: F401 a fixture
from tests.plugins import install, publish, work_off

TRIED = {**MONTHLY, "trial": {"days": 14}}


@dataclass
class Shop:
    """A publisher, a buyer who can be invoiced, and the staff who see money arrive."""

    acme: Tenant
    globex: Tenant
    staff: Actor


@pytest.fixture
async def shop(deps: Deps) -> Shop:
    """A marketplace that sells."""
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await ready_to_sell(deps.works, globex)
    return Shop(acme, globex, await finance(deps))


async def charged(deps: Deps, shop: Shop, purchase: Purchase) -> list[tuple[int, str]]:
    """What a purchase has come to, the oldest first: minor units, and from which day."""
    async with deps.works.begin(shop.globex.admin) as work:
        found = await purchases.charges_of(work, [purchase])
    return [(c.net_minor, c.period_start.date().isoformat()) for c in reversed(found)]


async def tick(deps: Deps, time: Time, until: datetime) -> None:
    """Let time pass, and do what the job process does then."""
    time.ahead = until - datetime.now(UTC)
    while await renewals.renew_due(deps.works):
        pass
    await renewals.tell_of_renewals(deps.works)
    await renewals.suspend_overdue(deps.works)
    await work_off(deps)


async def near(deps: Deps, buyer: Tenant) -> list[str]:
    """What a buyer was told of renewals that come, the newest first."""
    async with deps.works.begin(buyer.admin) as work:
        found = (await notices.list_notices(work, PageWanted(100))).page.items
    return [each.words.title for each in found if each.kind == "renewal.near"]


async def test_what_is_bought_once_runs_when_its_invoice_is_paid_and_ends_when_it_is_credited(
    deps: Deps,
    shop: Shop,
    runs: Runs,  # noqa: F811 the fixture
) -> None:
    acme, globex, staff = shop.acme, shop.globex, shop.staff
    await publish_priced(deps, acme, ONCE)

    with pytest.raises(PaymentRequired) as refused:
        await install(deps, globex.admin)
    assert "POST /api/billing/purchases" in refused.value.next_step

    bought = await buy(deps, globex, ONCE)
    assert bought.state == "pending_payment"
    assert (await install(deps, globex.admin)).state == "succeeded"
    with pytest.raises(PaymentRequired, match="not paid yet"):
        await run(runs, globex.agent)

    (invoice_id,) = await pay_all(deps, staff, bought)
    assert (await look(deps, globex, bought)).state == "active"
    assert (await run(runs, globex.agent)).outcome == "ok"
    # Who publishes it never pays for it.
    assert (await install(deps, acme.admin)).state == "succeeded"
    assert (await run(runs, acme.agent)).outcome == "ok"

    async with deps.works.system("tests") as work:
        (charge,) = await charges.of_purchases(work, [bought.id])
        sold = await sales.sale_of(work, charge.key)
    assert sold is not None
    assert (sold.gross, sold.creator) == (1999, acme.id)

    # A job that runs again does nothing twice.
    assert charge.paid_at is not None
    again = InvoicePaid(invoice_id, globex.id, charge.paid_at, 0)
    for react in REACTIONS[InvoicePaid]:
        await react(deps, again, "again")
    assert (await look(deps, globex, bought)).state == "active"

    with pytest.raises(PurchaseStateRefused):
        async with deps.works.begin(globex.admin) as work:
            await purchases.cancel(work, bought.id)

    async with deps.works.begin(staff) as work:
        note = await crediting.credit(work, invoice_id, charge.key, 1999, "It does not do what it says")
    await work_off(deps)
    for react in REACTIONS[CreditNoteIssued][:1]:
        await react(deps, CreditNoteIssued(note.id, invoice_id, globex.id), "again")
    assert (await look(deps, globex, bought)).state == "refunded"
    with pytest.raises(PaymentRequired, match="not bought it"):
        await run(runs, globex.agent)
    # What is over can be bought again.
    assert (await buy(deps, globex, ONCE)).id != bought.id


async def test_who_may_buy_what_and_what_two_who_buy_at_once_get(deps: Deps, shop: Shop) -> None:
    acme, globex = shop.acme, shop.globex
    await publish_priced(deps, acme, ONCE)
    await publish(deps, acme.manager, {"id": "acme.free"})
    initech = await make_tenant(deps.works, "initech")

    for actor, plugin, pricing, refusal in (
        (globex.manager, "acme.echo", ONCE, NotAllowed),
        (globex.admin, "acme.echo", MONTHLY, PriceMoved),
        (globex.admin, "acme.echo", {**ONCE, "amount_minor": 1998}, PriceMoved),
        (globex.admin, "acme.free", ONCE, NotForSale),
        (acme.admin, "acme.echo", ONCE, NotForSale),
        (initech.admin, "acme.echo", ONCE, DetailsMissing),
    ):
        with pytest.raises(refusal):
            async with deps.works.begin(actor) as work:
                await purchases.purchase(work, plugin, seen(pricing))

    first, second = await asyncio.gather(buy(deps, globex, ONCE), buy(deps, globex, ONCE))
    assert first.id == second.id
    assert len(await charged(deps, shop, first)) == 1

    async with deps.works.begin(globex.admin) as work:
        found = await purchases.list_purchases(work, PageWanted())
        offer = await offers.find_offer(work, "acme.echo")
    assert ([p.id for p in found.items], found.total) == ([first.id], 1)
    assert offer.entitlement is not None
    assert (offer.entitlement.installs, offer.entitlement.runs) == (True, False)
    for actor in (initech.admin, globex.admin):
        wanted = first.id if actor is initech.admin else uuid4()
        for look_or_change in (purchases.find_purchase, purchases.cancel, purchases.resume):
            with pytest.raises(NoSuchPurchase):
                async with deps.works.begin(actor) as work:
                    await look_or_change(work, wanted)

    with pytest.raises(PackageProblems) as refused:
        await publish_priced(deps, acme, {**ONCE, "currency": "XAU"}, "2.0.0")
    assert refused.value.faults[0].pointer == "/pricing/currency"


async def test_a_subscription_is_tried_once_renews_by_the_calendar_and_ends_with_its_period(
    deps: Deps, shop: Shop, time: Time
) -> None:
    globex = shop.globex
    await publish_priced(deps, shop.acme, TRIED)
    year = datetime.now(UTC).year + 1
    first = datetime(year, 1, 31, 10, tzinfo=UTC)
    ends = [period_end(first, "month", n) for n in range(4)]
    time.ahead = first - timedelta(days=14) - datetime.now(UTC)
    tried = await buy(deps, globex, MONTHLY)
    assert (tried.state, await charged(deps, shop, tried)) == ("trial", [])

    for days, told in ((8, 0), (6, 1), (5, 1)):  # of the end of a trial the buyer is told once, a week before
        await tick(deps, time, first - timedelta(days=days))
        assert len(await near(deps, globex)) == told
    assert (await near(deps, globex))[0].startswith("acme.echo goes on at USD 9.00 a month from")

    await tick(deps, time, first + timedelta(hours=1))
    renewed = await look(deps, globex, tried)
    assert (renewed.state, renewed.period_end and renewed.period_end.date()) == ("active", ends[1].date())
    assert renewed.gives_access(time.now())
    await pay_all(deps, shop.staff, tried)

    async with deps.works.begin(globex.admin) as work:
        assert (await purchases.cancel(work, tried.id)).state == "cancelled_at_period_end"
        assert (await purchases.resume(work, tried.id)).state == "active"
    # The job process was away for a while: every period is charged, and each once.
    await tick(deps, time, ends[2] + timedelta(days=1))
    assert await charged(deps, shop, tried) == [(900, end.date().isoformat()) for end in ends[:3]]
    await pay_all(deps, shop.staff, tried)

    async with deps.works.begin(globex.admin) as work:
        cancelled = await purchases.cancel(work, tried.id)
    assert cancelled.access_until == cancelled.period_end
    await tick(deps, time, ends[3] + timedelta(days=1))
    over = await look(deps, globex, tried)
    assert (over.state, over.ended_because) == ("ended", "it was cancelled")
    assert len(await charged(deps, shop, tried)) == 3

    assert len(await near(deps, globex)) == 1  # no month is announced, a year is

    await publish_priced(deps, shop.acme, {**MONTHLY, "per": "year"}, id="acme.yearly")
    yearly = await buy(deps, globex, {**MONTHLY, "per": "year"}, "acme.yearly")
    await pay_all(deps, shop.staff, yearly)
    year_end = (await look(deps, globex, yearly)).period_end
    assert year_end is not None
    await tick(deps, time, year_end - timedelta(days=6))
    assert (await near(deps, globex))[0].startswith("acme.yearly goes on at USD 9.00 a year from")

    # The second time there is nothing to try.
    again = await buy(deps, globex, MONTHLY)
    assert (again.state, len(await charged(deps, shop, again))) == ("pending_payment", 1)


async def test_who_cannot_be_invoiced_holds_up_no_other(
    deps: Deps, shop: Shop, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "_BATCH", 1)
    other = await make_tenant(deps.works, "initech")
    await ready_to_sell(deps.works, other)
    await publish_priced(deps, shop.acme, MONTHLY)
    first, second = await buy(deps, shop.globex, MONTHLY), await buy(deps, other, MONTHLY)
    for bought in (first, second):
        await pay_all(deps, shop.staff, bought)
    async with deps.works.system("tests") as work:
        await work.run(text("delete from billing_details where tenant_id = :id"), {"id": shop.globex.id})
    time.ahead = timedelta(days=32)
    assert await renewals.renew_due(deps.works) == 1
    assert ((await look(deps, shop.globex, first)).periods, (await look(deps, other, second)).periods) == (
        1,
        2,
    )


async def test_a_higher_price_is_announced_and_a_subscription_keeps_its_own_until_it_renews(
    deps: Deps, shop: Shop, time: Time
) -> None:
    globex = shop.globex
    await publish_priced(deps, shop.acme, MONTHLY)
    kept = await buy(deps, globex, MONTHLY)
    await pay_all(deps, shop.staff, kept)
    began = time.now()

    dearer = {**MONTHLY, "amount_minor": 1200}
    time.ahead += timedelta(days=10)
    await publish_priced(deps, shop.acme, dearer, "1.1.0")
    async with deps.works.begin(globex.admin) as work:
        offer = await offers.find_offer(work, "acme.echo")
        told = await notices.list_notices(work, PageWanted())
    assert offer.words == "USD 9.00 a month"
    assert offer.announced.startswith("USD 12.00 a month from")
    assert any("acme.echo gets another price: USD 12.00 a month" in n.words.title for n in told.page.items)

    await tick(deps, time, began + timedelta(days=32))  # renews before the new price is in effect
    await pay_all(deps, shop.staff, kept)
    await tick(deps, time, began + timedelta(days=64))
    assert [minor for minor, _ in await charged(deps, shop, kept)] == [900, 900, 1200]

    # What becomes cheaper does so at once, for who buys and at the next renewal.
    await publish_priced(deps, shop.acme, {**MONTHLY, "amount_minor": 500}, "1.2.0")
    async with deps.works.begin(globex.admin) as work:
        assert (await offers.find_offer(work, "acme.echo")).words == "USD 5.00 a month"


async def test_what_is_not_paid_is_suspended_and_runs_again_without_paying_for_the_time_between(
    deps: Deps, shop: Shop, time: Time
) -> None:
    globex = shop.globex
    await publish_priced(deps, shop.acme, MONTHLY)
    owed = await buy(deps, globex, MONTHLY)
    await pay_all(deps, shop.staff, owed)
    began = time.now()
    await tick(deps, time, began + timedelta(days=32))
    assert (await look(deps, globex, owed)).gives_access(time.now())
    await tick(deps, time, began + timedelta(days=50))
    assert (await look(deps, globex, owed)).state == "suspended"
    await tick(deps, time, began + timedelta(days=100))
    assert len(await charged(deps, shop, owed)) == 2  # nothing is charged while nothing runs
    await pay_all(deps, shop.staff, owed)
    await tick(deps, time, began + timedelta(days=100, hours=1))
    again = await look(deps, globex, owed)
    assert (again.state, again.gives_access(time.now())) == ("active", True)
    assert len(await charged(deps, shop, owed)) == 3

    # On account there is access at once, and patience after the term.
    with pytest.raises(NotAllowed):
        async with deps.works.begin(globex.admin) as work:
            await buyers.set_on_account(work, "globex", on_account=True)
    async with deps.works.begin(shop.staff) as work:
        await buyers.set_on_account(work, "globex", on_account=True)
    await work_off(deps)
    await publish_priced(deps, shop.acme, ONCE, id="acme.other")
    at_once = await buy(deps, globex, ONCE, "acme.other")
    assert (at_once.state, at_once.gives_access(time.now())) == ("active", True)
    bought_at = time.now()
    await tick(deps, time, bought_at + timedelta(days=40))
    assert (await look(deps, globex, at_once)).state == "active"
    await tick(deps, time, bought_at + timedelta(days=45))
    assert (await look(deps, globex, at_once)).state == "suspended"


async def test_a_plugin_that_was_free_stays_so_until_its_price_applies(
    deps: Deps, shop: Shop, time: Time
) -> None:
    globex = shop.globex
    await publish(deps, shop.acme.manager)
    assert (await install(deps, globex.admin)).state == "succeeded"
    await publish_priced(deps, shop.acme, ONCE, "2.0.0")
    async with deps.works.begin(globex.admin) as work:
        offer = await offers.find_offer(work, "acme.echo")
        assert (offer.words, offer.entitlement and offer.entitlement.runs) == ("Free", True)
    time.ahead = timedelta(days=31)
    async with deps.works.begin(globex.admin) as work:
        offer = await offers.find_offer(work, "acme.echo")
        assert (offer.words, offer.entitlement and offer.entitlement.runs) == ("USD 19.99", False)


async def test_what_is_credited_in_part_is_owed_with_its_tax_and_what_is_credited_whole_suspends_nothing(
    deps: Deps, time: Time
) -> None:
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await ready_to_sell(deps.works, globex, rate_bps=1900)
    staff = await finance(deps)
    await publish_priced(deps, acme, MONTHLY)
    bought = await buy(deps, globex, MONTHLY)
    await pay_all(deps, staff, bought)
    began = time.now()
    await tick(deps, time, began + timedelta(days=32))
    async with deps.works.begin(staff) as work:
        owed = (await charges.of_purchases(work, [bought.id]))[0]
        # As much as the price without tax; of 1071 with it, 171 are left.
        await crediting.credit(work, owed.invoice_id, owed.key, 900, "a little late")
    await work_off(deps)
    await tick(deps, time, began + timedelta(days=50))
    assert (await look(deps, globex, bought)).state == "suspended"

    # The period is over when the rest is credited: nothing is owed, and it goes on from now.
    await tick(deps, time, began + timedelta(days=100))
    async with deps.works.begin(staff) as work:
        await crediting.credit(work, owed.invoice_id, owed.key, 171, "and all of it")
    await work_off(deps)
    await tick(deps, time, began + timedelta(days=100, hours=1))
    again = await look(deps, globex, bought)
    assert (again.state, again.gives_access(time.now())) == ("active", True)

    # Nobody could invoice for weeks: what is not owed suspends nothing.
    await pay_all(deps, staff, bought)
    async with deps.works.system("tests") as work:
        await work.run(text("delete from billing_details where tenant_id = :id"), {"id": globex.id})
    await tick(deps, time, began + timedelta(days=150))
    late = await look(deps, globex, bought)
    assert (late.state, late.gives_access(time.now())) == ("active", False)
