"""A tenant's data key: made with its first sealed value, opened with the master key."""

from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.vault.rules.sealing import new_data_key, unwrap_data_key, wrap_data_key
from aei_marketplace.vault.store import data_keys as store


async def opened_data_key(work: Work, master_key: bytes, tenant: UUID) -> bytes | None:
    """The tenant's data key; None when it has none yet.

    Raises:
        SealBroken: it does not open with this master key.
    """
    wrapped = await store.find_data_key(work, tenant)
    return None if wrapped is None else unwrap_data_key(master_key, tenant, wrapped)


async def made_data_key(work: Work, master_key: bytes, tenant: UUID) -> bytes:
    """The tenant's data key, made if there is none; call it under `hold`.

    Raises:
        SealBroken: it does not open with this master key.
    """
    present = await opened_data_key(work, master_key, tenant)
    if present is not None:
        return present
    data_key = new_data_key()
    await store.add_data_key(work, tenant, wrap_data_key(master_key, tenant, data_key))
    return data_key
