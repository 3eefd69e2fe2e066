"""A server that a crashed predecessor left in a cluster: ended if it lives, forgotten if it does not."""

import os
import signal
import time
from pathlib import Path

from aei_marketplace.adapters.postgres.errors import PostgresError

_PATIENCE_SECONDS = {None: 3.0, signal.SIGQUIT: 5.0, signal.SIGKILL: 5.0}
_POLL_SECONDS = 0.02


def end_predecessor(cluster: Path) -> None:
    """Leave the cluster without a running server and without a stale `postmaster.pid`.

    PostgreSQL believes any living process whose number stands in that file. Here it is checked to be
    a server inside this very cluster: the number may belong to a stranger by now.

    Raises:
        PostgresError: a server runs there and does not end.
    """
    pid_file = cluster / "postmaster.pid"
    pid = recorded_pid(pid_file)
    if pid is None:
        return
    for ending, seconds in _PATIENCE_SECONDS.items():
        if not _runs_in(pid, cluster):
            break
        if ending is not None:  # first it may be ending already, told by the kernel
            os.kill(pid, ending)
        _wait_until_gone(pid, cluster, seconds)
    else:
        if _runs_in(pid, cluster):
            raise PostgresError(
                f"PostgreSQL with the process id {pid} still runs in {cluster}; end it, then start again."
            )
    pid_file.unlink(missing_ok=True)


def recorded_pid(pid_file: Path) -> int | None:
    """The process id in a `postmaster.pid`, or None when there is no such file."""
    lines = recorded_lines(pid_file)
    return abs(int(lines[0])) if lines and lines[0].strip().lstrip("-").isdigit() else None


def recorded_lines(pid_file: Path) -> list[str]:
    """The lines of a `postmaster.pid`.

    Process id, data directory, start time, port, socket folder, address, shared memory, state.
    """
    try:
        return pid_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _wait_until_gone(pid: int, cluster: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _runs_in(pid, cluster) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _runs_in(pid: int, cluster: Path) -> bool:
    """Whether this process has the cluster as its folder, as every PostgreSQL process of it has."""
    try:
        # A zombie has no folder any more, so it counts as gone.
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
    except OSError:
        return False
