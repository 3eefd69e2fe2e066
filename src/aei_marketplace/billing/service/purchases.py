"""Buying, and ending what was bought."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.billing.errors.purchases import NoSuchPurchase
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.offers import check_for_sale, worded
from aei_marketplace.billing.rules.periods import period_end
from aei_marketplace.billing.rules.prices import Model, Price
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState, Step, access_until, resumed, step
from aei_marketplace.billing.service.charging import charge_period, require_billable
from aei_marketplace.billing.store import charges, mandates, prices
from aei_marketplace.billing.store import purchases as store
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work

ACTION = "spend.administer"


async def purchase(work: Work, plugin_id: str, seen: Price) -> Purchase:
    """Buy a plugin for the actor's tenant at the price that was seen.

    What is bought once is paid in advance: access begins when the invoice is paid, or at once for tenants on
    account, with a trial, and where usage is paid. Whoever has bought it gets that purchase again.

    Raises:
        NotAllowed: the actor may not spend.
        PluginNotFound: there is none that the tenant may see.
        NotForSale: it costs the tenant nothing.
        PriceMoved: it costs something else by now.
        SpendCapReached: the tenant allows itself less in this month.
        SellerMissing, DetailsMissing, TaxRateMissing: nothing can be invoiced yet.
    """
    work.actor.require(ACTION)
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    plugin = await catalog.find_plugin(work, plugin_id)
    announced = (await prices.prices_of(work, [plugin.id])).get(plugin.id, [])
    held = check_for_sale(plugin.id, announced, seen, work.now, own=plugin.owner_tenant == tenant)
    if (present := await store.find_live(work, tenant, plugin.id)) is not None:
        return present
    first = not await store.was_bought(work, tenant, plugin.id)
    fresh = Purchase(
        id=new_id(),
        tenant_id=tenant,
        plugin_id=plugin.id,
        creator=plugin.owner_tenant,
        version=held.version,
        state=PurchaseState.PENDING_PAYMENT,
        price_id=held.id,
        price=held.price,
        bought_by=user,
        bought_at=work.now,
    )
    return await _begin(work, fresh, trial=held.price.trial if first else None)


async def cancel(work: Work, purchase_id: UUID) -> Purchase:
    """End a subscription with its period, or pay for no further usage.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchPurchase: there is none that the actor may see.
        PurchaseStateRefused: there is nothing to cancel.
    """
    held = await _held(work, purchase_id)
    state = step(held, Step.CANCEL)
    if held.period_end is None or state is PurchaseState.ENDED:
        cancelled = ended(held, work.now, "it was cancelled")
    else:
        cancelled = await with_access(work, replace(held, state=state, cancelled_at=work.now))
    await store.save(work, cancelled)
    work.record(_fact("purchase.cancel", cancelled))
    return cancelled


async def resume(work: Work, purchase_id: UUID) -> Purchase:
    """Take a cancellation back before the period is over.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchPurchase: there is none that the actor may see.
        PurchaseStateRefused: it is not cancelled, or over.
    """
    held = await _held(work, purchase_id)
    taken_up = await with_access(work, replace(held, state=resumed(held), cancelled_at=None))
    await store.save(work, taken_up)
    work.record(_fact("purchase.resume", taken_up))
    return taken_up


async def list_purchases(work: Work, wanted: PageWanted) -> Page:
    """The purchases of the actor's tenant, the newest first.

    Raises:
        NotAllowed: the actor may not spend.
        Invalid: the cursor is of another list.
    """
    work.actor.require(ACTION)
    rows, total = await store.find_page(work, work.actor.in_tenant(), wanted.position(as_id), wanted.limit)
    return wanted.page(rows, total, lambda each: str(each.id))


async def find_purchase(work: Work, purchase_id: UUID) -> Purchase:
    """A purchase of the actor's tenant.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchPurchase: there is none that the actor may see.
    """
    work.actor.require(ACTION)
    found = await store.find(work, purchase_id)
    if found is None or found.tenant_id != work.actor.in_tenant():
        raise NoSuchPurchase("There is no such purchase in your tenant.")
    return found


async def charges_of(work: Work, bought: Sequence[Purchase]) -> list[Charge]:
    """What purchases of the actor's tenant have come to, the newest first.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    return await charges.of_purchases(work, [each.id for each in bought]) if bought else []


async def begin_access(work: Work, purchase: Purchase, at: datetime) -> Purchase:
    """Have a purchase give access, and its first period begin, from a moment on; not saved yet."""
    begun = replace(purchase, state=PurchaseState.ACTIVE, access_from=at)
    if purchase.price.model is Model.SUBSCRIPTION:
        assert purchase.price.per is not None, "a subscription has a period"
        begun = replace(begun, anchor=at, periods=1, period_end=period_end(at, purchase.price.per, 1))
    return await with_access(work, begun)


async def with_access(work: Work, purchase: Purchase) -> Purchase:
    """The purchase with the end of its access as it follows from state, period and what is not paid."""
    until = access_until(
        purchase.state,
        purchase.price.model,
        purchase.period_end,
        await charges.unpaid_due(work, purchase.tenant_id, purchase.plugin_id),
        on_account=await store.is_on_account(work, purchase.tenant_id),
    )
    return replace(purchase, access_until=until)


def ended(
    purchase: Purchase, now: datetime, because: str, state: PurchaseState = PurchaseState.ENDED
) -> Purchase:
    """A purchase that is over: what runs finishes, nothing begins."""
    return replace(purchase, state=state, ended_at=now, ended_because=because, access_until=now)


async def _begin(work: Work, fresh: Purchase, trial: int | None) -> Purchase:
    """Keep a new purchase and invoice what is paid in advance; or give the one that was quicker."""
    price = fresh.price
    on_trial = price.model is Model.SUBSCRIPTION and trial is not None
    if price.model is Model.USAGE:
        begun = await begin_access(work, replace(fresh, trial_left=trial or 0), work.now)
    elif on_trial:
        assert trial is not None
        ends = work.now + timedelta(days=trial)
        trying = replace(fresh, state=PurchaseState.TRIAL, access_from=work.now, period_end=ends)
        begun = await with_access(work, trying)
    else:
        begun = fresh
    if not await store.add(work, begun):
        present = await store.find_live(work, fresh.tenant_id, fresh.plugin_id)
        assert present is not None, "what stood in the way is committed"
        return present
    assert work.actor.id is not None, "who buys has an account"
    await mandates.add_consent(work, begun.tenant_id, begun.id, begun.price_id, work.actor.id)
    work.record(_fact("purchase.create", begun))
    if price.model is Model.USAGE or on_trial:
        await require_billable(work, fresh.tenant_id, fresh.plugin_id)
        return begun
    return await _charge_first(work, begun)


async def _charge_first(work: Work, fresh: Purchase) -> Purchase:
    per = fresh.price.per
    end = None if per is None else period_end(work.now, per, 1)
    await charge_period(work, fresh, work.now, end, "purchase")
    if not await store.is_on_account(work, fresh.tenant_id):
        return fresh
    begun = await begin_access(work, fresh, work.now)
    await store.save(work, begun)
    return begun


async def _held(work: Work, purchase_id: UUID) -> Purchase:
    work.actor.require(ACTION)
    held = await store.hold(work, purchase_id)
    if held is None or held.tenant_id != work.actor.in_tenant():
        raise NoSuchPurchase("There is no such purchase in your tenant.")
    return held


def _fact(action: str, purchase: Purchase) -> Fact:
    context = {"plugin": purchase.plugin_id, "price": worded(purchase.price), "state": str(purchase.state)}
    return Fact(action, "purchase", str(purchase.id), context=context)
