"""Every query about mandates, agreed prices, and what is charged under them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.billing.models.invoices import invoice_standings, invoices
from aei_marketplace.billing.models.mandates import mandates, price_consents
from aei_marketplace.billing.models.prices import plugin_prices
from aei_marketplace.billing.models.providers import payments
from aei_marketplace.billing.models.purchases import purchase_charges, purchases
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.mandates import PAUSES, Attempt, Mandate
from aei_marketplace.billing.rules.prices import Price
from aei_marketplace.billing.rules.purchases import PurchaseState
from aei_marketplace.billing.store import prices
from aei_marketplace.ground.work import Work

_ASKED = text("state = 'asked'")
_UNANSWERED = payments.c.mandate_id.is_not(None) & (payments.c.state == "expired")
_COLUMNS = tuple(field.name for field in fields(Mandate))


async def add(work: Work, mandate: Mandate) -> bool:
    """Keep a consent; False when the tenant is naming a method already."""
    values = {name: getattr(mandate, name) for name in _COLUMNS}
    unless = upsert(mandates).values(**values)
    unless = unless.on_conflict_do_nothing(index_elements=["tenant_id", "provider"], index_where=_ASKED)
    return (await work.run(unless)).rowcount == 1


async def find(work: Work, mandate_id: UUID) -> Mandate | None:
    """A mandate."""
    row = (await work.run(select(mandates).where(mandates.c.id == mandate_id))).first()
    return None if row is None else _mandate(row)


async def find_standing(
    work: Work, tenant: UUID, provider: str, *, for_update: bool = False
) -> list[Mandate]:
    """A tenant's mandates that are asked for or kept, in the order in which they were agreed to."""
    query = select(mandates).where(
        mandates.c.tenant_id == tenant, mandates.c.provider == provider, mandates.c.state != "withdrawn"
    )
    query = query.order_by(mandates.c.id)
    rows = await work.run(query.with_for_update() if for_update else query)
    return [_mandate(row) for row in rows]


async def change(work: Work, mandate_id: UUID, values: Mapping[str, Any]) -> None:
    """Write what has become of a mandate."""
    await work.run(update(mandates).where(mandates.c.id == mandate_id).values(**values))


async def add_consent(work: Work, tenant: UUID, purchase_id: UUID, price_id: UUID, agreed_by: UUID) -> bool:
    """Keep that somebody agreed to a price; False when that is known."""
    values = {"purchase_id": purchase_id, "price_id": price_id, "tenant_id": tenant}
    new = upsert(price_consents).values(**values, agreed_by=agreed_by, agreed_at=work.now)
    return (await work.run(new.on_conflict_do_nothing())).rowcount == 1


async def agreed_prices(work: Work, purchase_ids: Sequence[UUID]) -> dict[UUID, list[Price]]:
    """The prices that somebody agreed to, by purchase."""
    query = (
        select(price_consents.c.purchase_id, plugin_prices)
        .join(plugin_prices, plugin_prices.c.id == price_consents.c.price_id)
        .where(price_consents.c.purchase_id.in_(list(purchase_ids)))
    )
    found: dict[UUID, list[Price]] = {}
    for row in await work.run(query):
        found.setdefault(row.purchase_id, []).append(prices.read(row))
    return found


@dataclass(frozen=True, slots=True)
class Renewal:
    """What an invoice of a renewal is for: one charge, and its purchase as it stands now."""

    charge: Charge
    state: PurchaseState


async def open_renewals(work: Work, provider: str, after: UUID | None, limit: int) -> list[UUID]:
    """Unpaid invoices of renewals that may be due to be charged, in the order of their ids.

    Those that were charged lately, for good, often enough or without an answer are left out: there may be
    many of them.
    """
    reserved = exists().where(
        payments.c.invoice_id == invoices.c.id,
        payments.c.mandate_id.is_not(None),
        payments.c.state == "reserved",
    )
    tried = (payments.c.invoice_id == invoices.c.id, payments.c.mandate_id == mandates.c.id)
    lately = (payments.c.state == "failed") & (payments.c.settled_at > work.now - PAUSES[0])
    settled = exists().where(*tried, (payments.c.state == "open") | payments.c.final | lately)
    unanswered = exists().where(payments.c.invoice_id == invoices.c.id, _UNANSWERED)
    often = select(func.count()).select_from(payments).where(*tried).scalar_subquery()
    kept = exists().where(
        mandates.c.tenant_id == invoices.c.tenant_id,
        mandates.c.provider == provider,
        mandates.c.state == "kept",
        ~settled,
        often <= len(PAUSES),
    )
    query = (
        select(invoices.c.id)
        .join(invoice_standings, invoice_standings.c.invoice_id == invoices.c.id)
        .where(invoice_standings.c.state == "open", invoices.c.reason == "renewal")
        .where((kept & ~unanswered) | reserved)
    )
    if after is not None:
        query = query.where(invoices.c.id > after)
    return list((await work.run(query.order_by(invoices.c.id).limit(limit))).scalars())


async def find_renewal(work: Work, invoice_id: UUID) -> Renewal | None:
    """What an invoice of a renewal is for; None of one that is for something else."""
    query = (
        select(purchase_charges, purchases.c.state)
        .join(purchases, purchases.c.id == purchase_charges.c.purchase_id)
        .where(purchase_charges.c.invoice_id == invoice_id)
    )
    row = (await work.run(query)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    return Renewal(state=PurchaseState(values.pop("state")), charge=Charge(**values))


async def is_unanswered(work: Work, invoice_id: UUID) -> bool:
    """Whether a charge of an invoice, under whatever mandate, was given up without an answer."""
    given_up = exists().where(payments.c.invoice_id == invoice_id, _UNANSWERED)
    return bool((await work.run(select(given_up))).scalar_one())


async def attempts(work: Work, mandate_id: UUID, invoice_id: UUID) -> list[Attempt]:
    """What was tried for an invoice under a mandate, the oldest first."""
    query = select(payments.c.state, payments.c.final, payments.c.settled_at).where(
        payments.c.mandate_id == mandate_id, payments.c.invoice_id == invoice_id
    )
    rows = await work.run(query.order_by(payments.c.created_at, payments.c.id))
    return [Attempt(row.state, row.final, row.settled_at) for row in rows]


def _mandate(row: Row[Any]) -> Mandate:
    return Mandate(**{name: getattr(row, name) for name in _COLUMNS})
