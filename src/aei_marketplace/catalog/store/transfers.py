"""Offers of namespaces to other tenants."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import namespace_transfers
from aei_marketplace.catalog.rules.membership import Transfer, TransferState
from aei_marketplace.ground.work import Work

_X = namespace_transfers.c
_HAND_OVER = text("select catalog_hand_over(:transfer, :publisher, :now)")
#: So many of a tenant's offers are shown, the newest first.
MOST_SHOWN = 200


async def add(work: Work, values: Mapping[str, Any]) -> bool:
    """Make an offer; False when one is open."""
    done = await work.run(insert(namespace_transfers).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def offered_since(work: Work, since: datetime) -> Sequence[datetime]:
    """When the actor's tenant made its offers since a moment, the oldest first."""
    mine = _X.from_tenant == work.actor.in_tenant(), _X.offered_at > since
    return (await work.run(select(_X.offered_at).where(*mine).order_by(_X.offered_at))).scalars().all()


async def expire(work: Work, namespace: str) -> None:
    """Write down that the time of a namespace's offer is over, if it is."""
    old = _X.namespace == namespace, _X.state == TransferState.OFFERED, _X.expires_at <= work.now
    values = {"state": TransferState.EXPIRED, "ended_at": _X.expires_at}
    await work.run(update(namespace_transfers).where(*old).values(**values))


async def newest(work: Work, namespace: str) -> Transfer | None:
    """The newest offer of a namespace from or to the actor's tenant."""
    wanted = select(namespace_transfers).where(_X.namespace == namespace, _of_tenant(work))
    row = (await work.run(wanted.order_by(_X.offered_at.desc(), _X.id.desc()).limit(1))).first()
    return None if row is None else _transfer(row)


async def list_own(work: Work) -> Sequence[Transfer]:
    """The newest offers from and to the actor's tenant."""
    wanted = select(namespace_transfers).where(_of_tenant(work))
    rows = await work.run(wanted.order_by(_X.offered_at.desc(), _X.id.desc()).limit(MOST_SHOWN))
    return [_transfer(row) for row in rows]


async def end(work: Work, transfer_id: UUID, state: TransferState) -> bool:
    """Withdraw or decline an offer; False when it has ended."""
    values = {"state": state, "ended_by": work.actor.id, "ended_at": work.now}
    waiting = _X.id == transfer_id, _X.state == TransferState.OFFERED
    return (await work.run(update(namespace_transfers).where(*waiting).values(**values))).rowcount == 1


async def hand_over(work: Work, transfer_id: UUID, publisher_id: UUID) -> bool:
    """Give the namespace with its plugins to a publisher of the actor's tenant; False when it cannot be.

    Whatever is published into it at the same time is waited for.
    """
    asked = {"transfer": transfer_id, "publisher": publisher_id, "now": work.now}
    return bool((await work.run(_HAND_OVER, asked)).scalar_one())


async def find(work: Work, transfer_id: UUID) -> Transfer:
    """An offer that is known to be there."""
    wanted = select(namespace_transfers).where(_X.id == transfer_id)
    return _transfer((await work.run(wanted)).one())


async def mark_told(work: Work, transfer_id: UUID) -> bool:
    """Note that the former owner's audit log tells of a transfer; False when it does already."""
    untold = _X.id == transfer_id, _X.state == TransferState.ACCEPTED, _X.told_at.is_(None)
    done = await work.run(update(namespace_transfers).where(*untold).values(told_at=work.now))
    return done.rowcount == 1


def _of_tenant(work: Work) -> Any:
    tenant = work.actor.in_tenant()
    return or_(_X.from_tenant == tenant, _X.to_tenant == tenant)


def _transfer(row: Row[Any]) -> Transfer:
    found = {field.name: row._mapping[field.name] for field in fields(Transfer)}
    return Transfer(**{**found, "state": TransferState(row.state)})
