"""The long-running commands of a marketplace, each with exactly what it needs to see."""

import os
import socket
import sys

from aei_marketplace.launcher.program import Program
from aei_marketplace.launcher.tool import callers_environment
from aei_marketplace.settings import Settings

#: The web process takes its listening socket from the descriptor that this variable names.
LISTEN_FD = "AEI_LISTEN_FD"


def web(settings: Settings, door: socket.socket) -> Program:
    """The web process, behind a door that is open already."""
    environment = _environment(settings) | {LISTEN_FD: str(door.fileno())}
    return Program(
        [sys.executable, "-m", "aei_marketplace.app"],
        environment,
        settings.logs / "web.log",
        descriptors=[door.fileno()],
    )


def jobs(settings: Settings) -> Program:
    """The job process."""
    return Program(
        [sys.executable, "-m", "aei_marketplace.worker"], _environment(settings), settings.logs / "jobs.log"
    )


def sandbox(settings: Settings) -> Program:
    """The sandbox host; it sees no setting and no secret of the marketplace."""
    command = [sys.executable, "-m", "aei_sandbox.host"]
    command += [
        "--socket",
        str(settings.sandbox_socket),
        "--artefacts",
        str(settings.artefacts),
        "--die-with-parent",
    ]
    if settings.max_workers is not None:
        command += ["--max-workers", str(settings.max_workers)]
    if settings.development_without_walls:
        command += ["--development-without-walls"]
    for host in settings.egress_hosts:
        command += ["--egress-host", host]
    seen = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return Program(command, seen, settings.logs / "sandbox.log")


def _environment(settings: Settings) -> dict[str, str]:
    return callers_environment() | settings.environment()
