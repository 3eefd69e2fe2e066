"""The walls around a scan: parsers of native code get strangers' bytes here.

Unlike a worker of the sandbox the process goes on to load libraries and to start tools, so it keeps the
right to read what is installed, to execute it, and to write into one folder.
"""

import os
import site
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from aei_inspection.checks.frames import NO_WALLS, Order
from aei_sandbox.walls import Walls
from aei_sandbox.walls.identity import drop_capabilities
from aei_sandbox.walls.kernel import PR_SET_DUMPABLE, prctl
from aei_sandbox.walls.landlock import restrict_files
from aei_sandbox.walls.namespaces import own_namespaces
from aei_sandbox.walls.process import (
    clean_env,
    close_descriptors,
    die_with_parent,
    limit_tools,
    no_new_privs,
    not_dumpable,
)
from aei_sandbox.walls.seccomp import tools_filter

#: Without these nothing is scanned.
REQUIRED = ("clean_env", "closed_fds", "landlock", "rlimits", "seccomp")

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/dev/urandom")
_NULL = "/dev/null"
_INIT = 1
_DESCRIPTORS = 1024


def isolate(order: Order) -> Walls:
    """Build every wall that can be built; what comes back runs behind them.

    Where pid namespaces are allowed, that is a new process and the former one waits outside.
    Ends the process with `NO_WALLS` when a wall is missing that the order requires.
    """
    walls = Walls()
    readable = _readable(order.checks)
    walls.build("clean_env", clean_env)
    die_with_parent(order.parent)
    # The maps of the namespaces can only be written by a process that is dumpable.
    prctl(PR_SET_DUMPABLE, 1)
    if walls.build("namespaces", own_namespaces):
        _step_into_pid_namespace(order.parent)
        walls.build("pdeathsig", lambda: die_with_parent(_INIT))
    else:
        walls.build("pdeathsig", lambda: die_with_parent(order.parent))
    drop_capabilities()
    walls.build("no_new_privs", no_new_privs)
    walls.build("dumpable", not_dumpable)
    walls.build("closed_fds", lambda: close_descriptors([order.package]))
    walls.build("rlimits", lambda: limit_tools(order.memory_bytes, order.cpu_seconds))
    walls.build("landlock", lambda: restrict_files(readable, [Path(order.folder), Path(_NULL)]))
    walls.build("seccomp", _filter_calls)
    missing = [name for name in REQUIRED if name not in walls.standing]
    if missing and order.require_walls:
        for name in missing:
            print(f"the wall {name} cannot be built: {walls.missing[name]}", file=sys.stderr, flush=True)
        os._exit(NO_WALLS)
    return walls


def _filter_calls() -> None:
    """Stand behind the filter for tools.

    Raises:
        OSError: the kernel refused, or there is no filter for this machine.
    """
    try:
        tools_filter().install()
    except KeyError as machine:
        raise OSError(f"no filter for {machine}") from machine


def _readable(checks: str | None) -> list[Path]:
    """Where libraries and tools lie that a check may load or start."""
    return [path for path in _once(Path(place) for place in _places(checks)) if path.exists()]


def _places(checks: str | None) -> Iterator[str]:
    yield from (sys.prefix, sys.base_prefix, *site.getsitepackages(), *sys.path, *_SYSTEM)
    if checks is not None:
        yield checks


def _once(paths: Iterable[Path]) -> list[Path]:
    """Each path once, as it is without links, and never the whole root."""
    resolved = dict.fromkeys(path.resolve() for path in paths if str(path) not in ("", "."))
    return [path for path in resolved if path != Path("/")]


def _step_into_pid_namespace(parent: int) -> None:
    """Go on as the namespace's second process; those before it end as it ends.

    The first is the namespace's init: when it ends, however it ends, the kernel ends every other one. It
    does nothing else, for signals that an init does not expect do not reach it, not even that of a limit.
    """
    if init := os.fork():
        _wait_for(init, lambda: die_with_parent(parent))
    if scanning := os.fork():
        _wait_for(scanning, lambda: die_with_parent(0))


def _wait_for(child: int, tie: Callable[[], None]) -> NoReturn:
    """Do nothing but to end as a child ends."""
    tie()
    not_dumpable()
    os.closerange(0, _DESCRIPTORS)
    ended = status = 0
    while ended != child:  # an init inherits the orphans of its namespace
        ended, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    os._exit(128 - code if code < 0 else code)
