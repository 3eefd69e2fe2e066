"""What the kernel says about a worker, read from outside: nothing here trusts the worker.

CPU clock ids as in the kernel's `posix-timers.h`: `(~pid << 3) | 2` is a process's scheduler clock.
"""

import os
import resource
import signal
import time
from contextlib import suppress

_PROCESS_SCHEDULER_CLOCK = 2
_RESET_PEAK = "5"
_CAP_SYS_NICE = 23


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used in its life.

    Raises:
        OSError: there is no such process any more.
    """
    return time.clock_gettime((~pid << 3) | _PROCESS_SCHEDULER_CLOCK)


def reset_peak_memory(pid: int) -> None:
    """Start the peak over. Only root may; for others the peak is that of the worker's life."""
    with suppress(OSError), open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write(_RESET_PEAK)


def peak_memory_bytes(pid: int) -> int:
    """The largest resident size since the last reset; 0 when the process is gone."""
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def resident_bytes(pid: int) -> int:
    """The resident size right now; 0 when the process is gone."""
    with suppress(OSError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
    return 0


def allow_cpu(pid: int, seconds: float) -> None:
    """Let the kernel end the process (SIGXCPU) should the host be too busy to do it in time."""
    with suppress(OSError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
        bound = int(cpu_seconds(pid) + seconds) + 2
        resource.prlimit(pid, resource.RLIMIT_CPU, (min(bound, hard), hard))


def may_restore_niceness() -> bool:
    """Whether this process may also lower a niceness that it raised (CAP_SYS_NICE)."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        effective = next((int(line.split()[1], 16) for line in file if line.startswith("CapEff:")), 0)
    return bool(effective >> _CAP_SYS_NICE & 1)


def set_niceness(pid: int, niceness: int) -> None:
    """Set how readily a process gives way to others; nothing happens when it is gone."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)


def kill(pidfd: int) -> None:
    """End a process, whatever it does."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def pid_of(pidfd: int) -> int:
    """The pid of a pidfd in this process's own pid namespace; 0 or below when it has ended."""
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise OSError("the kernel says no pid for a pidfd")


def close(descriptor: int) -> None:
    """Close a descriptor that may be closed already."""
    with suppress(OSError):
        os.close(descriptor)
