"""What the launcher settles before anything runs: folders, the lock, the door, the ready file, the lines."""

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import AlreadyRunning, LaunchError
from aei_marketplace.launcher.examples import Example
from aei_marketplace.launcher.folders import make_folders
from aei_marketplace.launcher.instance import sole_instance
from aei_marketplace.launcher.listening import open_door, url_of
from aei_marketplace.launcher.logs import open_log, shorten_logs, tail
from aei_marketplace.launcher.ready_file import write_ready_file
from aei_marketplace.launcher.summary import summary
from aei_marketplace.settings import Settings


def settings(folder: Path) -> Settings:
    return Settings(data=folder / "data", runtime=folder / "run")


def test_folders_are_closed_to_others(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    make_folders(chosen)
    make_folders(chosen)
    for folder in (chosen.keys, chosen.logs, chosen.objects, chosen.run):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert chosen.data.stat().st_mode & 0o666 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_a_runtime_folder_that_another_user_took_is_refused(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    chosen.runtime.mkdir()
    os.chown(chosen.runtime, 65534, 65534)
    with pytest.raises(LaunchError, match="belongs to user id 65534"):
        make_folders(chosen)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's link")
def test_a_runtime_folder_that_is_another_users_link_is_refused(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    (tmp_path / "ours").mkdir()
    chosen.runtime.symlink_to(tmp_path / "ours")
    os.lchown(chosen.runtime, 65534, 65534)
    with pytest.raises(LaunchError, match="belongs to user id 65534"):
        make_folders(chosen)


def test_a_data_folder_that_cannot_be_made_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(LaunchError, match=r"cannot be used: .*--data"):
        make_folders(settings(tmp_path))


def test_a_second_launcher_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    with sole_instance(lock) as announce:
        announce("http://127.0.0.1:1")
        with (
            pytest.raises(AlreadyRunning, match=rf"http://127\.0\.0\.1:1 \(process id {os.getpid()}\)"),
            sole_instance(lock),
        ):
            pass
    with sole_instance(lock):
        pass


def test_a_killed_launchers_lock_stands_in_nobodys_way(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    code = (
        "import os, sys; from pathlib import Path\n"
        "from aei_marketplace.launcher.instance import sole_instance\n"
        "with sole_instance(Path(sys.argv[1])) as announce: announce('http://old'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(lock)], check=False, timeout=60)
    assert "http://old" in lock.read_text()
    with sole_instance(lock) as announce:
        announce("http://new")
        assert json.loads(lock.read_text())["url"] == "http://new"


def test_port_0_picks_a_free_port_and_the_url_names_it() -> None:
    with open_door("127.0.0.1", 0) as door, open_door("127.0.0.1", 0) as other:
        assert url_of(door) != url_of(other)
        with socket.create_connection(door.getsockname(), timeout=10):
            pass


def test_a_taken_port_is_refused_with_advice() -> None:
    with (
        open_door("127.0.0.1", 0) as door,
        pytest.raises(LaunchError, match="choose a free port with --port 0"),
    ):
        open_door("127.0.0.1", door.getsockname()[1])


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(LaunchError, match="Cannot listen on 192\\.0\\.2\\.1"):
        open_door("192.0.2.1", 0)


def test_a_door_open_to_all_is_reached_on_this_machine() -> None:
    with open_door("0.0.0.0", 0) as door:
        assert url_of(door).startswith("http://127.0.0.1:")


def test_the_ready_file_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "ready.json"
    write_ready_file(file, "http://x", {"admin": "t"}, {"web": 1})
    write_ready_file(file, "http://x", {"admin": "t"}, {"web": 2})
    assert json.loads(file.read_text()) == {"url": "http://x", "tokens": {"admin": "t"}, "pids": {"web": 2}}
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_an_overlong_log_is_moved_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    with open_log(path) as log:
        log.write(b"x" * 2000)
        log.flush()
        shorten_logs(tmp_path, largest=1000)
        log.write(b"after\n")
        log.flush()
    assert path.read_bytes() == b"after\n"
    assert (tmp_path / "web.log.1").stat().st_size == 2000
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_end_of_a_log_is_short_whatever_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff" * 10000 + b"\n" + b"\n".join(b"%d" % n for n in range(100)))
    assert tail(tmp_path / "log", lines=2) == "98\n99"
    assert tail(tmp_path / "absent") == ""


def test_a_step_that_fails_is_shown_as_not_done() -> None:
    out = io.StringIO()
    console = Console(out)
    with pytest.raises(ValueError, match="why"), console.step("tables"):
        raise ValueError("why")
    with console.step("seed") as step:
        step.note = "demo"
    assert "tables" in out.getvalue()
    assert "not done" in out.getvalue()
    assert out.getvalue().splitlines()[-1].endswith("s  demo")


def test_a_reader_that_went_away_does_not_stop_the_marketplace() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as out:
        console = Console(out)
        console.line("to nobody")
        console.line("to nobody again")


def test_the_three_commands_to_try_carry_the_administrators_token() -> None:
    examples = [Example(Path("x"), "studio.langid", "1.0.0", "c")]
    lines = summary("http://127.0.0.1:1", 3.2, {"admin": "to'ken"}, examples)
    commands = [line.strip() for line in lines if "/aei " in line]
    assert [command.split("/aei ")[1].split()[0] for command in commands] == ["search", "install", "run"]
    assert "aei run studio.langid --task " in "\n".join(commands)
    assert any("AEI_TOKEN='to'\"'\"'ken'" in line for line in lines)
    assert not [line for line in summary("http://x", 1, {}, []) if "aei " in line]
