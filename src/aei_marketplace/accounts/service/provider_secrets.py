"""Secrets that this marketplace shows to providers of sign-in: sealed, opened only to sign somebody in."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.accounts.rules.oidc import LONGEST_TEXT
from aei_marketplace.accounts.store import proofs as store
from aei_marketplace.ground.data_keys import keep_data_key, made_data_key, opened_data_key
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.sealing import (
    OPERATOR,
    Place,
    SealBroken,
    Sealed,
    SealedValue,
    open_value,
    seal_value,
)
from aei_marketplace.ground.work import Work


async def seal_secret(work: Work, master_key: bytes, provider_id: UUID, secret: str | None) -> dict[str, Any]:
    """The columns of a secret of the actor's provider; without one they are null.

    Raises:
        Invalid: it is too long.
        SealBroken: the data key does not open with this master key.
    """
    if not secret:
        return {"secret_nonce": None, "secret_sealed": None}
    if len(secret) > LONGEST_TEXT:
        fault = Fault("/client_secret", f"at most {LONGEST_TEXT} characters")
        raise Invalid("The client's secret cannot be used.", faults=[fault])
    owner = work.actor.tenant or OPERATOR
    key = await made_data_key(work, master_key, owner)
    sealed = seal_value(key, _place(owner, provider_id), secret)
    return {"secret_nonce": sealed.nonce, "secret_sealed": sealed.content}


async def find_to_open(work: Work, provider_id: UUID) -> Row[Any] | None:
    """A provider whose secret stays as it is until the work ends."""
    row = await store.find_provider(work, provider_id)
    if row is None:
        return None
    await keep_data_key(work, row.tenant_id or OPERATOR)
    return await store.find_provider(work, provider_id)  # while it waited, all may have been sealed again


async def open_secret(work: Work, master_key: bytes, provider: Row[Any]) -> str | None:
    """The secret of a provider from `find_to_open`; None when it has none.

    Raises:
        SealBroken: it does not open with this master key.
    """
    if provider.secret_sealed is None:
        return None
    owner = provider.tenant_id or OPERATOR
    key = await opened_data_key(work, master_key, owner)
    if key is None:
        raise SealBroken("the key of a provider's secret is gone")
    return open_value(key, _place(owner, provider.id), Sealed(provider.secret_nonce, provider.secret_sealed))


async def sealed_values(work: Work, owner: UUID) -> list[SealedValue]:
    """The sealed secrets of a tenant's providers, or of the operator's."""
    rows = await store.list_providers(work, None if owner == OPERATOR else owner)
    return [
        SealedValue(
            f"secret of the sign-in provider {row.name}",
            _place(owner, row.id),
            Sealed(row.secret_nonce, row.secret_sealed),
        )
        for row in rows
        if row.secret_sealed is not None
    ]


async def put_sealed(work: Work, value: SealedValue) -> None:
    """Write a secret that was sealed again."""
    columns = {"secret_nonce": value.sealed.nonce, "secret_sealed": value.sealed.content}
    await store.change_provider(work, UUID(value.place.name), **columns)


def _place(owner: UUID, provider_id: UUID) -> Place:
    return Place("identity-provider", owner, str(provider_id), 1)
