"""Every query about payments, refunds and customers of providers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.billing.models.invoices import invoices
from aei_marketplace.billing.models.providers import customers, payments, refunds
from aei_marketplace.ground.work import Work

_WAITING = text("state in ('reserved', 'open')")


async def find_waiting(work: Work, invoice_id: UUID, *, for_update: bool = False) -> Row[Any] | None:
    """The attempt to collect an invoice that is under way; held until the commit for whoever ends it."""
    query = select(payments).where(payments.c.invoice_id == invoice_id, _WAITING)
    return (await work.run(query.with_for_update() if for_update else query)).first()


async def add_payment(work: Work, values: Mapping[str, Any]) -> bool:
    """Reserve an attempt to collect; False when one is under way."""
    unless = upsert(payments).values(**values)
    unless = unless.on_conflict_do_nothing(index_elements=["invoice_id"], index_where=_WAITING)
    return (await work.run(unless)).rowcount == 1


async def set_payment(work: Work, payment_id: UUID, values: Mapping[str, Any]) -> None:
    """Write what has become of an attempt."""
    await work.run(update(payments).where(payments.c.id == payment_id).values(**values))


async def find_payment(work: Work, payment_id: UUID) -> Row[Any] | None:
    """An attempt by our name, held until the commit."""
    query = select(payments).where(payments.c.id == payment_id)
    return (await work.run(query.with_for_update())).first()


async def find_told(work: Work, provider: str, payment: str) -> Row[Any] | None:
    """An attempt by the provider's name of the payment or of what it was asked for, held until the commit."""
    query = select(payments).where(
        payments.c.provider == provider, (payments.c.payment == payment) | (payments.c.collection == payment)
    )
    return (await work.run(query.with_for_update())).first()


async def find_silent(
    work: Work, provider: str, before: datetime, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Open attempts of which the provider should have told, in the order of their ids.

    Args:
        before: charges to kept methods that began by then; pages are those that have ended.
    """
    charged = payments.c.mandate_id.is_not(None) & (payments.c.created_at < before)
    ended = payments.c.mandate_id.is_(None) & (payments.c.url_until < work.now)
    query = select(payments).where(
        payments.c.provider == provider, payments.c.state == "open", charged | ended
    )
    if after is not None:
        query = query.where(payments.c.id > after)
    return (await work.run(query.order_by(payments.c.id).limit(limit))).all()


async def payment_of(work: Work, invoice_id: UUID) -> Row[Any] | None:
    """The attempt by which an invoice was paid."""
    query = select(payments).where(payments.c.invoice_id == invoice_id, payments.c.state == "succeeded")
    return (await work.run(query)).first()


async def find_customer(work: Work, provider: str, tenant: UUID) -> str | None:
    """The provider's name of a tenant."""
    query = select(customers.c.customer).where(
        customers.c.provider == provider, customers.c.tenant_id == tenant
    )
    found: str | None = (await work.run(query)).scalar()
    return found


async def add_customer(work: Work, provider: str, tenant: UUID, customer: str) -> None:
    """Keep the provider's name of a tenant; the first stays."""
    new = upsert(customers).values(provider=provider, tenant_id=tenant, customer=customer)
    await work.run(new.on_conflict_do_nothing())


async def add_refund(work: Work, values: Mapping[str, Any]) -> None:
    """Owe a buyer money."""
    await work.run(insert(refunds).values(**values))


async def find_refund(work: Work, refund_id: UUID) -> Row[Any] | None:
    """A refund by our name, held until the commit."""
    return (await work.run(select(refunds).where(refunds.c.id == refund_id).with_for_update())).first()


async def refund_told(work: Work, provider: str, reference: str) -> Row[Any] | None:
    """A refund by the provider's name, held until the commit."""
    query = select(refunds).where(refunds.c.provider == provider, refunds.c.reference == reference)
    return (await work.run(query.with_for_update())).first()


async def refund_of(work: Work, note_id: UUID) -> Row[Any] | None:
    """The refund that a credit note brought about."""
    return (await work.run(select(refunds).where(refunds.c.credit_note_id == note_id))).first()


async def refunds_of(work: Work, invoice_id: UUID) -> Sequence[Row[Any]]:
    """The refunds of an invoice, the oldest first."""
    query = select(refunds).where(refunds.c.invoice_id == invoice_id).order_by(refunds.c.id)
    return (await work.run(query)).all()


async def set_refund(work: Work, refund_id: UUID, values: Mapping[str, Any]) -> None:
    """Write what has become of a refund."""
    await work.run(update(refunds).where(refunds.c.id == refund_id).values(**values))


async def refunds_between(work: Work, provider: str, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Refunds of a provider that have been owed since a time, with the numbers of their invoices."""
    query = select(*refunds.c, invoices.c.number).join(invoices, invoices.c.id == refunds.c.invoice_id)
    query = query.where(
        refunds.c.provider == provider,
        refunds.c.payment.is_not(None),
        refunds.c.created_at >= since,
        refunds.c.created_at < until,
    )
    return (await work.run(query.order_by(refunds.c.id))).all()


async def payments_found(work: Work, invoice_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What providers collected of invoices, in minor units."""
    query = select(payments.c.invoice_id, payments.c.amount).where(
        payments.c.invoice_id.in_(list(invoice_ids)), payments.c.state == "succeeded"
    )
    return {row.invoice_id: row.amount for row in await work.run(query)}


async def unsettled_refunds(work: Work, provider: str, before: datetime) -> Sequence[UUID]:
    """Refunds that are owed since before a moment, and for which a provider is to be asked."""
    query = select(refunds.c.id).where(
        refunds.c.provider == provider,
        refunds.c.payment.is_not(None),
        refunds.c.state == "owed",
        refunds.c.created_at < before,
    )
    return (await work.run(query.order_by(refunds.c.created_at).limit(100))).scalars().all()
