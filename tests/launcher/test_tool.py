"""Tools: their output, their failure in words, and no descendant left in any case."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aei_marketplace.launcher.tool import ToolFailed, callers_environment, run_tool
from tests.launcher.processes import alive, until, until_gone

# A grandchild that left its group and session, as compilers' helpers may.
_HAS_A_GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(float(sys.argv[2]))
"""


def grandchild(trace: Path) -> int:
    until(lambda: trace.exists() and trace.read_text())
    return int(trace.read_text())


async def test_a_tool_gives_its_output_and_keeps_the_rest_in_its_log(tmp_path: Path) -> None:
    code = "import sys; print('to us'); print('to the log', file=sys.stderr)"
    assert await run_tool([sys.executable, "-c", code], callers_environment(), tmp_path / "log") == "to us\n"
    assert (tmp_path / "log").read_text() == "to the log\n"


async def test_a_failed_tool_is_reported_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no such kangaroo"):
        await run_tool(
            [sys.executable, "-c", "import sys; sys.exit('no such kangaroo')"],
            callers_environment(),
            tmp_path / "log",
        )


async def test_a_tool_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="/no/such/tool cannot be run: No such file"):
        await run_tool(["/no/such/tool"], callers_environment(), tmp_path / "log")


async def test_what_a_tool_leaves_running_ends_with_it(tmp_path: Path) -> None:
    trace = tmp_path / "pid"
    command = [sys.executable, "-c", _HAS_A_GRANDCHILD, str(trace), "0"]
    await run_tool(command, callers_environment(), tmp_path / "log")
    until_gone([grandchild(trace)])


async def test_a_cancelled_tool_ends_with_all_that_it_started(tmp_path: Path) -> None:
    trace = tmp_path / "pid"
    command = [sys.executable, "-c", _HAS_A_GRANDCHILD, str(trace), "600"]
    running = asyncio.create_task(run_tool(command, callers_environment(), tmp_path / "log"))
    pid = await asyncio.to_thread(grandchild, trace)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not alive(pid)


_RUNS_A_TOOL = """
import asyncio, os, sys
from pathlib import Path
from aei_marketplace.launcher.tool import run_tool
asyncio.run(run_tool(sys.argv[2:], dict(os.environ), Path(sys.argv[1])))
"""


def test_a_killed_launcher_leaves_no_descendant_of_a_tool_behind(tmp_path: Path) -> None:
    trace = tmp_path / "pid"
    tool = [sys.executable, "-c", _HAS_A_GRANDCHILD, str(trace), "600"]
    launcher = subprocess.Popen([sys.executable, "-c", _RUNS_A_TOOL, str(tmp_path / "log"), *tool])
    pid = grandchild(trace)
    assert alive(pid)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    until_gone([pid])


def test_the_marketplaces_settings_are_not_for_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEI_DATABASE_URL", "postgresql://secret")
    assert not [name for name in callers_environment() if name.startswith("AEI_")]
    assert callers_environment()["PATH"] == os.environ["PATH"]
