"""Walls that are properties of one process: environment, descriptors, limits, privileges."""

import ctypes
import os
import resource
import signal
from collections.abc import Iterable, Mapping

from aei_sandbox.walls.kernel import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    libc,
    prctl,
    raise_errno,
    system_call,
)

_READ_AND_EXECUTE = 1 | 4
_LAST_DESCRIPTOR = (1 << 32) - 1
_LARGEST_FILE_OF_TOOLS = 256 << 20


def clean_env() -> None:
    """Forget the environment.

    The block that a process was started with stays readable in /proc, so the zygote is also started
    with an empty one; this refuses to stand if it was not.

    Raises:
        OSError: this process was started with an environment.
    """
    os.environ.clear()
    libc.clearenv()
    with open("/proc/self/environ", "rb") as block:
        if block.read(1):
            raise OSError("the process was started with an environment")


def no_new_privs() -> None:
    """No program started from here gains a privilege."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def not_dumpable() -> None:
    """No core dump, no ptrace, no /proc/PID/mem for processes of the same user."""
    prctl(PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Be killed when the parent ends; to be repeated after every change of identity, which clears it.

    Args:
        parent: pid that the parent has (0 for one outside the pid namespace); when it is gone
            already, this process ends here.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def close_descriptors(keep: Iterable[int]) -> None:
    """Close every descriptor but these; 0 to 2 become `/dev/null` beforehand (see `null_streams`)."""
    first = 3
    for kept in sorted(k for k in set(keep) if k >= first):
        if kept > first:
            system_call("close_range", first, kept - 1, 0)
        first = kept + 1
    system_call("close_range", first, ctypes.c_uint(_LAST_DESCRIPTOR), 0)


def null_streams(null: int) -> None:
    """Put the open `/dev/null` descriptor in the place of the three standard streams."""
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def limit_resources(memory_bytes: int, cpu_seconds: int, file_bytes: int = 0, descriptors: int = 16) -> None:
    """Set the kernel's own limits, soft and hard.

    `RLIMIT_AS` is left alone: wasmtime reserves address space far beyond what it uses, so memory is
    bounded by `RLIMIT_DATA`, which counts writable private pages.

    Args:
        memory_bytes: bound of writable private memory.
        cpu_seconds: CPU time in the life of this process, SIGXCPU at its end.
        file_bytes: largest file it may write.
        descriptors: open descriptors.
    """
    _limit(
        {
            resource.RLIMIT_FSIZE: file_bytes,
            resource.RLIMIT_NOFILE: descriptors,
            resource.RLIMIT_NPROC: 0,
            resource.RLIMIT_STACK: 8 << 20,
            resource.RLIMIT_DATA: memory_bytes,
        },
        cpu_seconds,
    )


def limit_tools(memory_bytes: int, cpu_seconds: int) -> None:
    """The same for a process that loads libraries and starts tools, which inherit the limits.

    Args:
        memory_bytes: as above, for each of the processes.
        cpu_seconds: as above, for each of the processes.
    """
    bounds = {
        resource.RLIMIT_FSIZE: _LARGEST_FILE_OF_TOOLS,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_DATA: memory_bytes,
    }
    _limit(bounds, cpu_seconds)


def _limit(bounds: Mapping[int, int], cpu_seconds: int) -> None:
    nothing = (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE)
    for limit, bound in {**dict.fromkeys(nothing, 0), resource.RLIMIT_SIGPENDING: 64, **bounds}.items():
        _, hard = resource.getrlimit(limit)
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(limit, (bound, bound))
    # One second between soft and hard: the end is then SIGXCPU, which can be told from a kill.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


def no_writable_code() -> None:
    """Take the write right from every page that is executable.

    The interpreter's foreign-function layer keeps its callbacks on a page that is both; nobody needs
    to write there once the callbacks exist. None can be made afterwards.

    Raises:
        OSError: a page stays both.
    """
    for start, end in writable_code():
        if libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _READ_AND_EXECUTE) != 0:
            raise_errno("mprotect")


def writable_code() -> list[tuple[int, int]]:
    """Address ranges that are writable and executable at once."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        lines = [line.split() for line in maps]
    spans = (line[0].split("-") for line in lines if "w" in line[1] and "x" in line[1])
    return [(int(start, 16), int(end, 16)) for start, end in spans]


def own_session() -> None:
    """Leave the starter's session, and be the first that the kernel ends when memory runs out."""
    os.setsid()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
