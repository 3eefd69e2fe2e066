"""Starting a child process that ends with the process that started it."""

import ctypes
import os
import pwd
import signal
from collections.abc import Callable
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child of a process with threads must not load or allocate much.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system that a child process runs as."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, object]:
        """The keyword arguments with which `subprocess` becomes this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged_account() -> Account | None:
    """Who a server that refuses root should run as, or None when we are not root.

    Raises:
        LookupError: there is neither a user `postgres` nor `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as."
    )


def dies_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn` that ties the child's life to the thread that starts it.

    Start such a child from the main thread only: the kernel sends the signal when the starting
    *thread* ends. `subprocess` runs this after it changed the user, which would clear the setting.

    Args:
        with_signal: what the child receives when its parent is gone.
    """
    parent = os.getpid()

    def tie() -> None:
        if _libc.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0) != 0:
            os._exit(127)
        if os.getppid() != parent:  # the parent was gone before the tie was made
            os._exit(127)

    return tie
