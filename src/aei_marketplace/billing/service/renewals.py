"""What time does to purchases: periods renew or end, and what is overdue is suspended."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.events.mandates import ConsentWanted, RenewalNear
from aei_marketplace.billing.events.purchases import PurchaseEnded, PurchaseSuspended
from aei_marketplace.billing.rules.mandates import is_agreed
from aei_marketplace.billing.rules.offers import worded
from aei_marketplace.billing.rules.periods import period_end
from aei_marketplace.billing.rules.prices import AnnouncedPrice, Model, price_at
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState, Step, step
from aei_marketplace.billing.service.charging import charge_period
from aei_marketplace.billing.service.purchases import ended, with_access
from aei_marketplace.billing.store import mandates, prices
from aei_marketplace.billing.store import purchases as store
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work, Works

_JOB = "billing.renew_purchases"
_BATCH = 200
#: A year or a trial that ends is told of so long before.
TOLD_BEFORE = timedelta(days=7)

log = structlog.get_logger()


async def renew_due(works: Works) -> int:
    """Begin the next period of each subscription whose last one is over, or end it; how many were moved."""
    moved, after = 0, None
    while True:
        async with works.system(_JOB) as work:
            due = await store.due_for_renewal(work, after, _BATCH)
        if not due:
            return moved
        # Onwards from the last, so that those that cannot be invoiced never stand before the others.
        moved, after = moved + sum([await _each(works, each, _renew) for each in due]), due[-1]


async def tell_of_renewals(works: Works) -> int:
    """Tell buyers a week before a year or a trial is over, once each; how many were told.

    A month's renewal is told by its invoice alone: it comes too often to be announced.
    """
    async with works.system(_JOB) as work:
        near = await store.due_for_telling(work, work.now + TOLD_BEFORE, _BATCH)
        announced = await prices.prices_of(work, {each.plugin_id for each in near})
        for each in near:
            await _tell(work, each, announced.get(each.plugin_id, []))
    return len(near)


async def suspend_overdue(works: Works) -> int:
    """Suspend what was not paid in time; how many were."""
    async with works.system(_JOB) as work:
        due = await store.due_for_suspension(work, _BATCH)
    return sum([await _each(works, purchase_id, _suspend) for purchase_id in due])


async def _each(works: Works, purchase_id: UUID, move: Callable[[Work, Purchase], Awaitable[bool]]) -> bool:
    """In a work of its own: what cannot be invoiced today holds up nobody else, and is tried again."""
    try:
        async with works.system(_JOB) as work:
            held = await store.hold(work, purchase_id)
            return held is not None and await move(work, held)
    except Refusal as refusal:
        log.warning("billing.purchase_not_moved", purchase=str(purchase_id), problem=refusal.detail)
        return False


async def _renew(work: Work, held: Purchase) -> bool:
    """One period on; nothing when another process was quicker."""
    if held.ended_at is not None or held.period_end is None or held.period_end > work.now:
        return False
    if held.state is PurchaseState.CANCELLED_AT_PERIOD_END:
        return await _end(work, held, "it was cancelled")
    announced = (await prices.prices_of(work, [held.plugin_id])).get(held.plugin_id, [])
    offered = price_at(announced, held.period_end)
    hindrance = await _hindrance(work, held, offered)
    if hindrance is not None or offered is None:
        return await _end(work, held, hindrance or "it has no price any more")
    return await _next_period(work, held, offered)


async def _next_period(work: Work, held: Purchase, offered: AnnouncedPrice) -> bool:
    start, per = held.period_end, offered.price.per
    assert start is not None, "it was looked at"
    assert per is not None, "a subscription has a period"
    goes_on = not held.in_trial and per == held.price.per and held.anchor is not None
    anchor, periods = (held.anchor, held.periods + 1) if goes_on else (start, 1)
    assert anchor is not None, "what goes on has one"
    renewed = replace(
        held,
        state=step(held, Step.RENEW),
        price_id=offered.id,
        price=offered.price,
        version=offered.version,
        anchor=anchor,
        periods=periods,
        period_end=period_end(anchor, per, periods),
    )
    await charge_period(work, renewed, start, renewed.period_end, "renewal")
    await store.save(work, await with_access(work, renewed))
    context = {"plugin": held.plugin_id, "price": worded(offered.price), "periods": periods}
    work.record(Fact("purchase.renew", "purchase", str(held.id), context=context))
    agreed = await mandates.agreed_prices(work, [held.id])
    if not is_agreed(offered.price, agreed.get(held.id, ())):
        work.emit(ConsentWanted(held.id, held.tenant_id, held.plugin_id, worded(offered.price)))
    return True


async def _hindrance(work: Work, held: Purchase, offered: AnnouncedPrice | None) -> str | None:
    """Why there is no further period; None when there is one."""
    if await accounts.closed_among(work, [held.tenant_id]):
        return "the tenant is closed"
    if offered is None or offered.price.is_free:
        return "the plugin is free now"
    if offered.price.model is not Model.SUBSCRIPTION:
        return "the plugin is not sold by subscription any more"
    plugin = (await catalog.find_plugins(work, [held.plugin_id])).get(held.plugin_id)
    if plugin is None or plugin.latest_state in catalog.STOPPED:
        return "the registry has stopped the plugin"
    if plugin.owner_tenant == held.tenant_id:
        return "the plugin is your own now"
    return None


async def _tell(work: Work, near: Purchase, announced: Sequence[AnnouncedPrice]) -> None:
    await store.set_told(work, near)
    assert near.period_end is not None, "it was looked for by its end"
    price = price_at(announced, near.period_end)
    if await _hindrance(work, near, price) is None and price is not None:
        said = worded(price.price)
        work.emit(RenewalNear(near.id, near.tenant_id, near.plugin_id, said, near.period_end))


async def _suspend(work: Work, held: Purchase) -> bool:
    if held.state is not PurchaseState.ACTIVE or held.gives_access(work.now):
        return False
    await store.save(work, replace(held, state=step(held, Step.SUSPEND)))
    work.record(Fact("purchase.suspend", "purchase", str(held.id), context={"plugin": held.plugin_id}))
    work.emit(PurchaseSuspended(held.id, held.tenant_id, held.plugin_id))
    return True


async def _end(work: Work, held: Purchase, because: str) -> bool:
    step(held, Step.END)
    await store.save(work, ended(held, work.now, because))
    fact = Fact("purchase.end", "purchase", str(held.id), reason=because, context={"plugin": held.plugin_id})
    work.record(fact)
    work.emit(PurchaseEnded(held.id, held.tenant_id, held.plugin_id, because))
    return True
