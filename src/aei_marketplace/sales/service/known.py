"""What is known of the sales that some facts concern, held until the work ends."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aei_marketplace.ground.work import Work
from aei_marketplace.sales.errors import SalesFactContradicts
from aei_marketplace.sales.rules.facts import (
    Afterwards,
    DisputeOpened,
    Refund,
    Sale,
    name_of,
)
from aei_marketplace.sales.rules.settling import Standing
from aei_marketplace.sales.store import sales as store
from aei_marketplace.sales.store.sales import Booked, Hold, Told


@dataclass(frozen=True, slots=True)
class Known:
    """What was told and booked before.

    Attributes:
        booked: sales by key.
        told: what else was told, by name.
        disputed: by dispute, the sale that it is about, as far as its opening was ever told.
    """

    booked: Mapping[str, Booked]
    told: Mapping[str, Told]
    disputed: Mapping[str, str]

    def sale_of(self, fact: Afterwards) -> str | None:
        """The key of the sale that a fact concerns."""
        if isinstance(fact, Refund | DisputeOpened):
            return fact.sale_key
        return self.disputed.get(fact.dispute_key)

    def standing(self, sale_key: str) -> Standing:
        """Where the reversals of a booked sale stand."""
        booked = self.booked.get(sale_key)
        if booked is None:
            return Standing()
        of_sale = [t.fact for t in self.told.values() if t.sale_key == sale_key and t.state == "booked"]
        ended = {f.dispute_key for f in of_sale if not isinstance(f, Refund | DisputeOpened)}
        held = {f.key: f.amount for f in of_sale if isinstance(f, DisputeOpened) and f.key not in ended}
        return Standing(booked.reversed, held, frozenset(ended))


async def hold_known(work: Work, sales: Collection[str], told: Collection[Afterwards]) -> Known:
    """Load what is known of some facts, and have whoever books the same ones wait.

    Args:
        sales: keys of sales that are told now.
        told: what else is told now.
    """
    disputes = {
        f.key if isinstance(f, DisputeOpened) else f.dispute_key for f in told if not isinstance(f, Refund)
    }
    await store.hold(work, Hold.DISPUTES, disputes)
    openings = await store.find_told(work, {f"dispute:{key}" for key in disputes}) if disputes else []
    opened = [*(each.fact for each in openings), *told]
    disputed = {fact.key: fact.sale_key for fact in reversed(opened) if isinstance(fact, DisputeOpened)}
    named = {fact.sale_key for fact in told if isinstance(fact, Refund | DisputeOpened)}
    keys = {*sales, *named, *disputed.values()}
    await store.hold(work, Hold.SALES, keys)
    found = await store.told_of(work, keys, disputes)
    disputed |= {each.fact.key: each.fact.sale_key for each in found if isinstance(each.fact, DisputeOpened)}
    return Known(await store.find(work, keys), {name_of(each.fact): each for each in found}, disputed)


async def look_known(work: Work, told: Collection[Told]) -> Known:
    """The same of facts that were told before, to be shown: nobody waits for it."""
    facts = [each.fact for each in told]
    disputes = {
        f.key if isinstance(f, DisputeOpened) else f.dispute_key for f in facts if not isinstance(f, Refund)
    }
    openings = await store.find_told(work, {f"dispute:{key}" for key in disputes})
    disputed = {f.key: f.sale_key for each in openings if isinstance(f := each.fact, DisputeOpened)}
    named = {fact.sale_key for fact in facts if isinstance(fact, Refund | DisputeOpened)}
    keys = {*named, *disputed.values()}
    found = await store.told_of(work, keys, disputes)
    disputed |= {each.fact.key: each.fact.sale_key for each in found if isinstance(each.fact, DisputeOpened)}
    return Known(await store.find(work, keys), {name_of(each.fact): each for each in found}, disputed)


def check_same_sale(told: Sale, booked: Sale) -> None:
    """Refuse a second telling of a sale that says something else; when it was paid may differ.

    Raises:
        SalesFactContradicts: it does.
    """
    for name in ("plugin_id", "creator", "buyer", "currency", "gross", "tax"):
        if getattr(told, name) != getattr(booked, name):
            raise SalesFactContradicts(f"The sale {told.key} is booked with another {name}.")


def check_same_fact(told: Afterwards, before: Afterwards) -> None:
    """Refuse a second telling of a refund or dispute that says something else.

    Raises:
        SalesFactContradicts: it does.
    """
    for name in ("sale_key", "amount", "fee"):
        if getattr(told, name, None) != getattr(before, name, None):
            raise SalesFactContradicts(f"{name_of(told)} was told before with another {name}.")
