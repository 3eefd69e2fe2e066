"""What tests of purchases stand on: a publisher with a priced plugin, a buyer who can be invoiced."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date
from typing import Any
from uuid import UUID

from aei_marketplace.billing.rules.prices import Price, read_price
from aei_marketplace.billing.rules.purchases import Purchase
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.rules.usage import Tally, UsageRecord
from aei_marketplace.billing.service import invoices, invoicing, purchases
from aei_marketplace.billing.store import charges
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_staff
from tests.plugins import publish, work_off

ONCE: Mapping[str, Any] = {"model": "one_time", "currency": "USD", "amount_minor": 1999}
MONTHLY: Mapping[str, Any] = {"model": "subscription", "currency": "USD", "amount_minor": 900, "per": "month"}
METERED: Mapping[str, Any] = {"model": "usage", "currency": "USD", "amount_minor": 7, "per": "execution"}


def seen(pricing: Mapping[str, Any]) -> Price:
    """A price as its buyer saw it, without the trial."""
    return read_price({"pricing": {k: v for k, v in pricing.items() if k != "trial"}})


async def publish_priced(
    deps: Deps, publisher: Tenant, pricing: Mapping[str, Any], version: str = "1.0.0", **more: Any
) -> None:
    """Publish a release of `acme.echo` with a price, and do the jobs that list it."""
    await publish(deps, publisher.manager, {"version": version, "pricing": dict(pricing), **more})


async def buy(
    deps: Deps, buyer: Tenant, pricing: Mapping[str, Any], plugin_id: str = "acme.echo"
) -> Purchase:
    """Buy as the buyer's Admin, and do the jobs that follow."""
    async with deps.works.begin(buyer.admin) as work:
        bought = await purchases.purchase(work, plugin_id, seen(pricing))
    await work_off(deps)
    return bought


async def pay_all(deps: Deps, staff: Actor, purchase: Purchase) -> list[UUID]:
    """Mark every unpaid invoice of a purchase as paid, and do the jobs that follow."""
    async with deps.works.begin(staff) as work:
        due = [c.invoice_id for c in await charges.of_purchases(work, [purchase.id]) if c.paid_at is None]
        for invoice_id in due:
            left = (await invoices.standing_of(work, invoice_id)).left
            today: date = work.now.astimezone(UTC).date()
            if left:  # what is credited whole is never paid
                await invoicing.mark_as_paid(work, invoice_id, Payment(today, "transfer", left))
    await work_off(deps)
    return due


async def look(deps: Deps, buyer: Tenant, purchase: Purchase) -> Purchase:
    """The purchase as it stands now."""
    async with deps.works.begin(buyer.admin) as work:
        return await purchases.find_purchase(work, purchase.id)


def receipt_root(records: Iterable[UsageRecord]) -> bytes:
    """The root over runs in the order of their ids, as a buyer reckons it."""
    tally = Tally("USD")
    tally.add(sorted(records, key=lambda each: each.execution_id))
    return tally.rated().root


async def finance(deps: Deps) -> Actor:
    """A member of staff who administers revenue."""
    return (await make_staff(deps.works, "Finance"))[0]
