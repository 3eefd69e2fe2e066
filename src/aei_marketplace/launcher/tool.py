"""Running a command to its end, with everything that it starts ending no later than the launcher."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aei_marketplace.adapters.child_process import dies_with_parent
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.logs import open_log, tail

# Without its cache of compiled modules, Python would spend most of every start compiling.
_NO_CACHE = "PYTHONDONTWRITEBYTECODE"


class ToolFailed(LaunchError):
    """A command ended badly; the message holds the end of what it said."""


async def run_tool(command: Sequence[str], environment: Mapping[str, str], log: Path) -> str:
    """Run a command and return its standard output.

    Cancelled, it ends the command and all its descendants first.

    Args:
        command: the program and its arguments.
        environment: all that it sees of ours.
        log: where its standard error is appended.

    Raises:
        ToolFailed: it ended with another status than 0.
    """
    with open_log(log) as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file in the caller's folder must not take the place of a module
            "-m",
            "aei_marketplace.adapters.process_family",
            *command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode != 0:
        raise ToolFailed(_what_it_said(output.decode(errors="replace"), log))
    return output.decode()


def callers_environment() -> dict[str, str]:
    """Our own environment without the marketplace's settings and secrets."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("AEI_") and name != _NO_CACHE
    }


def _what_it_said(output: str, log: Path) -> str:
    return (
        "\n".join(part for part in (output.strip()[-2000:], tail(log)) if part)
        or f"no reason was given; see {log}"
    )
