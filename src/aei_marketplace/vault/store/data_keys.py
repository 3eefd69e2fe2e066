"""The tenants' wrapped data keys, and the lock under which a tenant's part of the vault is written."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.vault.models import data_keys
from aei_marketplace.vault.rules.sealing import Sealed

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold(work: Work, tenant: UUID) -> None:
    """Have this work alone write a tenant's part of the vault until it ends."""
    await work.run(_HOLD, {"name": f"vault/{tenant}"})


async def find_data_key(work: Work, tenant: UUID) -> Sealed | None:
    """The tenant's wrapped data key."""
    query = select(data_keys.c.nonce, data_keys.c.wrapped).where(data_keys.c.tenant_id == tenant)
    row = (await work.run(query)).first()
    return Sealed(row.nonce, row.wrapped) if row else None


async def add_data_key(work: Work, tenant: UUID, sealed: Sealed) -> None:
    """Keep a tenant's wrapped data key."""
    values = {
        "tenant_id": tenant,
        "nonce": sealed.nonce,
        "wrapped": sealed.content,
        "created_at": work.now,
    }
    await work.run(insert(data_keys).values(values))
