"""The flags of rotations."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.collections.models import rotation_flags as table
from aei_marketplace.collections.rules.showing import Rotation
from aei_marketplace.ground.work import Work


async def find_all(work: Work) -> dict[str, Rotation]:
    """The flags that somebody has touched, by the rotation's name."""
    rows = await work.run(select(table))
    return {row.name: Rotation(row.name, row.percentage, row.version) for row in rows}


async def save(work: Work, rotation: Rotation) -> None:
    """Write a flag, new or in the place of what it was."""
    values = {"percentage": rotation.percentage, "version": rotation.version, "updated_at": work.now}
    new = insert(table).values(name=rotation.name, **values)
    await work.run(new.on_conflict_do_update(index_elements=["name"], set_=values))
