"""Whom notices reach: for named jobs, which write to people without acting for them."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.accounts.store import contacts as store
from aei_marketplace.accounts.store.tenants import closed_among
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody with an open account.

    Attributes:
        email: None for whoever has none.
    """

    id: UUID
    email: str | None


async def holders(work: Work, action: str, tenant: UUID | None) -> list[Contact]:
    """People whose roles grant an action: in a tenant, or on the staff when it is None."""
    return [Contact(row.id, row.email) for row in await store.holders(work, action, tenant)]


async def members(work: Work, tenant: UUID) -> list[Contact]:
    """Everybody with an open account who belongs to a tenant, open or closed."""
    return [Contact(row.id, row.email) for row in await store.members(work, tenant)]


async def person(work: Work, user_id: UUID, tenant: UUID | None) -> Contact | None:
    """One person, if their account is open and they belong to the tenant (None: wherever they are)."""
    row = await store.person(work, user_id)
    if row is None or (tenant is not None and not await store.belongs(work, user_id, tenant)):
        return None
    return Contact(row.id, row.email)


async def is_reached(work: Work, tenant: UUID | None) -> bool:
    """Whether anything is sent to a tenant, or to the staff when it is None: nothing to a closed one."""
    return tenant is None or not await closed_among(work, [tenant])
