"""Taking a backup, while the marketplace runs."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.backup import tables
from aei_marketplace.backup.archive import FORMAT, ArchiveWriter, Head, Manifest, new_archive
from aei_marketplace.backup.areas import copy_areas_out, find_areas
from aei_marketplace.backup.errors import BackupError, CannotBackUp
from aei_marketplace.backup.key_folder import read_keys
from aei_marketplace.backup.log import read_log
from aei_marketplace.backup.objects import copy_objects_out, find_objects
from aei_marketplace.backup.progress import Progress
from aei_marketplace.backup.wrapped_keys import wrap_keys
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id, rfc3339, utc_now
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.master_keys import fingerprint
from aei_marketplace.ground.work import Works
from aei_marketplace.launcher.unfinished import require_finished
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls

JOB = "backup"
#: The folder of archived entries, in the data folder and in a backup.
ARCHIVES = "audit-archive"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which backup is wanted.

    Attributes:
        target: a file that does not exist yet, or a folder for one.
        passphrase: wraps the keys; None leaves them out.
        give_up_damaged: leave out objects that are missing or damaged in the store.
    """

    target: Path
    passphrase: str | None = None
    give_up_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was taken."""

    path: Path
    bytes: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Named:
    """What the snapshot says lies outside the database."""

    objects: list[str]
    areas: list[tuple[str, str]]


async def take_backup(settings: Settings, wanted: Wanted, progress: Progress) -> Taken:
    """Write a backup of everything that another installation needs to go on as this one.

    The database is read in one snapshot; what it names is copied after it, and signed tree heads before
    it, so that nothing in the backup tells of what the backup does not hold.

    Raises:
        BackupError: it cannot be taken whole; nothing is left of it.
        PostgresError, OSError: likewise.
    """
    require_finished(settings)
    urls, now = database_urls(settings), utc_now()
    backup = new_id()
    target = _place(wanted.target, f"aei-backup-{now:%Y%m%dT%H%M%SZ}.tar")
    async with open_database(urls.app, urls.system, size=1) as database:
        works = Works(database, PostgresQueue())
        await _record(works, "backup.start", backup, context={"with_keys": wanted.passphrase is not None})
        try:
            async with tables.snapshot(urls.owner) as connection:
                revision = await tables.revision_of(connection) or ""
            head = Head(FORMAT, str(backup), rfc3339(now), version("aei-marketplace"), revision)
            with new_archive(target, head) as writer:
                manifest = await _write(settings, urls.owner, wanted, head, writer, progress)
        except (BackupError, OSError, asyncpg.PostgresError) as error:
            await _record(works, "backup.create", backup, outcome="failed", reason=type(error).__name__)
            raise
        taken = Taken(target, target.stat().st_size, manifest)
        await _record(works, "backup.create", backup, context=_told(taken))
    return taken


async def _write(
    settings: Settings, owner_url: str, wanted: Wanted, head: Head, writer: ArchiveWriter, progress: Progress
) -> Manifest:
    _copy_folder(settings.checkpoints, "checkpoints", writer)
    for path in sorted(settings.keys.glob("*.vkeys"), key=lambda path: path.name):
        writer.add(f"known-keys/{path.name}", path.read_bytes())
    async with tables.snapshot(owner_url) as connection:
        if await tables.revision_of(connection) != head.revision:
            raise CannotBackUp("The tables were just migrated. Take the backup again.")
        named = _Named(await find_objects(connection), await find_areas(connection))
        facts: dict[str, Any] = {
            "sequences": await tables.read_sequences(connection),
            "log": await read_log(connection),
            "sealed": await tables.count_sealed(connection),
        }
        counts = await tables.read_counts(connection)
        facts["tables"] = await tables.copy_out(connection, writer, progress.stage("database"))
    blobs = open_blobs(str(settings.objects))
    advance = progress.stage("objects", len(named.objects))
    left_out = await copy_objects_out(blobs, named.objects, writer, advance, give_up=wanted.give_up_damaged)
    advance = progress.stage("files", len(named.areas))
    copy_areas_out(settings.files, named.areas, writer, wanted_folder(wanted), advance)
    _copy_folder(settings.data / ARCHIVES, ARCHIVES, writer)
    # Read after the snapshot: a rotation meanwhile leaves old keys where they are.
    keys = read_keys(settings)
    if wanted.passphrase is not None:
        writer.add("keys.json", wrap_keys(keys, wanted.passphrase))
    fingerprints = [fingerprint(key) for key in keys.master]
    return writer.finish(
        head, **facts, counts=counts | _parts(writer), master_keys=fingerprints, left_out=left_out
    )


def wanted_folder(wanted: Wanted) -> Path:
    """The folder that the backup goes to."""
    return wanted.target if wanted.target.is_dir() else wanted.target.parent


def _copy_folder(folder: Path, kind: str, writer: ArchiveWriter) -> None:
    files = (
        sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
        if folder.is_dir()
        else []
    )
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        with path.open("rb") as content:
            writer.add_file(f"{kind}/{path.relative_to(folder).as_posix()}", content)


def _place(target: Path, name: str) -> Path:
    place = target / name if target.is_dir() else target
    if not place.parent.is_dir():
        raise CannotBackUp(f"The folder {place.parent} does not exist. Make it, or choose another place.")
    return place


def _parts(writer: ArchiveWriter) -> dict[str, int]:
    kinds = ("checkpoints", "objects", "files")
    return {kind: writer.counts.get(kind, 0) for kind in kinds}


def _told(taken: Taken) -> dict[str, object]:
    manifest = taken.manifest
    return {
        "bytes": taken.bytes,
        "index_sha256": manifest.index_sha256,
        "log_size": manifest.log.size,
        "left_out": len(manifest.left_out),
        **manifest.counts,
    }


async def _record(works: Works, action: str, backup: UUID, **facts: Any) -> None:
    async with works.system(JOB) as work:
        work.actor.require("policy.operate")
        work.record(Fact(action, "backup", str(backup), **facts))
