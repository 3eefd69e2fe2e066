"""The compiling child: one upload in, one artefact out, behind walls of its own.

A hostile upload can make the compiler burn time and memory, and may find a fault in it; hence no
files, no network, and limits that end it.
"""

import os
import resource
from typing import NamedTuple

from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from aei_sandbox.inside.channel import Channel
from aei_sandbox.inside.signatures import list_exports, list_imports
from aei_sandbox.walls import Walls
from aei_sandbox.walls.landlock import restrict
from aei_sandbox.walls.process import close_descriptors, die_with_parent, limit_resources
from aei_sandbox.walls.seccomp import Filter

_NICENESS = 10
_LARGEST_FILE = 1 << 30


class Bounds(NamedTuple):
    """What one compilation may use."""

    memory_bytes: int
    cpu_seconds: int


def compile_one(
    engine: Engine, channel: Channel, bounds: Bounds, walls: Walls, seccomp: Filter | None, parent: int
) -> None:
    """Read the upload from the host, compile it, send back what it imports, exports and became."""
    die_with_parent(parent)
    os.nice(_NICENESS)
    walls.build("closed_fds", lambda: close_descriptors([channel.descriptor]))
    walls.build("landlock", lambda: restrict(None))
    # The runtime keeps compiled code in an anonymous file, so files may grow here.
    walls.build("rlimits", lambda: limit_resources(*bounds, file_bytes=_LARGEST_FILE))
    if seccomp is not None:
        walls.build("seccomp", seccomp.install)
    channel.send("ready", walls.standing, walls.missing)
    (_, content) = channel.receive()
    try:
        component = Component(engine, content)
    except WasmtimeError as error:
        channel.send("invalid", str(error)[:2000])
        return
    imports, exports = list_imports(component, engine), list_exports(component, engine)
    artefact = bytes(component.serialize())
    used = resource.getrusage(resource.RUSAGE_SELF)
    channel.send("compiled", imports, exports, artefact, round((used.ru_utime + used.ru_stime) * 1000))
