"""Packages and components: those that the snapshot names, each compared with its digest."""

from collections.abc import Callable

import asyncpg

from aei_marketplace.adapters.blobs import BlobDamaged
from aei_marketplace.backup.archive import ArchiveWriter, Part
from aei_marketplace.backup.errors import BackupDamaged, CannotBackUp
from aei_marketplace.ground.ports import Blobs

#: Every column that names an object by its sha256. `tests/backup` looks for columns that are not here.
REFERENCES = (
    ("releases", "package_sha256"),
    ("releases", "component_sha256"),
    ("dispute_evidence", "sha256"),  # null where words alone were shown
)
_SHOWN = 5


async def find_objects(connection: asyncpg.Connection) -> list[str]:
    """The digests of all objects that rows refer to, in order."""
    names = " union ".join(f"select {column} as sha256 from {table}" for table, column in REFERENCES)  # noqa: S608 constants
    query = f'select sha256 from ({names}) named where sha256 is not null order by sha256 collate "C"'  # noqa: S608 constants
    return [row["sha256"] for row in await connection.fetch(query)]


async def copy_objects_out(
    blobs: Blobs, digests: list[str], writer: ArchiveWriter, advance: Callable[[int], None], *, give_up: bool
) -> list[str]:
    """Write objects into an archive.

    Args:
        advance: told of each object.
        give_up: leave damaged and missing ones out.

    Returns:
        The digests that were left out.

    Raises:
        CannotBackUp: some are damaged or missing, and were not given up.
    """
    left_out = []
    for digest in digests:
        try:
            writer.add(f"objects/{digest}", await blobs.get(digest))
        except (KeyError, BlobDamaged):
            left_out.append(digest)
        advance(1)
    if left_out and not give_up:
        shown = ", ".join(left_out[:_SHOWN])
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        raise CannotBackUp(
            f"{len(left_out)} objects are missing or damaged in the object store: {shown}{more}. "
            "Restore them from an earlier backup, or take the backup without them: --leave-out-damaged."
        )
    return left_out


async def copy_object_in(blobs: Blobs, part: Part) -> None:
    """Store an object of an archive, unless it stands there whole.

    Raises:
        BackupDamaged: its content does not have the digest that its name says.
    """
    try:
        await blobs.put(part.name.rpartition("/")[2], part.content())
    except ValueError as error:
        raise BackupDamaged(f"The part {part.name} is not the object that its name says.") from error
