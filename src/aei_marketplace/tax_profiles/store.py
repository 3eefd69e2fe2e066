"""Every query about tax profiles."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, tuple_, update

from aei_marketplace.ground.sealing import Sealed
from aei_marketplace.ground.work import Work
from aei_marketplace.tax_profiles.models import profiles

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PRESENT = profiles.c.state != "superseded"


async def hold(work: Work, tenant: UUID) -> None:
    """Have nobody else declare anything for a tenant until the work ends."""
    await work.run(_HOLD, {"name": f"tax-profile/{tenant}"})


async def add(work: Work, values: Mapping[str, Any]) -> None:
    """Write a profile; the tenant's present one is superseded by it."""
    present = update(profiles).where(profiles.c.tenant_id == values["tenant_id"], _PRESENT)
    await work.run(present.values(state="superseded", version=profiles.c.version + 1))
    await work.run(insert(profiles).values(**values))


async def find(work: Work, profile_id: UUID) -> Row[Any] | None:
    """A profile."""
    return (await work.run(select(profiles).where(profiles.c.id == profile_id))).first()


async def find_present(work: Work, tenants: Collection[UUID]) -> Sequence[Row[Any]]:
    """The present profiles of tenants that have one."""
    return (await work.run(select(profiles).where(profiles.c.tenant_id.in_(tenants), _PRESENT))).all()


async def find_of(work: Work, tenant: UUID, limit: int) -> Sequence[Row[Any]]:
    """A tenant's profiles, the newest first."""
    wanted = select(profiles).where(profiles.c.tenant_id == tenant)
    return (await work.run(wanted.order_by(profiles.c.submitted_at.desc()).limit(limit))).all()


async def find_page(work: Work, state: str, after: tuple[Any, UUID] | None, limit: int) -> list[Row[Any]]:
    """Profiles in a state, those that were sent first first; one more than `limit` if there are more."""
    order = tuple_(profiles.c.submitted_at, profiles.c.id)
    later = [order > after] if after else []
    wanted = select(profiles).where(profiles.c.state == state, *later)
    ordered = wanted.order_by(profiles.c.submitted_at, profiles.c.id).limit(limit + 1)
    return list((await work.run(ordered)).all())


async def count(work: Work, state: str) -> int:
    """How many are in a state."""
    wanted = select(func.count()).select_from(profiles).where(profiles.c.state == state)
    return int((await work.run(wanted)).scalar_one())


async def change(work: Work, profile_id: UUID, version: int, values: Mapping[str, Any]) -> bool:
    """Write a review; False when the profile is not of this version any more."""
    one = update(profiles).where(profiles.c.id == profile_id, profiles.c.version == version)
    return (await work.run(one.values(version=version + 1, **values))).rowcount == 1


async def find_sealed(work: Work, tenant: UUID) -> Sequence[Row[Any]]:
    """All sealed parts of a tenant."""
    wanted = select(profiles.c.id, profiles.c.nonce, profiles.c.sealed)
    return (await work.run(wanted.where(profiles.c.tenant_id == tenant))).all()


async def put_sealed(work: Work, profile_id: UUID, sealed: Sealed) -> None:
    """Write what was sealed again; it counts as no change of the profile."""
    one = update(profiles).where(profiles.c.id == profile_id)
    await work.run(one.values(nonce=sealed.nonce, sealed=sealed.content))
