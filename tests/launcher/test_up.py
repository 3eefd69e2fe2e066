"""The whole: `up` from nothing to ready, through crashes, and back to nothing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from aei_marketplace.adapters.postgres import temporary_server
from aei_marketplace.settings import load_settings
from tests.launcher.processes import alive, until, until_gone

_START_SECONDS = 180


class Up:
    """One running launcher, without seed: its processes are what is looked at here."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.ready_file = folder / "ready.json"
        self.log = folder / "out"
        self.ready_file.unlink(missing_ok=True)
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "aei_marketplace.launcher"),
                    *("--data", str(folder / "data"), "--port", "0", "--seed", "none"),
                    *("--ready-file", str(self.ready_file), *flags),
                ],
                stdout=out,
                stderr=out,
                env={name: value for name, value in os.environ.items() if not name.startswith("AEI_")},
            )

    def ready(self) -> dict[str, dict[str, int]]:
        """Wait for the ready file."""
        until(lambda: self.ready_file.exists() or self.process.poll() is not None, _START_SECONDS)
        assert self.process.poll() is None, self.log.read_text()
        return self.told()

    def told(self) -> dict[str, dict[str, int]]:
        """What stands in the ready file."""
        content: dict[str, dict[str, int]] = json.loads(self.ready_file.read_text())
        return content

    def family(self) -> list[int]:
        """The launcher and all its descendants."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    parents[int(entry)] = int(
                        Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1]
                    )
                except (FileNotFoundError, ProcessLookupError):
                    continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One data folder for the module: only its first start makes the database."""
    path = Path(tempfile.mkdtemp(prefix="aei-up-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def up(folder: Path) -> Iterator[Up]:
    running = Up(folder)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(timeout=120)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=30) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_it_becomes_ready_and_ends_with_everything_when_told(up: Up, folder: Path) -> None:
    told = up.ready()
    assert set(told) == {"url", "tokens", "pids"}
    assert set(told["pids"]) == {"launcher", "postgres", "web", "jobs", "sandbox"}
    assert told["pids"]["launcher"] == up.process.pid
    assert answers(str(told["url"]))
    family = up.family()
    assert set(told["pids"].values()) <= set(family)
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=120) == 0
    until_gone(family)
    assert not up.ready_file.exists()
    assert not load_settings({"data": str(folder / "data")}).runtime.exists()


def test_a_second_launcher_is_refused_with_the_address_of_the_first(up: Up, folder: Path) -> None:
    told = up.ready()
    other = folder / "other"
    other.mkdir(exist_ok=True)
    (other / "data").unlink(missing_ok=True)
    (other / "data").symlink_to(folder / "data")
    second = Up(other)
    assert second.process.wait(timeout=120) == 1
    assert str(told["url"]) in second.log.read_text()
    assert f"process id {up.process.pid}" in second.log.read_text()
    assert answers(str(told["url"]))


def test_a_killed_launcher_leaves_nothing_and_the_next_one_recovers(up: Up, folder: Path) -> None:
    told = up.ready()
    family = up.family()
    assert len(family) > len(told["pids"])
    up.process.kill()
    up.process.wait()
    until_gone(family)
    next_one = Up(folder)
    try:
        again = next_one.ready()
        assert answers(str(again["url"]))
        assert again["tokens"] == told["tokens"]
    finally:
        next_one.process.terminate()
        assert next_one.process.wait(timeout=120) == 0


def test_a_part_that_is_killed_comes_back_and_the_ready_file_tells_its_new_number(up: Up) -> None:
    told = up.ready()
    for name in ("web", "postgres", "sandbox", "jobs"):
        before = up.told()["pids"][name]
        os.kill(before, signal.SIGKILL)
        until(lambda name=name, before=before: up.told()["pids"][name] != before, 120)
        assert alive(up.told()["pids"][name])
        until(lambda: answers(str(told["url"])), 120)
        assert f"{name} ended unexpectedly" in up.log.read_text()


def test_an_external_database_is_used_and_none_of_our_own_started() -> None:
    elsewhere = Path(tempfile.mkdtemp(prefix="aei-up-"))
    with temporary_server() as server:
        running = Up(elsewhere, "--database-url", server.admin_url)
        told = running.ready()
        assert set(told["pids"]) == {"launcher", "web", "jobs", "sandbox"}
        assert answers(str(told["url"]))
        assert not (elsewhere / "data" / "postgres").exists()
        running.process.terminate()
        assert running.process.wait(timeout=120) == 0
    shutil.rmtree(elsewhere)


def test_a_database_that_is_not_there_ends_the_start_with_the_reason() -> None:
    elsewhere = Path(tempfile.mkdtemp(prefix="aei-up-"))
    refused = Up(elsewhere, "--database-url", "postgresql://me:hush@127.0.0.1:1/postgres")
    assert refused.process.wait(timeout=120) == 1
    assert "Is PostgreSQL running" in refused.log.read_text()
    assert "hush" not in refused.log.read_text()
    shutil.rmtree(elsewhere)


def test_a_taken_port_ends_the_start_before_anything_runs(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = Up(folder, "--port", str(taken.getsockname()[1]))
        assert refused.process.wait(timeout=120) == 1
    assert "Another program uses it" in refused.log.read_text()


def test_a_bad_setting_ends_the_start_with_its_source(folder: Path) -> None:
    refused = Up(folder, "--max-workers", "many")
    assert refused.process.wait(timeout=120) == 2
    assert "flag --max-workers" in refused.log.read_text()


def test_told_to_end_while_starting_it_ends_with_what_it_had_started(up: Up) -> None:
    until(lambda: len(up.family()) > 2)
    family = up.family()
    up.process.terminate()
    assert up.process.wait(timeout=120) in (0, 1)
    time.sleep(0.1)
    until_gone(family)
