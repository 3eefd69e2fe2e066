"""What `doctor` calls safe, and what it does not."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.taking import Wanted, take_backup
from aei_marketplace.examination import examine, exposure, folders
from aei_marketplace.examination.backups import look_at_backups
from aei_marketplace.examination.books import look_at_books
from aei_marketplace.examination.exposure import look_at_seed, look_at_web
from aei_marketplace.examination.folders import (
    look_at_checkpoints,
    look_at_disk,
    look_at_keys,
    look_at_restore,
)
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works
from aei_marketplace.launcher.unfinished import Mark, write_mark
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import read_master_key
from tests.backup.conftest import settings_at
from tests.builders import sequence_all


@pytest.fixture
def settings(tmp_path: Path, server: str, urls: DatabaseUrls, works: Works) -> Settings:
    found = settings_at(tmp_path / "data", server, urls)
    read_master_key(found)
    return found


def test_keys_that_others_can_read_are_named(settings: Settings) -> None:
    assert look_at_keys(settings).fine
    (settings.keys / "master.key").chmod(0o644)
    found = look_at_keys(settings)
    assert not found.fine
    assert "master.key: chmod 600" in found.detail


def test_a_master_key_kept_elsewhere_is_looked_at_too(settings: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "mounted" / "key"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(bytes(32))
    elsewhere.chmod(0o640)
    found = look_at_keys(replace(settings, master_key_file=elsewhere))
    assert not found.fine
    assert str(elsewhere) in found.detail


def test_a_backup_beside_its_key_is_not_safe(settings: Settings, tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    key = mounted / "master.key"
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    assert look_at_keys(replace(settings, master_key_file=key)).fine
    (mounted / "aei-backup-20261122T210000Z.tar").touch()
    found = look_at_keys(replace(settings, master_key_file=key))
    assert not found.fine
    assert "keep backups and keys apart" in found.detail


def test_a_disk_that_runs_full_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = SimpleNamespace(total=100 * 2**30, free=50 * 2**30)
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _: roomy)
    assert look_at_disk(settings).fine
    for free in (2**30, 9 * 2**30):
        full = SimpleNamespace(total=100 * 2**30, free=free)
        monkeypatch.setattr(folders.shutil, "disk_usage", lambda _, full=full: full)
        assert not look_at_disk(settings).fine


def test_half_of_a_restore_is_named_with_the_way_on(settings: Settings) -> None:
    assert look_at_restore(settings).fine
    write_mark(settings, Mark("0193", "/mnt/b.tar"))
    found = look_at_restore(settings)
    assert not found.fine
    assert "aei-marketplace restore /mnt/b.tar" in found.detail


def test_tree_heads_beside_the_log_are_not_safe(settings: Settings, tmp_path: Path) -> None:
    assert not look_at_checkpoints(settings).fine
    elsewhere = replace(settings, checkpoints_folder=tmp_path / "worm")
    assert "is it mounted" in look_at_checkpoints(elsewhere).detail
    (tmp_path / "worm").mkdir()
    assert look_at_checkpoints(elsewhere).fine


async def test_no_backup_and_an_old_one_are_named(
    settings: Settings, tmp_path: Path, urls: DatabaseUrls
) -> None:
    none = await look_at_backups(settings, 7)
    assert (none.fine, "none was ever taken" in none.detail) == (False, True)
    await take_backup(settings, Wanted(tmp_path), Silent())
    assert (await look_at_backups(settings, 7)).fine
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("alter table audit_entries disable trigger user")
    await owner.execute("update audit_entries set at = at - interval '8 days' where action = 'backup.create'")
    await owner.close()
    old = await look_at_backups(settings, 7)
    assert (old.fine, "more than 7 days ago" in old.detail) == (False, True)
    assert (await look_at_backups(settings, 30)).fine


async def test_a_database_that_gives_up_durability_is_named(settings: Settings) -> None:
    found = {finding.what: finding for finding in await look_at_books(settings)}
    assert found["database"].fine
    assert found["db line"].fine
    assert not found["durability"].fine, "the tests' own server runs without fsync"
    assert "fsync" in found["durability"].detail


async def test_a_log_that_nobody_signs_is_named(settings: Settings, works: Works, urls: DatabaseUrls) -> None:
    async with works.system("tests") as work:
        work.record(Fact("thing.do", "thing", "1"))
    await sequence_all(urls.system)
    assert (await look_at_books(settings))[-1].fine
    connection = await asyncpg.connect(urls.system)
    try:
        await connection.execute(
            "insert into audit_heads select size + 1, root, at - interval '1 hour' from audit_heads limit 1"
        )
    finally:
        await connection.close()
    found = (await look_at_books(settings))[-1]
    assert (found.what, found.fine) == ("audit log", False)
    assert "no checkpoint" in found.detail


async def test_a_database_that_is_gone_is_a_finding_and_not_an_error(settings: Settings) -> None:
    settings.database_secrets.unlink()
    assert [finding.fine for finding in await look_at_books(settings)] == [False]
    assert not (await look_at_backups(settings, 7)).fine


@pytest.mark.parametrize(
    ("host", "public", "fine"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("0.0.0.0", "https://market.example", True),
        ("127.0.0.1", "https://market.example", True),
        ("127.0.0.1", "http://192.0.2.7", False),
        ("127.0.0.1", "http://127.0.0.1:8420", True),
        ("127.0.0.1", "http://[::1]:8420/market", True),
    ],
)
def test_plain_http_beyond_this_machine_is_named(
    settings: Settings, host: str, public: str | None, fine: bool
) -> None:
    assert look_at_web(replace(settings, host=host, public_url=public)).fine is fine


def test_a_name_that_leads_nowhere_is_not_this_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise OSError("no such name")

    monkeypatch.setattr(exposure.socket, "getaddrinfo", unknown)
    assert not look_at_web(replace(settings, host="market")).fine


def test_the_demo_is_named(settings: Settings) -> None:
    assert look_at_seed(settings).fine
    (settings.keys / "seed-demo.json").write_text("{}")
    assert not look_at_seed(settings).fine


async def test_everything_is_looked_at_even_where_nothing_runs(tmp_path: Path) -> None:
    nothing = Settings(data=tmp_path / "none", runtime=tmp_path / "r")
    found = await examine(nothing)
    assert {finding.what for finding in found} >= {"keys", "disk", "database", "backup", "sandbox", "web"}
    assert not all(finding.fine for finding in found)
