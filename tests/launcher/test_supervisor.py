"""The supervisor: who dies is started again, who keeps dying ends the whole, nobody outlives the launcher."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.program import Program
from aei_marketplace.launcher.supervisor import MOST_DEATHS, Supervisor
from tests.launcher.processes import alive, until, until_gone

_WAITS = "import time; time.sleep(600)"
_DEAF = (
    "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def program(code: str, log: Path, grace_seconds: float = 30) -> Program:
    return Program(
        [sys.executable, "-c", code], {"PATH": os.environ["PATH"]}, log, grace_seconds=grace_seconds
    )


async def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0.02)


async def test_a_part_that_dies_is_started_again_and_everybody_hears_of_it(
    tmp_path: Path, out: io.StringIO
) -> None:
    heard: list[str] = []
    supervisor = Supervisor(Console(out), tmp_path, on_restart=lambda: heard.append("restart"))
    supervisor.add("web", program(_WAITS, tmp_path / "web.log"))
    first = supervisor.pids["web"]
    os.kill(first, signal.SIGKILL)
    await wait_for(lambda: heard)
    second = supervisor.pids["web"]
    assert second != first
    assert alive(second)
    assert "web ended unexpectedly (signal 9)" in out.getvalue()
    assert "web runs again" in out.getvalue()
    await supervisor.stop(("web",), asyncio.Event())
    assert not alive(second)


async def test_a_part_that_keeps_dying_ends_the_whole_and_shows_its_last_words(
    tmp_path: Path, out: io.StringIO
) -> None:
    supervisor = Supervisor(Console(out), tmp_path)
    supervisor.add("jobs", program("import sys; sys.exit('out of luck')", tmp_path / "jobs.log"))
    with pytest.raises(LaunchError, match=rf"jobs ended {MOST_DEATHS} times(.|\n)*out of luck"):
        await asyncio.wait_for(supervisor.failure(), 60)
    await supervisor.stop(("jobs",), asyncio.Event())


_SAYS_WHEN_IT_ENDS = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(600)
"""


async def test_parts_end_in_the_given_order(tmp_path: Path, out: io.StringIO) -> None:
    supervisor, ends = Supervisor(Console(out), tmp_path), tmp_path / "ends"
    for name in ("c", "a", "b"):
        command = [sys.executable, "-c", _SAYS_WHEN_IT_ENDS, str(ends), name]
        supervisor.add(name, Program(command, {}, tmp_path / f"{name}.log"))
    await wait_for(lambda: all((tmp_path / f"{name}.log").read_text() == "up\n" for name in "abc"))
    await supervisor.stop(("a", "b", "c", "never added"), asyncio.Event())
    assert ends.read_text().split() == ["a", "b", "c"]


async def test_a_second_ctrl_c_waits_for_nobody(tmp_path: Path, out: io.StringIO) -> None:
    supervisor, log = Supervisor(Console(out), tmp_path), tmp_path / "deaf.log"
    supervisor.add("deaf", program(_DEAF, log, grace_seconds=500))
    await wait_for(lambda: log.exists() and log.read_text() == "deaf\n")
    hurry = asyncio.Event()
    stopping = asyncio.create_task(supervisor.stop(("deaf",), hurry))
    await asyncio.sleep(0.2)
    assert not stopping.done()
    hurry.set()
    await asyncio.wait_for(stopping, 60)


async def test_a_part_that_ignores_the_request_is_ended_after_its_time(
    tmp_path: Path, out: io.StringIO
) -> None:
    supervisor, log = Supervisor(Console(out), tmp_path), tmp_path / "deaf.log"
    supervisor.add("deaf", program(_DEAF, log, grace_seconds=0.2))
    await wait_for(lambda: log.exists() and log.read_text() == "deaf\n")
    pid = supervisor.pids["deaf"]
    await asyncio.wait_for(supervisor.stop(("deaf",), asyncio.Event()), 60)
    assert not alive(pid)


def test_a_program_sees_only_the_environment_that_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEI_DATABASE_URL", "postgresql://secret")
    log = tmp_path / "x.log"
    child = Program([sys.executable, "-c", "import os; print(sorted(os.environ))"], {"ONLY": "1"}, log)
    child.start().wait(60)
    assert "AEI_DATABASE_URL" not in log.read_text()
    assert "ONLY" in log.read_text()


_SUPERVISES_TWO = """
import asyncio, sys
from pathlib import Path
from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.program import Program
from aei_marketplace.launcher.supervisor import Supervisor

async def main():
    folder = Path(sys.argv[1])
    supervisor = Supervisor(Console(), folder)
    for name in ("web", "jobs"):
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        supervisor.add(name, Program(command, {}, folder / f"{name}.log"))
    print(*supervisor.pids.values(), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_killed_launcher_leaves_no_part_behind(tmp_path: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISES_TWO, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    pids = [int(pid) for pid in launcher.stdout.readline().split()]
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    launcher.kill()
    launcher.communicate()
    until_gone(pids)


_ENDS_BEFORE_ITS_CHILD_IS_TIED = """
import os, sys, time
from aei_marketplace.adapters import child_process
tie = child_process.dies_with_parent()
reading, writing = os.pipe()
if os.fork() == 0:
    os.close(writing)
    os.read(reading, 1)  # until the parent is gone
    open(sys.argv[1], "w").write(str(os.getpid()))
    tie()
    # A parent that ends closes its files first: the tie may still be made, and then the kernel kills.
    time.sleep(3)
    open(sys.argv[1] + ".outlived", "w").close()
    time.sleep(600)
"""


def test_a_parent_that_was_faster_than_the_tie_takes_its_child_along(tmp_path: Path) -> None:
    trace = tmp_path / "child"
    subprocess.run([sys.executable, "-c", _ENDS_BEFORE_ITS_CHILD_IS_TIED, str(trace)], check=True, timeout=60)
    until(lambda: trace.exists() and trace.read_text())
    until_gone([int(trace.read_text())])
    assert not Path(f"{trace}.outlived").exists()
