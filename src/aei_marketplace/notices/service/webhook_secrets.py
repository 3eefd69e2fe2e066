"""The sealed secrets of webhooks, for whoever opens or seals all values of an owner."""

from uuid import UUID

from aei_marketplace.ground.sealing import OPERATOR, SealedValue
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.store import webhooks as store


async def sealed_values(work: Work, owner: UUID) -> list[SealedValue]:
    """The secrets of a tenant's webhooks, or of the operator's: the present ones, and those before them."""
    found = await store.find_all(work, None if owner == OPERATOR else owner)
    values = [SealedValue(f"secret of the webhook {hook.id}", hook.place(), hook.secret) for hook in found]
    values += [
        SealedValue(f"older secret of the webhook {hook.id}", hook.place(old=True), hook.old_secret.sealed)
        for hook in found
        if hook.old_secret is not None
    ]
    return values


async def put_sealed(work: Work, value: SealedValue) -> None:
    """Write a secret that was sealed again."""
    await store.put_secret(work, UUID(value.place.name), value.place.version, value.sealed)
