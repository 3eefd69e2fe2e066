"""Publishers' keys, whether they must be used, and the envelopes of releases."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import publishers, releases
from aei_marketplace.catalog.models import signing_keys as keys
from aei_marketplace.ground.work import Work


async def add_key(work: Work, publisher_id: UUID, key_id: str, name: str, public_key: bytes) -> bool:
    """Register a key; False when the publisher has it already."""
    values = {
        "id": key_id,
        "publisher_id": publisher_id,
        "tenant_id": work.actor.in_tenant(),
        "name": name,
        "public_key": public_key,
        "created_at": work.now,
        "created_by": work.actor.id,
    }
    done = await work.run(insert(keys).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def count_keys(work: Work, publisher_id: UUID) -> int:
    """How many keys a publisher has, revoked ones among them."""
    wanted = select(func.count()).select_from(keys).where(keys.c.publisher_id == publisher_id)
    return int((await work.run(wanted)).scalar_one())


async def keys_of(work: Work, publisher_id: UUID) -> Sequence[Row[Any]]:
    """A publisher's keys, the newest first."""
    wanted = select(keys).where(keys.c.publisher_id == publisher_id).order_by(keys.c.created_at.desc())
    return (await work.run(wanted)).all()


async def revoke_key(work: Work, publisher_id: UUID, key_id: str) -> bool:
    """Have a key sign nothing new; False when there is no such key that still could."""
    mine = keys.c.publisher_id == publisher_id, keys.c.id == key_id, keys.c.revoked_at.is_(None)
    done = await work.run(update(keys).where(*mine).values(revoked_at=work.now))
    return done.rowcount == 1


async def is_required(work: Work, publisher_id: UUID) -> bool:
    """Whether every new release of a publisher must be signed."""
    wanted = select(publishers.c.signatures_required).where(publishers.c.id == publisher_id)
    return bool((await work.run(wanted)).scalar())


async def set_required(work: Work, publisher_id: UUID, *, required: bool) -> None:
    """Decide whether every new release of a publisher must be signed."""
    changed = update(publishers).where(publishers.c.id == publisher_id)
    await work.run(changed.values(signatures_required=required))


async def envelope_of(work: Work, release_id: UUID) -> bytes | None:
    """The envelope that was published with a release."""
    wanted = select(releases.c.signature).where(releases.c.id == release_id)
    return (await work.run(wanted)).scalar()
