"""Every query about model endpoints."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.sealing import Sealed
from aei_marketplace.ground.work import Work
from aei_marketplace.vault.models import model_endpoints as table
from aei_marketplace.vault.rules.endpoints import Endpoint


async def find(work: Work, tenant: UUID, name: str) -> Endpoint | None:
    """One endpoint."""
    query = select(table).where(table.c.tenant_id == tenant, table.c.name == name)
    row = (await work.run(query)).first()
    return None if row is None else _as_endpoint(row)


async def find_all(work: Work, tenant: UUID) -> list[Endpoint]:
    """All endpoints of a tenant, by name; there are never many."""
    rows = await work.run(select(table).where(table.c.tenant_id == tenant).order_by(table.c.name))
    return [_as_endpoint(row) for row in rows]


async def find_page(work: Work, tenant: UUID, after: str | None, limit: int) -> list[Endpoint]:
    """Endpoints by name, one more than `limit` if there are more."""
    later = [table.c.name > after] if after else []
    query = select(table).where(table.c.tenant_id == tenant, *later).order_by(table.c.name)
    return [_as_endpoint(row) for row in await work.run(query.limit(limit + 1))]


async def count(work: Work, tenant: UUID) -> int:
    """How many endpoints a tenant has."""
    query = select(func.count()).select_from(table).where(table.c.tenant_id == tenant)
    return int((await work.run(query)).scalar_one())


async def put(work: Work, tenant: UUID, endpoint: Endpoint) -> None:
    """Write an endpoint, new or in the place of its last version."""
    values = {
        "version": endpoint.version,
        "kind": endpoint.kind,
        "base_url": endpoint.base_url,
        "models": dict(endpoint.models),
        "streaming": endpoint.streaming,
        "enabled": endpoint.enabled,
        "key_version": endpoint.key_version,
        "key_nonce": endpoint.key.nonce if endpoint.key else None,
        "key_sealed": endpoint.key.content if endpoint.key else None,
        "updated_at": endpoint.updated_at,
        "updated_by": endpoint.updated_by,
    }
    new = insert(table).values(tenant_id=tenant, name=endpoint.name, **values)
    await work.run(new.on_conflict_do_update(index_elements=["tenant_id", "name"], set_=values))


async def put_sealed(work: Work, tenant: UUID, name: str, key: Sealed) -> None:
    """Write an endpoint's key, sealed again; it counts as no change of it."""
    one = update(table).where(table.c.tenant_id == tenant, table.c.name == name)
    await work.run(one.values(key_nonce=key.nonce, key_sealed=key.content))


async def remove(work: Work, tenant: UUID, name: str) -> None:
    """Delete an endpoint."""
    await work.run(delete(table).where(table.c.tenant_id == tenant, table.c.name == name))


def _as_endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        name=row.name,
        version=row.version,
        kind=row.kind,
        base_url=row.base_url,
        models=row.models,
        streaming=row.streaming,
        enabled=row.enabled,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        key=None if row.key_sealed is None else Sealed(row.key_nonce, row.key_sealed),
        key_version=row.key_version,
    )
