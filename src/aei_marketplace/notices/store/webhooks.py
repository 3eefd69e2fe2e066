"""Webhooks: of the actor's tenant, or of the operator when the actor is staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, any_, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.sealing import Sealed
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.models import webhooks as table
from aei_marketplace.notices.rules.webhooks import OldSecret, Webhook

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold(work: Work, tenant: UUID | None) -> None:
    """Have this work alone add webhooks to a tenant, or the operator's, until it ends."""
    await work.run(_HOLD, {"name": f"webhooks/{tenant}"})


async def find(work: Work, webhook_id: UUID, *, lock: bool = False) -> Webhook | None:
    """One webhook; `lock` holds it until the work ends."""
    query = select(table).where(table.c.id == webhook_id)
    row = (await work.run(query.with_for_update() if lock else query)).first()
    return None if row is None else _webhook(row)


async def find_page(work: Work, tenant: UUID | None, after: UUID | None, limit: int) -> list[Webhook]:
    """Webhooks in the order of their making, one more than `limit` if there are more."""
    later = [table.c.id > after] if after else []
    query = select(table).where(table.c.tenant_id.is_not_distinct_from(tenant), *later)
    return [_webhook(row) for row in await work.run(query.order_by(table.c.id).limit(limit + 1))]


async def find_all(work: Work, tenant: UUID | None) -> list[Webhook]:
    """All webhooks of a tenant, or the operator's; there are never many."""
    query = select(table).where(table.c.tenant_id.is_not_distinct_from(tenant)).order_by(table.c.id)
    return [_webhook(row) for row in await work.run(query)]


async def count(work: Work, tenant: UUID | None) -> int:
    """How many there are."""
    query = select(func.count()).select_from(table).where(table.c.tenant_id.is_not_distinct_from(tenant))
    return int((await work.run(query)).scalar_one())


async def find_wanting(work: Work, tenant: UUID | None, kind: str) -> Sequence[UUID]:
    """The enabled webhooks that get notices of a kind."""
    wanting = or_(func.cardinality(table.c.kinds) == 0, literal(kind) == any_(table.c.kinds))
    query = select(table.c.id).where(table.c.tenant_id.is_not_distinct_from(tenant), table.c.enabled, wanting)
    return (await work.run(query)).scalars().all()


async def save(work: Work, webhook: Webhook) -> None:
    """Write a webhook, new or changed."""
    old = webhook.old_secret
    values = {
        "name": webhook.name,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "enabled": webhook.enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
        "secret_version": webhook.secret_version,
        "secret_nonce": webhook.secret.nonce,
        "secret_sealed": webhook.secret.content,
        "old_nonce": old.sealed.nonce if old else None,
        "old_sealed": old.sealed.content if old else None,
        "old_until": old.until if old else None,
        "version": webhook.version,
        "updated_at": webhook.updated_at,
    }
    made = {"created_at": webhook.created_at, "created_by": webhook.created_by}
    new = insert(table).values(id=webhook.id, tenant_id=webhook.tenant, **made, **values)
    await work.run(new.on_conflict_do_update(index_elements=["id"], set_=values))


async def put_secret(work: Work, webhook_id: UUID, version: int, sealed: Sealed) -> None:
    """Write one version of a webhook's secret, sealed again: the present one or the one before it."""
    one = update(table).where(table.c.id == webhook_id)
    present = {"secret_nonce": sealed.nonce, "secret_sealed": sealed.content}
    await work.run(one.where(table.c.secret_version == version).values(present))
    older = {"old_nonce": sealed.nonce, "old_sealed": sealed.content}
    is_older = (table.c.secret_version == version + 1) & table.c.old_sealed.is_not(None)
    await work.run(one.where(is_older).values(older))


async def remove(work: Work, webhook_id: UUID) -> None:
    """Delete a webhook and its deliveries."""
    await work.run(delete(table).where(table.c.id == webhook_id))


async def mark_health(work: Work, webhook_id: UUID, failing_since: datetime | None) -> None:
    """Write down since when a webhook has failed; the first time is kept until it works again."""
    since = None if failing_since is None else func.coalesce(table.c.failing_since, failing_since)
    await work.run(update(table).where(table.c.id == webhook_id).values(failing_since=since))


def _webhook(row: Row[Any]) -> Webhook:
    old = None
    if row.old_sealed is not None:
        old = OldSecret(Sealed(row.old_nonce, row.old_sealed), row.old_until)
    return Webhook(
        id=row.id,
        tenant=row.tenant_id,
        name=row.name,
        url=row.url,
        kinds=tuple(row.kinds),
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        failing_since=row.failing_since,
        secret_version=row.secret_version,
        secret=Sealed(row.secret_nonce, row.secret_sealed),
        old_secret=old,
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )
