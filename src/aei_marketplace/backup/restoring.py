"""Restoring a backup into an empty installation; interrupted, it is run again and goes on."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from uuid import UUID

import asyncpg

from aei_marketplace.adapters.archive_folder import ArchiveFolder
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.audit.service.verifying import verify_log
from aei_marketplace.backup import tables
from aei_marketplace.backup.archive import Archive, Manifest, Part
from aei_marketplace.backup.areas import copy_area_in
from aei_marketplace.backup.errors import NotEmpty, NotRestorable
from aei_marketplace.backup.key_folder import present_master_keys, put_file, put_keys
from aei_marketplace.backup.log import compare_log, require_as_written
from aei_marketplace.backup.objects import copy_object_in, find_objects
from aei_marketplace.backup.progress import Progress
from aei_marketplace.backup.taking import ARCHIVES
from aei_marketplace.backup.wrapped_keys import Keys
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.master_keys import fingerprint
from aei_marketplace.ground.migrate import known_revisions, migrate
from aei_marketplace.ground.work import Works
from aei_marketplace.launcher.database import prepare_database, prepare_roles
from aei_marketplace.launcher.unfinished import Mark, read_mark, remove_mark, write_mark
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import audit_log_keys, audit_log_shelf, database_urls, master_key_files

_STAMP = "aei-restore "


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        keys: the key files that were put in place.
        resumed: an interrupted restore was finished.
    """

    manifest: Manifest
    keys: list[str]
    resumed: bool


def require_restorable(
    settings: Settings, archive: Archive, keys: Keys | None, *, without_keys: bool
) -> bool:
    """Look whether the archive fits this version and this data folder, before anything is touched.

    Args:
        keys: unwrapped from the archive, None without.
        without_keys: accept that sealed values stay shut.

    Returns:
        Whether an interrupted restore of this archive is to be finished.

    Raises:
        NotRestorable: a version that is not known here, or no key for what is sealed.
        NotEmpty: there is data in the folder.
    """
    if archive.head.revision not in known_revisions():
        raise NotRestorable(
            f"The backup was taken at revision {archive.head.revision} of the tables, by version "
            f"{archive.head.marketplace}, which is newer than this one. Bring the marketplace to that "
            "version first."
        )
    _require_keys(settings, archive.manifest, keys, without_keys=without_keys)
    mark = read_mark(settings)
    if mark is not None:
        if mark.backup != archive.head.id:
            raise NotEmpty(
                f"{settings.data} holds half of another backup ({mark.source}). Finish that restore, or "
                "restore into a new folder."
            )
        return True
    found = [
        folder for folder in (settings.objects, settings.files, settings.checkpoints) if _holds_files(folder)
    ]
    if found:
        raise NotEmpty(
            f"There is data in {found[0]} already, and a restore never writes over data. "
            "Restore into a new folder: --data NEW."
        )
    return False


async def restore(
    settings: Settings, archive: Archive, keys: Keys | None, source: Path, progress: Progress
) -> Restored:
    """Put everything in place, check it, and only then call it a marketplace.

    Call it with the data folder held, its database running, and after `require_restorable`.

    Raises:
        NotEmpty: the database holds data of another marketplace.
        NotRestorable: the backup does not fit the tables of this version.
        BackupDamaged: what was restored is not what the backup says.
        PostgresError, OSError: nothing is lost by running it again.
    """
    await prepare_roles(settings)
    owner_url = database_urls(settings).owner
    stamp = _STAMP + archive.head.id
    resumed = read_mark(settings) is not None
    await _require_empty(owner_url, stamp if resumed else None)
    write_mark(settings, Mark(archive.head.id, str(source)))
    put = put_keys(settings, keys) if keys is not None else []
    await _restore_database(owner_url, archive, stamp, progress)
    await _restore_objects(settings, owner_url, archive, progress)
    progress.stage("audit log")
    await _check(settings, archive.manifest)
    await prepare_database(settings)
    await _record(settings, archive)
    # Everything on the disk before the mark goes: objects were written without waiting for it.
    os.sync()
    remove_mark(settings)
    await _forget_stamp(owner_url)
    return Restored(archive.manifest, put, resumed)


def _require_keys(settings: Settings, manifest: Manifest, keys: Keys | None, *, without_keys: bool) -> None:
    if not manifest.sealed or without_keys:
        return
    present = present_master_keys(master_key_files(settings))
    known = {fingerprint(key) for key in (*present, *(keys.master if keys else ()))}
    if manifest.master_keys and manifest.master_keys[0] not in known:
        raise NotRestorable(
            f"The backup holds {manifest.sealed:,} sealed values, and the master key that opens them "
            f"({manifest.master_keys[0]}) is not here. Put it at {master_key_files(settings).path}, or "
            "accept that they stay shut until `aei-marketplace keys recover`: --without-master-key."
        )


async def _require_empty(owner_url: str, stamp: str | None) -> None:
    """Refuse a database with data, unless an interrupted restore put them there."""
    connection = await asyncpg.connect(owner_url)
    try:
        if await tables.holds_data(connection) and (
            stamp is None or await tables.stamp_of(connection) != stamp
        ):
            raise NotEmpty(
                "The database holds the data of a marketplace, and a restore never writes over data. "
                "Restore into a new folder with --data NEW, or into another database."
            )
    finally:
        await connection.close()


async def _restore_database(owner_url: str, archive: Archive, stamp: str, progress: Progress) -> None:
    """All of it in one transaction; one that an interrupted restore committed is left as it is."""
    manifest = archive.manifest
    advance = progress.stage("database", sum(facts.rows for facts in manifest.tables.values()))
    connection = await asyncpg.connect(owner_url)
    try:
        if await tables.stamp_of(connection) == stamp:
            return
        if await tables.revision_of(connection) not in (None, archive.head.revision):
            await tables.clear(connection)
        await migrate(owner_url, archive.head.revision)
        await install_queue(owner_url)
        await tables.copy_in(
            connection, manifest.tables, manifest.sequences, _pieces(archive), stamp, advance
        )
    finally:
        await connection.close()


def _pieces(archive: Archive) -> Iterator[tuple[str, Iterator[bytes]]]:
    for part in _of_kind(archive, "database"):
        yield part.name.split("/")[1], part.rows()


async def _restore_objects(settings: Settings, owner_url: str, archive: Archive, progress: Progress) -> None:
    advance = progress.stage("objects", archive.manifest.counts.get("objects"))
    blobs = open_blobs(str(settings.objects), wait_for_disk=False)
    connection = await asyncpg.connect(owner_url)
    try:
        wanted = set(await find_objects(connection)) - set(archive.manifest.left_out)
    finally:
        await connection.close()
    for part in _of_kind(archive, "objects"):
        await copy_object_in(blobs, part)
        wanted.discard(part.name.rpartition("/")[2])
        advance(1)
    if wanted:
        raise NotRestorable(
            f"{len(wanted)} objects that the database names are not in the backup: {min(wanted)}, …"
        )
    for part in _of_kind(archive, "files"):
        copy_area_in(settings.files, part)
    for part in _of_kind(archive, "known-keys"):
        put_file(settings.keys / part.name.rpartition("/")[2], part.content())
    for part in _of_kind(archive, "checkpoints"):
        _copy_file_in(settings.checkpoints, part)
    for part in _of_kind(archive, ARCHIVES):
        _copy_file_in(settings.data / ARCHIVES, part)


def _of_kind(archive: Archive, kind: str) -> Iterator[Part]:
    for found, parts in groupby(archive.parts(), key=lambda part: part.name.partition("/")[0]):
        if found == kind:
            yield from parts
            return


def _copy_file_in(folder: Path, part: Part) -> None:
    place = folder / part.name.partition("/")[2]
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = place.with_name(f".{place.name}.partial")
    with half.open("wb") as file:
        for chunk in part.chunks():
            file.write(chunk)
    half.rename(place)


async def _check(settings: Settings, manifest: Manifest) -> None:
    """Compare the log with what the manifest says of it, and with every signed tree head."""
    connection = await asyncpg.connect(database_urls(settings).system)
    try:
        await compare_log(connection, manifest.log)
        shelf, keys = audit_log_shelf(settings), audit_log_keys(settings)
        require_as_written(
            await verify_log(connection, shelf.all, ArchiveFolder(settings.data / ARCHIVES), keys)
        )
    finally:
        await connection.close()


async def _record(settings: Settings, archive: Archive) -> None:
    """The restored log says that it was restored, and from which moment on."""
    urls, head, log = database_urls(settings), archive.head, archive.manifest.log
    async with (
        open_database(urls.app, urls.system, size=1) as database,
        Works(database, PostgresQueue()).system("restore") as work,
    ):
        context = {"made_at": head.made_at, "log_size": log.size, "log_root": log.root}
        work.record(Fact("backup.restore", "backup", str(UUID(head.id)), context=context))


async def _forget_stamp(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await tables.forget_stamp(connection)
    finally:
        await connection.close()


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))
