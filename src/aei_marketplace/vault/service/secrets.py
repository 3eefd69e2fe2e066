"""What can be done with secrets. No function for people gives a value back."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import keep_data_key, made_data_key, opened_data_key
from aei_marketplace.ground.errors import Conflict
from aei_marketplace.ground.paging import Page, PageWanted, as_text
from aei_marketplace.ground.sealing import Sealed, open_value, seal_value
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.vault.errors import NoSuchSecret
from aei_marketplace.vault.rules.secrets import check_name, check_value, secret_place
from aei_marketplace.vault.store import secrets as store
from aei_marketplace.vault.store.locks import hold

MOST_SECRETS = 1_000


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret as people see it: never with its value."""

    name: str
    updated_at: datetime
    updated_by: UUID


async def put_secret(work: Work, master_key: bytes, name: str, value: str) -> SecretName:
    """Keep a secret of the actor's tenant, in the place of an older value.

    Raises:
        NotAllowed: the actor may not.
        SecretUnfit: name or value cannot be kept.
        Conflict: the tenant keeps as many as may be kept.
    """
    work.actor.require("secret.administer")
    tenant, by = work.actor.in_tenant(), work.actor.id
    assert by is not None, "who holds an action of a tenant has an account"
    check_name(name)
    check_value(value)
    await hold(work, tenant)
    present = await store.find(work, tenant, name)
    if present is None and await store.count(work, tenant) >= MOST_SECRETS:
        raise Conflict(f"Your tenant keeps {MOST_SECRETS:,} secrets already.", advice="Delete some first.")
    version = present.version + 1 if present else 1
    data_key = await made_data_key(work, master_key, tenant)
    sealed = seal_value(data_key, secret_place(tenant, name, version), value)
    await store.put(work, tenant, name, version, sealed, by)
    work.record(Fact("secret.put", "secret", name, context={"version": version}))
    return SecretName(name, work.now, by)


async def delete_secret(work: Work, name: str) -> None:
    """Delete a secret of the actor's tenant.

    Raises:
        NotAllowed: the actor may not.
        NoSuchSecret: there is none.
    """
    work.actor.require("secret.administer")
    tenant = work.actor.in_tenant()
    await hold(work, tenant)
    if not await store.remove(work, tenant, check_name(name)):
        raise NoSuchSecret(f"Your tenant keeps no secret {name}.")
    work.record(Fact("secret.delete", "secret", name))


async def list_secrets(work: Work, wanted: PageWanted) -> Page:
    """The names of the tenant's secrets.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require("secret.administer")
    tenant = work.actor.in_tenant()
    rows = await store.find_page(work, tenant, wanted.position(_name), wanted.limit)
    page = wanted.page(rows, await store.count(work, tenant), lambda row: row.name)
    return replace(page, items=[SecretName(r.name, r.updated_at, r.updated_by) for r in page.items])


async def find_secret(work: Work, name: str) -> SecretName | None:
    """One of the tenant's secrets by its name; None when there is none.

    Raises:
        NotAllowed: the actor may not.
        SecretUnfit: no secret can have this name.
    """
    work.actor.require("secret.administer")
    row = await store.find(work, work.actor.in_tenant(), check_name(name))
    return SecretName(row.name, row.updated_at, row.updated_by) if row else None


async def secret_value(works: Works, master_key: bytes, tenant: str, name: str) -> str | None:
    """A secret's value, for the sandbox's broker alone; None when there is none.

    Whoever calls has checked that a running execution of the tenant holds the grant.

    Raises:
        SealBroken: it does not open with this master key.
    """
    reader = replace(system_actor("vault.value"), tenant=UUID(tenant))
    async with works.begin(reader) as work:
        await keep_data_key(work, UUID(tenant))
        row = await store.find(work, UUID(tenant), name)
        data_key = await opened_data_key(work, master_key, UUID(tenant))
    if row is None or data_key is None:
        return None
    place = secret_place(UUID(tenant), name, row.version)
    return open_value(data_key, place, Sealed(row.nonce, row.ciphertext))


def _name(said: object) -> str:
    return check_name(as_text(said))
