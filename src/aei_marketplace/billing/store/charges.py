"""Every query about what purchases have come to."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from aei_marketplace.billing.models.invoices import invoice_lines
from aei_marketplace.billing.models.purchases import purchase_charges, purchase_credits
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.ground.work import Work


async def add(work: Work, charges: Sequence[Charge]) -> None:
    """Keep charges; the invoice's lines have the same keys, and each of those is there once."""
    await work.run(insert(purchase_charges), [asdict(charge) for charge in charges])


async def mark_as_paid(work: Work, invoice_id: UUID, paid_at: datetime) -> list[Charge]:
    """Note that an invoice is paid; the charges of which that was not known yet."""
    open_ones = purchase_charges.c.paid_at.is_(None)
    statement = update(purchase_charges).where(purchase_charges.c.invoice_id == invoice_id, open_ones)
    rows = await work.run(statement.values(paid_at=paid_at).returning(purchase_charges))
    return [_charge(row) for row in rows]


async def find(work: Work, key: str) -> Charge | None:
    """A charge, held until this work ends."""
    query = select(purchase_charges).where(purchase_charges.c.key == key).with_for_update()
    row = (await work.run(query)).first()
    return None if row is None else _charge(row)


async def of_purchases(work: Work, purchases: Sequence[UUID]) -> list[Charge]:
    """All charges of purchases, the newest first."""
    query = select(purchase_charges).where(purchase_charges.c.purchase_id.in_(list(purchases)))
    return [_charge(row) for row in await work.run(query.order_by(purchase_charges.c.charged_at.desc()))]


async def of_month(work: Work, tenant: UUID, plugin_id: str, period: date) -> list[Charge]:
    """What counts a tenant's usage of a plugin in a month, one for each currency."""
    mine = (purchase_charges.c.tenant_id == tenant, purchase_charges.c.plugin_id == plugin_id)
    start = datetime(period.year, period.month, 1, tzinfo=UTC)
    of_usage = (purchase_charges.c.source == "usage", purchase_charges.c.period_start == start)
    query = select(purchase_charges).where(*mine, *of_usage).order_by(purchase_charges.c.currency)
    return [_charge(row) for row in await work.run(query)]


def is_owed() -> ColumnElement[bool]:
    """Whether a charge is neither paid nor credited whole; what is credited has the tax in it."""
    credited = (
        select(func.coalesce(func.sum(purchase_credits.c.amount_minor), 0))
        .where(purchase_credits.c.key == purchase_charges.c.key)
        .scalar_subquery()
    )
    whole = (
        select(invoice_lines.c.net + invoice_lines.c.tax)
        .where(invoice_lines.c.key == purchase_charges.c.key)
        .scalar_subquery()
    )
    return and_(purchase_charges.c.paid_at.is_(None), credited < whole)


async def unpaid_due(work: Work, tenant: UUID, plugin_id: str) -> datetime | None:
    """When the oldest unpaid charge of a tenant for a plugin is due that was not credited whole.

    Whatever purchase it is of: nobody escapes a debt by buying anew.
    """
    mine = (purchase_charges.c.tenant_id == tenant, purchase_charges.c.plugin_id == plugin_id)
    query = select(func.min(purchase_charges.c.due_at)).where(*mine, is_owed())
    found: datetime | None = (await work.run(query)).scalar_one()
    return found


async def add_credit(
    work: Work, credit_note_id: UUID, charge: Charge, amount: int, credited_at: datetime
) -> None:
    """Note what was credited, once."""
    values = {
        "credit_note_id": credit_note_id,
        "key": charge.key,
        "tenant_id": charge.tenant_id,
        "amount_minor": amount,
        "credited_at": credited_at,
    }
    await work.run(insert_once(purchase_credits).values(**values).on_conflict_do_nothing())


async def credited(work: Work, key: str) -> int:
    """How much of a charge was credited, with the tax."""
    query = select(func.coalesce(func.sum(purchase_credits.c.amount_minor), 0))
    return int((await work.run(query.where(purchase_credits.c.key == key))).scalar_one())


def _charge(row: Row[Any]) -> Charge:
    return Charge(**row._mapping)
