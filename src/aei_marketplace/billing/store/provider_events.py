"""Every query about what providers tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.billing.models.invoices import invoice_lines, invoices
from aei_marketplace.billing.models.providers import provider_disputes, provider_events
from aei_marketplace.ground.work import Work


async def add_event(work: Work, values: Mapping[str, Any]) -> bool:
    """Keep an event; False when it is kept already."""
    return (await work.run(upsert(provider_events).values(**values).on_conflict_do_nothing())).rowcount == 1


async def find_event(
    work: Work, provider: str, event_id: str, *, for_update: bool = False
) -> Row[Any] | None:
    """An event; held until the commit for whoever settles it."""
    query = select(provider_events).where(
        provider_events.c.provider == provider, provider_events.c.event_id == event_id
    )
    return (await work.run(query.with_for_update() if for_update else query)).first()


async def set_event(work: Work, provider: str, event_id: str, values: Mapping[str, Any]) -> None:
    """Write what has become of an event."""
    one = update(provider_events).where(
        provider_events.c.provider == provider, provider_events.c.event_id == event_id
    )
    await work.run(one.values(**values))


async def release_parked(work: Work, provider: str, subjects: Sequence[str]) -> Sequence[str]:
    """Have those that waited for one of these looked at again; their ids, in the order they happened."""
    waiting = update(provider_events).where(
        provider_events.c.provider == provider,
        provider_events.c.state == "parked",
        provider_events.c.subject.in_(list(subjects)),
    )
    rows = await work.run(
        waiting.values(state="pending", reason=None).returning(
            provider_events.c.occurred_at, provider_events.c.event_id
        )
    )
    return [row.event_id for row in sorted(rows, key=lambda row: (row.occurred_at, row.event_id))]


async def ignore_parked(work: Work, before: datetime) -> int:
    """Give up on events that have waited since before a moment; how many."""
    old = update(provider_events).where(
        provider_events.c.state == "parked", provider_events.c.received_at < before
    )
    values = {
        "state": "ignored",
        "settled_at": work.now,
        "reason": "what it is about never became known here",
    }
    return (await work.run(old.values(**values))).rowcount


async def list_events(
    work: Work, states: Sequence[str], since: datetime, until: datetime, limit: int
) -> Sequence[Row[Any]]:
    """Events in these states that happened in a time, the oldest first."""
    query = select(provider_events).where(
        provider_events.c.state.in_(list(states)),
        provider_events.c.occurred_at >= since,
        provider_events.c.occurred_at < until,
    )
    return (await work.run(query.order_by(provider_events.c.occurred_at).limit(limit))).all()


async def disputes_of(work: Work, provider: str, dispute: str) -> Sequence[Row[Any]]:
    """What a dispute concerns, sale by sale, held until the commit."""
    query = select(provider_disputes).where(
        provider_disputes.c.provider == provider, provider_disputes.c.dispute == dispute
    )
    return (await work.run(query.order_by(provider_disputes.c.sale_key).with_for_update())).all()


async def add_disputes(work: Work, values: Sequence[Mapping[str, Any]]) -> None:
    """Write what a dispute concerns."""
    await work.run(insert(provider_disputes), list(values))


async def set_dispute(work: Work, provider: str, dispute: str, values: Mapping[str, Any]) -> None:
    """Write what has become of a dispute."""
    one = update(provider_disputes).where(
        provider_disputes.c.provider == provider, provider_disputes.c.dispute == dispute
    )
    await work.run(one.values(**values))


async def disputes_between(work: Work, provider: str, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """What disputes that were opened or ended in a time concern, with the numbers of their invoices."""
    table = provider_disputes
    within = [(at >= since) & (at < until) for at in (table.c.opened_at, table.c.settled_at)]
    query = (
        select(*table.c, invoices.c.number, invoices.c.currency)
        .join(invoice_lines, invoice_lines.c.key == table.c.sale_key)
        .join(invoices, invoices.c.id == invoice_lines.c.invoice_id)
        .where(table.c.provider == provider, within[0] | within[1])
    )
    return (await work.run(query.order_by(table.c.dispute, table.c.sale_key))).all()
