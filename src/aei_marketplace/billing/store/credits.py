"""Every query about credit notes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select

from aei_marketplace.billing.models.invoices import credit_note_lines, credit_notes, invoice_lines, invoices
from aei_marketplace.ground.work import Work

_NOTES = select(*credit_notes.c, invoices.c.number.label("invoice_number")).select_from(
    credit_notes.join(invoices, invoices.c.id == credit_notes.c.invoice_id)
)


async def add_note(work: Work, values: Mapping[str, Any]) -> None:
    """Write a credit note, which draws its number."""
    await work.run(insert(credit_notes).values(**values))


async def add_lines(work: Work, values: Sequence[Mapping[str, Any]]) -> None:
    """Write a credit note's lines."""
    await work.run(insert(credit_note_lines), list(values))


async def find_note(work: Work, note_id: UUID) -> Row[Any] | None:
    """A credit note, with the number of its invoice."""
    return (await work.run(_NOTES.where(credit_notes.c.id == note_id))).first()


async def notes_of(work: Work, invoice_id: UUID) -> Sequence[Row[Any]]:
    """The credit notes of an invoice, the oldest first."""
    return (
        await work.run(_NOTES.where(credit_notes.c.invoice_id == invoice_id).order_by(credit_notes.c.id))
    ).all()


async def list_notes(work: Work, tenant: UUID | None, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Credit notes, the newest first, one more than `limit` if there are more; of one buyer or all."""
    query = _NOTES if tenant is None else _NOTES.where(credit_notes.c.tenant_id == tenant)
    if after is not None:
        query = query.where(credit_notes.c.id < after)
    return (await work.run(query.order_by(credit_notes.c.id.desc()).limit(limit + 1))).all()


async def count_notes(work: Work, tenant: UUID | None) -> int:
    """How many credit notes a list has in all."""
    query = select(func.count()).select_from(credit_notes)
    if tenant is not None:
        query = query.where(credit_notes.c.tenant_id == tenant)
    return int((await work.run(query)).scalar_one())


async def lines_of(work: Work, notes: Iterable[UUID]) -> Sequence[Row[Any]]:
    """The lines of credit notes, each with its invoice line's words, in the invoice's order."""
    query = select(
        *credit_note_lines.c, invoice_lines.c.text, invoice_lines.c.rate_bps, invoice_lines.c.position
    ).select_from(credit_note_lines.join(invoice_lines, invoice_lines.c.key == credit_note_lines.c.key))
    query = query.where(credit_note_lines.c.credit_note_id.in_(list(notes)))
    return (await work.run(query.order_by(invoice_lines.c.position))).all()


async def credited_of(
    work: Work, invoice_ids: Collection[UUID], *, unpaid: bool = False
) -> dict[str, tuple[int, int]]:
    """What is credited of the lines of invoices: net and tax, by key.

    Args:
        unpaid: only what was credited before each invoice was paid.
    """
    query: Select[Any] = (
        select(credit_note_lines.c.key, func.sum(credit_note_lines.c.net), func.sum(credit_note_lines.c.tax))
        .join(credit_notes, credit_notes.c.id == credit_note_lines.c.credit_note_id)
        .where(credit_notes.c.invoice_id.in_(list(invoice_ids)))
        .group_by(credit_note_lines.c.key)
    )
    rows: Any = await work.run(query.where(credit_notes.c.unpaid) if unpaid else query)
    return {key: (int(net), int(tax)) for key, net, tax in rows}
