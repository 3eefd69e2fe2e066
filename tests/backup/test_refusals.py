"""What is not backed up, and what is not restored."""

import errno
from pathlib import Path

import asyncpg
import pytest

from aei_marketplace.backup import tables
from aei_marketplace.backup.archive import open_archive
from aei_marketplace.backup.errors import (
    BackupDamaged,
    CannotBackUp,
    NotEmpty,
    NotRestorable,
    WrongPassphrase,
)
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.restoring import require_restorable
from aei_marketplace.backup.taking import Taken, Wanted, take_backup
from aei_marketplace.launcher.unfinished import read_mark
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls
from tests.backup.conftest import PASSPHRASE, Source
from tests.backup.test_restore import restored


async def untouched(settings: Settings) -> bool:
    """Whether nothing was restored there."""
    connection = await asyncpg.connect(database_urls(settings).owner)
    try:
        empty = not await tables.holds_data(connection)
    finally:
        await connection.close()
    return empty and read_mark(settings) is None and not list(settings.objects.iterdir())


async def failures(source: Source) -> list[tuple[str, str]]:
    """How backups ended, as the audit log has it."""
    connection = await asyncpg.connect(database_urls(source.settings).owner)
    try:
        rows = await connection.fetch(
            "select action, outcome from audit_entries where resource_type = 'backup' order by id"
        )
    finally:
        await connection.close()
    return [(row["action"], row["outcome"]) for row in rows]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
async def test_a_truncated_backup_touches_nothing(taken: Taken, empty: Settings, share: float) -> None:
    content = taken.path.read_bytes()
    taken.path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Exception, match="backup"):
        await restored(empty, taken.path)
    assert await untouched(empty)


async def test_an_edited_byte_touches_nothing(taken: Taken, empty: Settings) -> None:
    content = bytearray(taken.path.read_bytes())
    content[len(content) // 2] ^= 1
    taken.path.write_bytes(content)
    with pytest.raises(BackupDamaged):
        await restored(empty, taken.path)
    assert await untouched(empty)


async def test_a_wrong_passphrase_touches_nothing(taken: Taken, empty: Settings) -> None:
    with pytest.raises(WrongPassphrase, match="Nothing was changed"):
        await restored(empty, taken.path, "seven quiet herons at dusk")
    assert await untouched(empty)


async def test_a_backup_is_not_restored_over_a_database_with_data(
    source: Source, taken: Taken, tmp_path_factory: pytest.TempPathFactory, server: str
) -> None:
    from tests.backup.conftest import settings_at

    elsewhere = settings_at(tmp_path_factory.mktemp("e"), server, database_urls(source.settings))
    with pytest.raises(NotEmpty, match="never writes over data"):
        await restored(elsewhere, taken.path)
    assert read_mark(elsewhere) is None
    assert not list(elsewhere.objects.iterdir())


@pytest.mark.parametrize("folder", ["objects", "files", "checkpoints"])
async def test_a_backup_is_not_restored_over_files(taken: Taken, empty: Settings, folder: str) -> None:
    (empty.data / folder).mkdir(exist_ok=True)
    (empty.data / folder / "precious").write_text("mine")
    with pytest.raises(NotEmpty, match=folder):
        await restored(empty, taken.path)
    assert (empty.data / folder / "precious").read_text() == "mine"


async def test_a_backup_is_not_restored_twice(taken: Taken, empty: Settings) -> None:
    await restored(empty, taken.path)
    with pytest.raises(NotEmpty):
        await restored(empty, taken.path)


async def test_sealed_values_without_their_key_are_not_restored_unasked(
    source: Source, taken: Taken, empty: Settings
) -> None:
    with open_archive(taken.path) as archive:
        with pytest.raises(NotRestorable, match="the master key that opens them"):
            require_restorable(empty, archive, None, without_keys=False)
        require_restorable(empty, archive, None, without_keys=True)
        (empty.keys / "master.key").write_bytes(bytes(32))
        with pytest.raises(NotRestorable, match="the master key that opens them"):
            require_restorable(empty, archive, None, without_keys=False)


async def test_a_backup_of_newer_tables_is_refused_with_the_version_to_use(
    source: Source, empty: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    await owner.execute("update alembic_version set version_num = '9999'")
    await owner.close()
    path = tmp_path_factory.mktemp("b") / "b.tar"
    await take_backup(source.settings, Wanted(path, PASSPHRASE), Silent())
    with pytest.raises(NotRestorable, match=r"9999.*newer than this one"):
        await restored(empty, path)
    assert await untouched(empty)


async def test_an_audit_log_that_was_altered_before_the_backup_is_noticed(
    source: Source, empty: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    await owner.execute("alter table audit_entries disable trigger user")
    await owner.execute(
        "update audit_entries set content = content || 'x'"
        " where id = (select entry_id from audit_leaves where sequence = 3)"
    )
    await owner.close()
    path = tmp_path_factory.mktemp("b") / "b.tar"
    await take_backup(source.settings, Wanted(path, PASSPHRASE), Silent())
    with pytest.raises(BackupDamaged, match="The audit log was altered before the backup was taken"):
        await restored(empty, path)
    assert read_mark(empty) is not None, "what stands there is not taken for a marketplace"


async def test_rows_that_the_owner_does_not_see_stop_a_backup(
    source: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    await owner.execute("drop policy owner_sees_all on secrets")
    await owner.close()
    folder = tmp_path_factory.mktemp("b")
    with pytest.raises(CannotBackUp, match="hides rows of secrets"):
        await take_backup(source.settings, Wanted(folder), Silent())
    assert list(folder.iterdir()) == []
    assert (await failures(source))[-1] == ("backup.create", "failed")


async def test_damaged_objects_stop_a_backup_unless_they_are_given_up(
    source: Source, empty: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = next(path for path in source.settings.objects.rglob("*") if path.is_file())
    damaged.write_bytes(b"rotten")
    folder = tmp_path_factory.mktemp("b")
    with pytest.raises(CannotBackUp, match=f"1 objects are missing or damaged.*{damaged.name}"):
        await take_backup(source.settings, Wanted(folder, PASSPHRASE), Silent())
    assert list(folder.iterdir()) == []
    taken = await take_backup(source.settings, Wanted(folder, PASSPHRASE, give_up_damaged=True), Silent())
    assert taken.manifest.left_out == [damaged.name]
    assert (await restored(empty, taken.path)).manifest.left_out == [damaged.name]


async def test_a_damaged_area_stops_a_backup_and_is_named(
    source: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source.area.with_name("files.sqlite3-wal").unlink(missing_ok=True)
    source.area.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with pytest.raises(CannotBackUp, match=str(source.area)):
        await take_backup(source.settings, Wanted(tmp_path_factory.mktemp("b")), Silent())


async def test_a_full_disk_leaves_nothing_of_a_backup(
    source: Source, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aei_marketplace.backup.archive.writing import ArchiveWriter

    written = 0

    def write(self: ArchiveWriter, content: bytes) -> None:
        nonlocal written
        written += len(content)
        if written > 20_000:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ArchiveWriter, "_write", write)
    folder = tmp_path_factory.mktemp("b")
    with pytest.raises(OSError, match="No space left"):
        await take_backup(source.settings, Wanted(folder), Silent())
    assert list(folder.iterdir()) == []
    assert (await failures(source))[-1] == ("backup.create", "failed")


async def test_a_disk_that_fills_up_while_restoring_is_finished_after_making_room(
    taken: Taken, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("aei_marketplace.backup.restoring.copy_area_in", full)
        with pytest.raises(OSError, match="No space left"):
            await restored(empty, taken.path)
    assert read_mark(empty) is not None
    assert (await restored(empty, taken.path)).resumed


@pytest.mark.parametrize("content", [b"", b"x" * 31])
async def test_a_master_key_that_is_none_stops_a_backup(
    source: Source, tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    (source.settings.keys / "master.key").write_bytes(content)
    with pytest.raises(CannotBackUp, match=r"master\.key must hold 32 bytes"):
        await take_backup(source.settings, Wanted(tmp_path_factory.mktemp("b")), Silent())


async def test_a_short_passphrase_is_refused_and_nothing_is_written(
    source: Source, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("b")
    with pytest.raises(WrongPassphrase, match="12 are the least"):
        await take_backup(source.settings, Wanted(folder, "short"), Silent())
    assert list(folder.iterdir()) == []


async def test_a_folder_that_does_not_exist_is_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match="does not exist"):
        await take_backup(source.settings, Wanted(tmp_path / "no" / "b.tar"), Silent())
