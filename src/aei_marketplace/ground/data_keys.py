"""The data key of a tenant or the operator: made with the first sealed value, opened with the master key.

A data key can be replaced by a fresh one, with which all of its owner's values are sealed again in one
transaction. Whoever reads or writes sealed values calls `keep_data_key` before; whoever replaces the key
holds it alone.
"""

from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, LargeBinary, Table, Uuid, false, select, text, update
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
    Column("replacement_due", Boolean, nullable=False, server_default=false()),
)
_KEEP = text("select pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def keep_data_key(work: Work, owner: UUID) -> None:
    """Have the data key stay the one that it is until the work ends.

    To be called before a sealed value is read: between the reading of a value and of its key, both could
    be replaced. A replacement takes moments, and so does waiting for it.

    Args:
        owner: a tenant, or `sealing.OPERATOR`.
    """
    await work.run(_KEEP, {"name": _lock_name(owner)})


async def hold_data_key(work: Work, owner: UUID) -> None:
    """Have nobody read or write the owner's sealed values until the work ends."""
    await work.run(_HOLD, {"name": _lock_name(owner)})


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
    await keep_data_key(work, tenant)
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


async def put_replacement(work: Work, owner: UUID, sealed: Sealed) -> None:
    """Store a fresh data key in the place of the one before; that is gone with it."""
    values = {"nonce": sealed.nonce, "wrapped": sealed.content, "created_at": work.now}
    one = update(data_keys).where(data_keys.c.tenant_id == owner)
    await work.run(one.values(replacement_due=False, **values))


async def mark_replacements_due(work: Work) -> None:
    """Have every data key that there is wait for its replacement."""
    await work.run(update(data_keys).values(replacement_due=True))


async def find_replacements_due(work: Work) -> list[UUID]:
    """Whose data keys wait for their replacement."""
    query = select(data_keys.c.tenant_id).where(data_keys.c.replacement_due).order_by(data_keys.c.tenant_id)
    return list((await work.run(query)).scalars())


def _lock_name(owner: UUID) -> str:
    return f"data-key/{owner}"
