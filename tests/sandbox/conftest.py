"""One sandbox host for the session; each test has its own line to it."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aei_sandbox.local import HostLine


@dataclass(frozen=True)
class SharedHost:
    """A running host, and the loopback socket that it knows as `origin.example:8080`."""

    path: Path
    pid: int
    origin: socket.socket


@pytest.fixture(scope="session")
def shared_host() -> Iterator[SharedHost]:
    with tempfile.TemporaryDirectory(prefix="aei-test-") as folder, socket.socket() as origin:
        origin.bind(("127.0.0.1", 0))
        origin.listen(64)
        path = Path(folder, "h.sock")
        process = subprocess.Popen(
            [
                sys.executable, "-m", "aei_sandbox.host", "--die-with-parent", "--socket", str(path),
                "--artefacts", str(Path(folder, "artefacts")), "--files", str(Path(folder, "files")),
                "--egress-host", f"origin.example:8080=127.0.0.1:{origin.getsockname()[1]}",
            ],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield SharedHost(path, process.pid, origin)
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()
        assert not os.path.exists(path)


SECRETS = {("acme", "KEY"): "acme's value", ("globex", "KEY"): "globex's value"}


@pytest.fixture
async def host(shared_host: SharedHost) -> AsyncIterator[HostLine]:
    """A line to the session's host; knows one secret of each of two tenants."""
    line = HostLine(lambda tenant, name: SECRETS.get((tenant, name)))
    await line.connect(shared_host.path)
    yield line
    line.line.close("test is over")
