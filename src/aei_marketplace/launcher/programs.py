"""The long-running commands of a marketplace, each with exactly what it needs to see."""

import os
import socket
import sys

from aei_marketplace.launcher.program import Program
from aei_marketplace.launcher.tool import callers_environment
from aei_marketplace.settings import Settings

#: The web process takes its listening socket from the descriptor that this variable names.
LISTEN_FD = "AEI_LISTEN_FD"


def web(settings: Settings, door: socket.socket, gate: int) -> Program:
    """The web process, behind a door that is open already; it begins when the gate opens."""
    environment = _environment(settings) | {LISTEN_FD: str(door.fileno())}
    return Program(
        _held("aei_marketplace.app", gate),
        environment,
        settings.logs / "web.log",
        descriptors=[door.fileno(), gate],
    )


def jobs(settings: Settings, gate: int) -> Program:
    """The job process; it begins when the gate opens."""
    return Program(
        _held("aei_marketplace.worker", gate),
        _environment(settings),
        settings.logs / "jobs.log",
        descriptors=[gate],
    )


def sandbox(settings: Settings) -> Program:
    """The sandbox host; it sees no setting and no secret of the marketplace."""
    command = [sys.executable, "-P", "-m", "aei_sandbox.host"]
    command += [
        "--socket",
        str(settings.sandbox_socket),
        "--artefacts",
        str(settings.artefacts),
        "--files",
        str(settings.files),
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


def _held(module: str, gate: int) -> list[str]:
    return [sys.executable, "-P", "-m", "aei_marketplace.launcher.held", module, str(gate)]


def _environment(settings: Settings) -> dict[str, str]:
    return callers_environment() | settings.environment()
