"""What is sealed, for whoever replaces the keys."""

from uuid import UUID

from aei_marketplace.ground.sealing import Sealed, SealedValue
from aei_marketplace.ground.work import Work
from aei_marketplace.tax_profiles import store
from aei_marketplace.tax_profiles.rules.profiles import seal_place


async def sealed_values(work: Work, owner: UUID) -> list[SealedValue]:
    """All sealed parts of one tenant's profiles."""
    return [
        SealedValue(f"tax profile {row.id}", seal_place(owner, row.id), Sealed(row.nonce, row.sealed))
        for row in await store.find_sealed(work, owner)
    ]


async def put_sealed(work: Work, value: SealedValue) -> None:
    """Store one that was sealed again."""
    await store.put_sealed(work, UUID(value.place.name), value.sealed)
