"""Runs a command as `python -m aei_marketplace.adapters.process_family COMMAND…` and leaves no descendant.

The kernel's parent-death signal reaches a child and not its children; compilers and installers have
children. This process adopts every orphan below it and ends them all when it ends itself.
"""

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

from aei_marketplace.adapters.child_process import dies_with_parent

_PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    """Run the command and return its exit status, 128 + n when signal n ended it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, _end)
    try:
        status = subprocess.run(command, check=False, preexec_fn=dies_with_parent()).returncode
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}.", file=sys.stderr)
        status = 127
    finally:
        end_descendants()
    return 128 - status if status < 0 else status


def end_descendants() -> None:
    """Kill every descendant of this process and wait for the end of each."""
    while children := _children():
        for pid in children:
            os.kill(pid, signal.SIGKILL)  # still ours to reap, so the number cannot belong to another yet
        # Whoever they started becomes our child now, and is ended in the next round.
        for pid in children:
            os.waitpid(pid, 0)


def _children() -> list[int]:
    return [
        int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _parent_of(entry) == os.getpid()
    ]


def _parent_of(pid: str) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as status:
            # The name, second and in brackets, may hold anything; the parent is the second field after it.
            return int(status.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 the shape of a signal handler
    # Not by an exception: one that is raised while an object is being discarded is discarded with it.
    end_descendants()
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
