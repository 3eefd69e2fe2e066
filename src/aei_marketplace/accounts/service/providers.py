"""Providers of sign-in: the operator's for everybody, a tenant's for its own members."""

from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchProvider, ProviderTaken
from aei_marketplace.accounts.rules.oidc import Provider, check_issuer
from aei_marketplace.accounts.service.provider_secrets import find_to_open, open_secret, seal_secret
from aei_marketplace.accounts.service.sessions import JOB
from aei_marketplace.accounts.store import proofs as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.work import Work

LONGEST_NAME = 60


async def list_sign_in_providers(deps: Deps, tenant: str | None = None) -> list[dict[str, Any]]:
    """What somebody who is not signed in may choose from: the operator's, and one tenant's.

    Args:
        tenant: that tenant's short name; an unknown one adds nothing.
    """
    async with deps.works.system(JOB) as work:
        rows = await store.offered_providers(work, tenant)
    return [{"id": row.id, "name": row.name, "tenant": tenant if row.tenant_id else None} for row in rows]


async def list_providers(work: Work) -> list[dict[str, Any]]:
    """The providers of the actor's tenant, of the operator for staff; without their secrets."""
    _require(work)
    return [_shape(row) for row in await store.list_providers(work, work.actor.tenant)]


async def add_provider(
    work: Work, master_key: bytes, *, name: str, issuer: str, client_id: str, client_secret: str | None
) -> UUID:
    """Enter a provider; its id is part of the address that it must be told to answer to.

    Args:
        issuer: the URL by which it calls itself, exactly.
        client_secret: None for a public client.

    Raises:
        ProviderTaken: there is one of that name.
        ProofNeeded: the session's last proof is too old.
    """
    _require(work)
    work.actor.require_recent_proof(work.now)
    provider_id = new_id()
    values = {
        "id": provider_id,
        "tenant_id": work.actor.tenant,
        "name": rules.check_name(name, LONGEST_NAME),
        "issuer": check_issuer(issuer),
        "client_id": _check_client_id(client_id),
        **await seal_secret(work, master_key, provider_id, client_secret),
        "enabled": True,
        "created_at": work.now,
        "updated_at": work.now,
    }
    if not await store.add_provider(work, values):
        raise ProviderTaken(f"There is a provider named {values['name']}.")
    work.record(
        Fact("identity_provider.create", "identity_provider", str(provider_id), context={"issuer": issuer})
    )
    return provider_id


async def change_provider(
    work: Work, master_key: bytes, provider_id: UUID, *, enabled: bool | None, client_secret: str | None
) -> None:
    """Switch a provider on or off, or give it another secret. Its issuer stays: links stand on it.

    Raises:
        NoSuchProvider: the actor has none of that id.
        ProofNeeded: the session's last proof is too old.
    """
    _require(work)
    work.actor.require_recent_proof(work.now)
    await _own(work, provider_id)
    values = {} if client_secret is None else await seal_secret(work, master_key, provider_id, client_secret)
    values |= {} if enabled is None else {"enabled": enabled}
    await store.change_provider(work, provider_id, updated_at=work.now, **values)
    changed = sorted({"secret" if name.startswith("secret") else name for name in values})
    work.record(
        Fact("identity_provider.change", "identity_provider", str(provider_id), context={"changed": changed})
    )


async def remove_provider(work: Work, provider_id: UUID) -> None:
    """Remove a provider: nobody signs in through it any more. Links are to the issuer and stay.

    Raises:
        NoSuchProvider: the actor has none of that id.
        ProofNeeded: the session's last proof is too old.
    """
    _require(work)
    work.actor.require_recent_proof(work.now)
    await _own(work, provider_id)
    await store.remove_provider(work, provider_id)
    work.record(Fact("identity_provider.remove", "identity_provider", str(provider_id)))


async def usable_provider(deps: Deps, provider_id: UUID) -> Provider:
    """A provider with its secret, to sign somebody in.

    Raises:
        NoSuchProvider: there is none of that id, or it is switched off.
    """
    async with deps.works.system(JOB) as work:
        row = await find_to_open(work, provider_id)
        if row is None or not row.enabled:
            raise NoSuchProvider("There is no such provider of sign-in.")
        secret = await open_secret(work, deps.master_key, row)
    return Provider(row.id, row.tenant_id, row.name, row.issuer, row.client_id, secret)


def _require(work: Work) -> None:
    work.actor.require("member.administer" if work.actor.tenant else "tenant.administer")


async def _own(work: Work, provider_id: UUID) -> Any:
    row = await store.find_provider(work, provider_id)
    if row is None or row.tenant_id != work.actor.tenant:
        raise NoSuchProvider("You have no such provider.")
    return row


def _check_client_id(client_id: str) -> str:
    if not 1 <= len(client_id) <= 200 or not client_id.isprintable():
        fault = Fault("/client_id", "as the provider gave it, at most 200 characters")
        raise Invalid("The client's id cannot be used.", faults=[fault])
    return client_id


def _shape(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "has_secret": row.secret_sealed is not None,
        "enabled": row.enabled,
        "callback": f"/api/sign-in/oidc/{row.id}/callback",
    }
