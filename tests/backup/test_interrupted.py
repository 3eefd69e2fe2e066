"""Killed in the middle: nothing half is taken for whole, and running it again finishes it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from aei_marketplace.backup.archive import open_archive
from aei_marketplace.backup.errors import NotEmpty
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.restoring import require_restorable
from aei_marketplace.backup.taking import Taken, Wanted, take_backup
from aei_marketplace.launcher.unfinished import RestoreUnfinished, read_mark, require_finished
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls
from tests.backup.conftest import PASSPHRASE, Source
from tests.backup.test_restore import restored, rows_of


async def killed(do: str, settings: Settings, path: Path, stage: str, steps: int) -> None:
    """Run it in a child until it has come so far, and kill the child with SIGKILL."""
    assert settings.database_url is not None
    command = [sys.executable, "-m", "tests.backup.restoring_process", do, str(settings.data)]
    command += [settings.database_url, str(path), stage, str(steps)]
    await asyncio.to_thread(run_until_here, command)


def run_until_here(command: list[str]) -> None:
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    ("stage", "steps"), [("database", 0), ("database", 4), ("objects", 0), ("objects", 1), ("audit log", 0)]
)
async def test_a_killed_restore_is_marked_and_finished_by_running_it_again(
    source: Source, taken: Taken, empty: Settings, stage: str, steps: int
) -> None:
    await killed("restore", empty, taken.path, stage, steps)
    with pytest.raises(RestoreUnfinished, match=f"aei-marketplace restore {taken.path}"):
        require_finished(empty)
    done = await restored(empty, taken.path)
    assert done.resumed
    assert read_mark(empty) is None
    before, after = [await rows_of(database_urls(s).owner) for s in (source.settings, empty)]
    for name in ("tenants", "users", "releases", "installations", "secrets", "audit_leaves", "roles"):
        assert after[name] == before[name], name


async def test_up_and_backup_refuse_the_half_state(taken: Taken, empty: Settings) -> None:
    await killed("restore", empty, taken.path, "objects", 1)
    up = [sys.executable, "-P", "-m", "aei_marketplace.launcher", "--data", str(empty.data), "--port", "0"]
    refused = await asyncio.to_thread(subprocess.run, up, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1
    assert "only a part of it is there" in refused.stdout
    with pytest.raises(RestoreUnfinished):
        await take_backup(empty, Wanted(taken.path.parent / "half.tar"), Silent())


async def test_another_backup_is_not_restored_over_the_half_state(
    source: Source, taken: Taken, empty: Settings
) -> None:
    await killed("restore", empty, taken.path, "objects", 1)
    other = taken.path.parent / "other.tar"
    await take_backup(source.settings, Wanted(other, PASSPHRASE), Silent())
    with open_archive(other) as archive, pytest.raises(NotEmpty, match="half of another backup"):
        require_restorable(empty, archive, None, without_keys=True)


@pytest.mark.parametrize("stage", ["database", "objects", "files"])
async def test_a_killed_backup_leaves_nothing_that_looks_whole(
    source: Source, tmp_path_factory: pytest.TempPathFactory, stage: str
) -> None:
    folder = tmp_path_factory.mktemp("backups")
    await killed("backup", source.settings, folder / "b.tar", stage, 0)
    assert not (folder / "b.tar").exists()
    assert all(path.name.endswith(".partial") for path in folder.iterdir())
    # What it left does not stand in the way of the next one.
    assert (await take_backup(source.settings, Wanted(folder / "b.tar"), Silent())).path.exists()


def test_a_mark_that_cannot_be_read_counts_as_one(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, runtime=tmp_path / "r")
    settings.run.mkdir()
    (settings.run / "restore.json").write_text("{")
    with pytest.raises(RestoreUnfinished, match="was not finished"):
        require_finished(settings)
