"""Every value that is sealed with data keys, wherever it lies: what opens or seals all of them asks here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.accounts.service import provider_secrets
from aei_marketplace.ground.sealing import Sealed, SealedValue
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.service import webhook_secrets
from aei_marketplace.tax_profiles import service as tax_profiles
from aei_marketplace.vault.rules.endpoints import key_place
from aei_marketplace.vault.rules.secrets import secret_place
from aei_marketplace.vault.store import endpoints, secrets


@dataclass(frozen=True, slots=True)
class Shelf:
    """A sort of sealed values.

    Attributes:
        find: all of one owner, a tenant or `sealing.OPERATOR`.
        put: writes one that was sealed again.
    """

    find: Callable[[Work, UUID], Awaitable[list[SealedValue]]]
    put: Callable[[Work, SealedValue], Awaitable[None]]


async def _secrets(work: Work, owner: UUID) -> list[SealedValue]:
    return [
        SealedValue(
            f"secret {row.name}",
            secret_place(owner, row.name, row.version),
            Sealed(row.nonce, row.ciphertext),
        )
        for row in await secrets.find_all(work, owner)
    ]


async def _put_secret(work: Work, value: SealedValue) -> None:
    await secrets.put_sealed(work, value.place.tenant, value.place.name, value.sealed)


async def _endpoint_keys(work: Work, owner: UUID) -> list[SealedValue]:
    return [
        SealedValue(
            f"key of the model endpoint {endpoint.name}",
            key_place(owner, endpoint.name, endpoint.key_version),
            endpoint.key,
        )
        for endpoint in await endpoints.find_all(work, owner)
        if endpoint.key is not None and endpoint.key_version is not None
    ]


async def _put_endpoint_key(work: Work, value: SealedValue) -> None:
    await endpoints.put_sealed(work, value.place.tenant, value.place.name, value.sealed)


#: Whoever seals something new with a data key adds it here, or a replacement of the key shuts it for good;
#: `tests/vault/test_data_keys.py` looks through the tables for what was forgotten.
SHELVES = (
    Shelf(_secrets, _put_secret),
    Shelf(_endpoint_keys, _put_endpoint_key),
    Shelf(webhook_secrets.sealed_values, webhook_secrets.put_sealed),
    Shelf(provider_secrets.sealed_values, provider_secrets.put_sealed),
    Shelf(tax_profiles.sealed_values, tax_profiles.put_sealed),
)
