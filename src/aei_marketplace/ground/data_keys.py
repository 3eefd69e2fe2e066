"""The data key of a tenant or the operator: made with the first sealed value, opened with the master key."""

from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary, Table, Uuid, select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.db import metadata
from aei_marketplace.ground.sealing import Sealed, new_data_key, unwrap_data_key, wrap_data_key
from aei_marketplace.ground.work import Work

data_keys = Table(
    "data_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)


async def opened_data_key(work: Work, master_key: bytes, tenant: UUID) -> bytes | None:
    """The data key of a tenant or of `sealing.OPERATOR`; None when there is none yet.

    Raises:
        SealBroken: it does not open with this master key.
    """
    query = select(data_keys.c.nonce, data_keys.c.wrapped).where(data_keys.c.tenant_id == tenant)
    row = (await work.run(query)).first()
    return None if row is None else unwrap_data_key(master_key, tenant, Sealed(row.nonce, row.wrapped))


async def made_data_key(work: Work, master_key: bytes, tenant: UUID) -> bytes:
    """The data key, made if there is none. Of two that make it at once, both get the one that was kept.

    Raises:
        SealBroken: it does not open with this master key.
    """
    present = await opened_data_key(work, master_key, tenant)
    if present is not None:
        return present
    sealed = wrap_data_key(master_key, tenant, new_data_key())
    values = {"tenant_id": tenant, "nonce": sealed.nonce, "wrapped": sealed.content, "created_at": work.now}
    await work.run(insert(data_keys).values(values).on_conflict_do_nothing())
    kept = await opened_data_key(work, master_key, tenant)
    assert kept is not None, "it was written just now, here or by somebody else"
    return kept
