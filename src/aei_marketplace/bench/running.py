"""A marketplace that runs for one bench, and what its processes use."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parents[3]
READY_S = 240.0


@dataclass(frozen=True)
class Running:
    """A started marketplace.

    Attributes:
        seconds: from the command to the ready file.
    """

    url: str
    tokens: Mapping[str, str]
    pids: Mapping[str, int]
    seconds: float
    log: Path

    def memory_mb(self) -> float:
        """The proportional set size of all its processes, in MB."""
        return sum(pss_mb(pid) for pid in family(self.pids["launcher"]))


@contextmanager
def marketplace(
    data: Path, *, clone: Path = CLONE, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run `./market up` on a free port until the block ends.

    Args:
        data: its data folder.
        clone: whose `market` is run.
        environment: variables on top of this process's own.

    Raises:
        RuntimeError: it ended or was not ready in time; the message holds the end of its output.
    """
    ready, log = data.with_suffix(".ready.json"), data.with_suffix(".log")
    ready.unlink(missing_ok=True)
    began = time.monotonic()
    command = [str(clone / "market"), "up", "--data", str(data), "--port", "0", "--ready-file", str(ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=clone, env={**os.environ, **(environment or {})}, stdout=output, stderr=output
        )
    try:
        known = _until_ready(process, ready, log)
        yield Running(known["url"], known["tokens"], known["pids"], time.monotonic() - began, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for one bench that the servers' own users can pass."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        children.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def pss_mb(pid: int) -> float:
    """A process's proportional set size in MB; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _until_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> Any:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if ready.exists():
            return json.loads(ready.read_text("utf-8"))
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"the marketplace did not become ready:\n{log.read_text('utf-8')[-3000:]}")
