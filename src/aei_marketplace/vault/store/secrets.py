"""Every query about secrets."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.sealing import Sealed
from aei_marketplace.ground.work import Work
from aei_marketplace.vault.models import secrets


async def find(work: Work, tenant: UUID, name: str) -> Row[Any] | None:
    """A sealed secret."""
    query = select(secrets).where(secrets.c.tenant_id == tenant, secrets.c.name == name)
    return (await work.run(query)).first()


async def put(work: Work, tenant: UUID, name: str, version: int, sealed: Sealed, by: UUID) -> None:
    """Write a sealed secret, new or in the place of its last version."""
    values = {
        "version": version,
        "nonce": sealed.nonce,
        "ciphertext": sealed.content,
        "updated_at": work.now,
        "updated_by": by,
    }
    new = insert(secrets).values(tenant_id=tenant, name=name, **values)
    await work.run(new.on_conflict_do_update(index_elements=["tenant_id", "name"], set_=values))


async def put_sealed(work: Work, tenant: UUID, name: str, sealed: Sealed) -> None:
    """Write the present value of a secret, sealed again; it counts as no change of it."""
    one = update(secrets).where(secrets.c.tenant_id == tenant, secrets.c.name == name)
    await work.run(one.values(nonce=sealed.nonce, ciphertext=sealed.content))


async def remove(work: Work, tenant: UUID, name: str) -> bool:
    """Delete a secret; False when there is none."""
    gone = delete(secrets).where(secrets.c.tenant_id == tenant, secrets.c.name == name)
    return (await work.run(gone)).rowcount == 1


async def find_page(work: Work, tenant: UUID, after: str | None, limit: int) -> list[Row[Any]]:
    """Names with when and by whom they were written, one more than `limit` if there are more."""
    later = [secrets.c.name > after] if after else []
    query = select(secrets.c.name, secrets.c.updated_at, secrets.c.updated_by)
    rows = await work.run(
        query.where(secrets.c.tenant_id == tenant, *later).order_by(secrets.c.name).limit(limit + 1)
    )
    return list(rows.all())


async def find_all(work: Work, tenant: UUID) -> list[Row[Any]]:
    """All sealed secrets of a tenant, by name."""
    query = select(secrets).where(secrets.c.tenant_id == tenant).order_by(secrets.c.name)
    return list((await work.run(query)).all())


async def count(work: Work, tenant: UUID) -> int:
    """How many secrets a tenant keeps."""
    query = select(func.count()).select_from(secrets).where(secrets.c.tenant_id == tenant)
    return int((await work.run(query)).scalar_one())
