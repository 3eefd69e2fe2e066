"""A marketplace that is really up: its own processes, database and sandbox, for the flows."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aei_marketplace.bench.calls import Caller
from aei_marketplace.bench.running import family

READY_S = 240
#: How long anything may take on a busy machine, in seconds. Only a test that fails waits for so long.
PATIENCE_S = 120
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Market:
    """A data folder, and the marketplace on it while it runs.

    Attributes:
        scans: new releases are scanned before they are listed. Most flows are about something else.
    """

    folder: Path
    scans: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    known: dict = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.known["url"]

    @property
    def pids(self) -> dict[str, int]:
        return self.known["pids"]

    @property
    def output(self) -> str:
        return (self.folder / "up.log").read_text()

    def start(self) -> None:
        """Run `up` until it says that it is ready."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "aei_marketplace.launcher", "--port", "0"]
        command += ["--data", str(self.folder / "data"), "--ready-file", str(ready)]
        with (self.folder / "up.log").open("ab") as log:
            environment = {**os.environ, "AEI_PUBLISH_SCAN": "on" if self.scans else "off"}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        until(lambda: ready.exists() or self.process.poll() is not None, READY_S)
        assert ready.exists(), self.output
        self.read_ready_file()

    def read_ready_file(self) -> None:
        self.known = json.loads((self.folder / "ready.json").read_text())

    def as_(self, who: str) -> Caller:
        """A caller with one of the demo's tokens."""
        return Caller(self.url, self.known["tokens"][who])

    def have(self, who: str, plugin: str) -> None:
        """Install a plugin, unless another flow has installed it."""
        caller = self.as_(who)
        installed = caller.get("/api/plugins/installations?limit=200")[1]["items"]
        if plugin not in {each["plugin_id"] for each in installed}:
            caller.install(plugin)

    def aei(self, who: str, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run the command `aei` as one of the demo's people."""
        environment = {**os.environ, "AEI_URL": self.url, "AEI_TOKEN": self.known["tokens"][who]}
        return subprocess.run(
            [sys.executable, "-m", "aei_sdk.cli", *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def aei_json(self, who: str, *arguments: str) -> Any:
        """What the command `aei` answers for programs."""
        done = self.aei(who, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def manage(self, *arguments: str) -> None:
        """Run `aei-marketplace` on its data."""
        command = [sys.executable, "-m", "aei_marketplace.manage", *arguments]
        data = ["--data", str(self.folder / "data")]
        subprocess.run([*command, *data], capture_output=True, timeout=180, check=True)

    def workers(self) -> list[int]:
        """The pids of the sandbox's workers."""
        host = self.pids["sandbox"]
        return [pid for pid in family(host) if len(family(pid)) == 1 and pid != host]

    def processes(self) -> list[int]:
        """All its processes that are alive."""
        return [pid for pid in family(self.pids["launcher"]) if alive(pid)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has taken; 0 for one that is gone."""
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (int(values[11]) + int(values[12])) / _TICKS_A_SECOND


def until(condition, seconds: float = PATIENCE_S, pause: float = 0.05):
    """Wait for a condition; gives what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(pause)
    return found


@contextmanager
def running_market(*, scans: bool = False) -> Iterator[Market]:
    """A marketplace in a folder of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="aei-flow-") as folder:
        Path(folder).chmod(0o711)
        running = Market(Path(folder), scans)
        running.start()
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait(PATIENCE_S)


# Of the package, not of the session: even an idle marketplace takes its share from the tests that follow.
@pytest.fixture(scope="package")
def market() -> Iterator[Market]:
    """One marketplace for all flows; a flow that breaks it has it whole again at its end."""
    with running_market() as running:
        yield running
