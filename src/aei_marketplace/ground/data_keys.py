"""The data key of a tenant or the operator: made with the first sealed value, opened with the master key."""

from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary, Table, Uuid, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.db import metadata
from aei_marketplace.ground.master_keys import candidates, present
from aei_marketplace.ground.sealing import SealBroken, Sealed, new_data_key, unwrap_data_key, wrap_data_key
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
        SealBroken: it does not open with this master key, nor with another one that it knows of.
    """
    wrapped = await find_wrapped(work, tenant)
    if wrapped is None:
        return None
    for key in candidates(master_key):
        try:
            return unwrap_data_key(key, tenant, wrapped)
        except SealBroken:
            continue  # it may be under a key before this one, or after it
    raise SealBroken("a data key opens with no master key that is here")


async def made_data_key(work: Work, master_key: bytes, tenant: UUID) -> bytes:
    """The data key, made if there is none. Of two that make it at once, both get the one that was kept.

    Raises:
        SealBroken: it does not open with this master key.
    """
    there = await opened_data_key(work, master_key, tenant)
    if there is not None:
        return there
    sealed = wrap_data_key(present(master_key), tenant, new_data_key())
    values = {"tenant_id": tenant, "nonce": sealed.nonce, "wrapped": sealed.content, "created_at": work.now}
    await work.run(insert(data_keys).values(values).on_conflict_do_nothing())
    kept = await opened_data_key(work, master_key, tenant)
    assert kept is not None, "it was written just now, here or by somebody else"
    return kept


async def find_wrapped(work: Work, owner: UUID, *, for_update: bool = False) -> Sealed | None:
    """A data key as it is stored.

    Args:
        owner: a tenant, or `sealing.OPERATOR`.
        for_update: have nobody else change it until the work ends.
    """
    query = select(data_keys.c.nonce, data_keys.c.wrapped).where(data_keys.c.tenant_id == owner)
    row = (await work.run(query.with_for_update() if for_update else query)).first()
    return None if row is None else Sealed(row.nonce, row.wrapped)


async def find_wrapped_owners(work: Work) -> list[UUID]:
    """Whose data keys there are."""
    query = select(data_keys.c.tenant_id).order_by(data_keys.c.tenant_id)
    return list((await work.run(query)).scalars())


async def put_wrapped(work: Work, owner: UUID, sealed: Sealed) -> None:
    """Store a data key in its new wrapping."""
    values = {"nonce": sealed.nonce, "wrapped": sealed.content}
    await work.run(update(data_keys).where(data_keys.c.tenant_id == owner).values(values))
