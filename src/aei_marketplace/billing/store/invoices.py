"""Every query about invoices and how they stand."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.billing.models.invoices import invoice_lines, invoice_standings, invoices
from aei_marketplace.ground.work import Work

#: What a list shows of each invoice.
_SUMMARY = (
    invoices.c.id,
    invoices.c.number,
    invoices.c.tenant_id,
    invoices.c.currency,
    invoices.c.issued_at,
    invoices.c.due_at,
    invoices.c.net,
    invoices.c.tax,
    invoices.c.billed_to["name"].astext.label("billed_to"),
    invoice_standings.c.state,
    invoice_standings.c.credited,
    invoice_standings.c.paid_at,
    invoice_standings.c.reference,
)
_PAID = (
    invoice_standings.c.provider,
    invoice_standings.c.reference,
    invoice_standings.c.paid_at,
    invoice_standings.c.total,
)


async def add_invoice(work: Work, values: Mapping[str, Any]) -> str:
    """Write an invoice; the number that it drew."""
    statement = insert(invoices).values(**values).returning(invoices.c.number)
    number: str = (await work.run(statement)).scalar_one()
    return number


async def add_lines(work: Work, values: Sequence[Mapping[str, Any]]) -> int:
    """Write an invoice's lines; how many of them were invoiced for the first time."""
    statement = upsert(invoice_lines).values(list(values)).on_conflict_do_nothing(index_elements=["key"])
    return len((await work.run(statement.returning(invoice_lines.c.key))).all())


async def find_invoice(work: Work, invoice_id: UUID) -> Row[Any] | None:
    """An invoice."""
    return (await work.run(select(invoices).where(invoices.c.id == invoice_id))).first()


async def lines_of(work: Work, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The lines of invoices, each one's in their order."""
    query = select(invoice_lines).where(invoice_lines.c.invoice_id.in_(list(invoice_ids)))
    return (await work.run(query.order_by(invoice_lines.c.invoice_id, invoice_lines.c.position))).all()


async def find_invoices(work: Work, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Several invoices."""
    return (await work.run(select(invoices).where(invoices.c.id.in_(list(invoice_ids))))).all()


async def find_standings(work: Work, invoice_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """How several invoices stand."""
    wanted = invoice_standings.c.invoice_id.in_(list(invoice_ids))
    return (await work.run(select(invoice_standings).where(wanted))).all()


async def find_line(work: Work, key: str) -> Row[Any] | None:
    """The line on which a sale was invoiced."""
    return (await work.run(select(invoice_lines).where(invoice_lines.c.key == key))).first()


async def find_standing(work: Work, invoice_id: UUID, *, for_update: bool = False) -> Row[Any] | None:
    """How an invoice stands; held until the commit for whoever changes it."""
    query = select(invoice_standings).where(invoice_standings.c.invoice_id == invoice_id)
    return (await work.run(query.with_for_update() if for_update else query)).first()


async def set_standing(work: Work, invoice_id: UUID, values: Mapping[str, Any]) -> None:
    """Change how an invoice stands."""
    change = update(invoice_standings).where(invoice_standings.c.invoice_id == invoice_id)
    await work.run(change.values(**values))


async def list_invoices(
    work: Work, tenant: UUID | None, state: str | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Invoices with how they stand, the newest first, one more than `limit` if there are more.

    Args:
        tenant: of this buyer; of all when absent.
        state: `open`, `overdue`, `paid` or `credited`; all when absent.
    """
    query = _chosen(select(*_SUMMARY), work.now, tenant, state)
    if after is not None:
        query = query.where(invoices.c.id < after)
    return (await work.run(query.order_by(invoices.c.id.desc()).limit(limit + 1))).all()


async def count_invoices(work: Work, tenant: UUID | None, state: str | None) -> int:
    """How many invoices a list has in all."""
    query = _chosen(select(func.count()), work.now, tenant, state)
    return int((await work.run(query)).scalar_one())


async def due_for_reminder(work: Work, stages: Sequence[datetime], limit: int) -> Sequence[Row[Any]]:
    """Open invoices about which one more notice is due, those due longest first; held, others' left out.

    Args:
        stages: due by when an invoice must have been for the first, the second … notice.
    """
    table = invoice_standings
    reminded = [
        (table.c.reminders == stage) & (table.c.due_at <= moment) for stage, moment in enumerate(stages)
    ]
    wanted = reminded[0]
    for each in reminded[1:]:
        wanted = wanted | each
    query = select(table).where(table.c.state == "open", wanted).order_by(table.c.due_at).limit(limit)
    return (await work.run(query.with_for_update(skip_locked=True))).all()


async def paid_between(work: Work, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Invoices that were paid in a time, with how they stand."""
    query = (
        select(invoices.c.id, invoices.c.number, invoices.c.currency, *_PAID)
        .join_from(invoices, invoice_standings, invoice_standings.c.invoice_id == invoices.c.id)
        .where(
            invoice_standings.c.state == "paid",
            invoice_standings.c.paid_at >= since,
            invoice_standings.c.paid_at < until,
        )
    )
    return (await work.run(query.order_by(invoices.c.id))).all()


def _chosen(query: Select[Any], now: datetime, tenant: UUID | None, state: str | None) -> Select[Any]:
    found = query.select_from(
        invoices.join(invoice_standings, invoice_standings.c.invoice_id == invoices.c.id)
    )
    if tenant is not None:
        found = found.where(invoices.c.tenant_id == tenant)
    if state == "overdue":
        return found.where(invoice_standings.c.state == "open", invoice_standings.c.due_at <= now)
    return found if state is None else found.where(invoice_standings.c.state == state)
