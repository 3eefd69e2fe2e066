"""Consent to the prices of renewals: what costs more than somebody agreed to is not charged by itself."""

from uuid import UUID

from aei_marketplace.billing.errors.mandates import ConsentUnfit
from aei_marketplace.billing.rules.mandates import is_agreed
from aei_marketplace.billing.rules.prices import AnnouncedPrice, Model, price_at
from aei_marketplace.billing.rules.purchases import Purchase
from aei_marketplace.billing.service.purchases import ACTION, find_purchase
from aei_marketplace.billing.store import mandates as store
from aei_marketplace.billing.store import prices
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work


async def agree_to_price(work: Work, purchase_id: UUID, price_id: UUID) -> None:
    """Agree that a purchase's renewals are charged at a price: the present one, or the next one's.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchPurchase: there is none that the actor may see.
        ConsentUnfit: the purchase does not have that price.
    """
    purchase = await find_purchase(work, purchase_id)
    announced = (await prices.prices_of(work, [purchase.plugin_id])).get(purchase.plugin_id, [])
    if price_id != purchase.price_id and price_id != getattr(_next(purchase, announced), "id", None):
        raise ConsentUnfit(f"{purchase.plugin_id} is not renewed at that price.")
    assert work.actor.id is not None, "who spends has an account"
    if await store.add_consent(work, purchase.tenant_id, purchase.id, price_id, work.actor.id):
        context = {"plugin": purchase.plugin_id, "price": str(price_id)}
        work.record(Fact("purchase.agree", "purchase", str(purchase.id), context=context))


async def prices_to_agree(work: Work, bought: list[Purchase]) -> dict[UUID, AnnouncedPrice]:
    """By purchase, the price of its next renewal, or of this period, where nobody has agreed to it yet.

    What is cancelled is not charged by itself: it has none.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    renewed = [
        p for p in bought if p.price.model is Model.SUBSCRIPTION and not (p.cancelled_at or p.ended_at)
    ]
    if not renewed:
        return {}
    agreed = await store.agreed_prices(work, [each.id for each in renewed])
    announced = await prices.prices_of(work, {each.plugin_id for each in renewed})
    found = {}
    for each in renewed:
        of_plugin = announced.get(each.plugin_id, [])
        present = next((price for price in of_plugin if price.id == each.price_id), None)
        for price in (_next(each, of_plugin), present):
            if price is not None and not is_agreed(price.price, agreed.get(each.id, ())):
                found[each.id] = price
    return found


def _next(purchase: Purchase, announced: list[AnnouncedPrice]) -> AnnouncedPrice | None:
    """What the next period costs as far as is known; None when it is no subscription then."""
    if purchase.period_end is None:
        return None
    found = price_at(announced, purchase.period_end)
    return found if found is not None and found.price.model is Model.SUBSCRIPTION else None
