"""A worker: one tenant's one component for life, one fresh instance for each task."""

import gc
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from aei_sandbox.inside.channel import Channel
from aei_sandbox.inside.guest import Bounds, Guest
from aei_sandbox.walls import Walls
from aei_sandbox.walls.process import close_descriptors, die_with_parent, limit_resources
from aei_sandbox.walls.seccomp import Filter

#: CPU seconds in a worker's whole life; the host retires it long before.
_LIFETIME_CPU_SECONDS = 3600
#: What the interpreter and the runtime need beside the guest's own memory.
_OVERHEAD_BYTES = 128 << 20

#: Host calls that no guest waits for, and how much of their texts the host could use at all.
_ONE_WAY = ("log", "progress")
_LONGEST_NOTE = 8193


class Post(NamedTuple):
    """What the host asks the zygote to make of a worker.

    Attributes:
        artefact: file name in the artefact directory; empty to try the walls and end.
        interfaces: what is linked.
        memory_bytes: the most that one of its executions may use.
    """

    artefact: str
    interfaces: tuple[str, ...]
    memory_bytes: int


def serve(
    engine: Engine, post: Post, channel: Channel, walls: Walls, seccomp: Filter | None, parent: int
) -> None:
    """Load, lock, then run tasks until the host hangs up. Does not return while the host lives."""
    die_with_parent(parent)
    walls.build("closed_fds", lambda: close_descriptors([channel.descriptor]))
    guest = _load(engine, post, channel) if post.artefact else None
    gc.disable()
    gc.freeze()
    lock(walls, post.memory_bytes, seccomp)
    channel.send("ready", walls.standing, walls.missing)
    while guest is not None:
        _run_one(guest, channel)


def lock(walls: Walls, memory_bytes: int, seccomp: Filter | None) -> None:
    """Build the walls that can only stand once everything is loaded.

    Args:
        walls: those that stand already.
        memory_bytes: the guest's share of the process's memory.
        seccomp: the filter; None where the machine has none.
    """
    bound = memory_bytes + _OVERHEAD_BYTES
    walls.build("rlimits", lambda: limit_resources(bound, _LIFETIME_CPU_SECONDS))
    if seccomp is not None:
        walls.build("seccomp", seccomp.install)


def _load(engine: Engine, post: Post, channel: Channel) -> Guest:
    def call(interface: str, function: str, arguments: Sequence[Any]) -> Any:
        if interface in _ONE_WAY:
            channel.send("call", interface, function, [_cut(a) for a in arguments])
            return None
        channel.send("call", interface, function, arguments)
        return channel.receive()[1]

    try:
        component = Component.deserialize_file(engine, post.artefact)
    except WasmtimeError as error:
        channel.send("broken", str(error)[:300])
        os._exit(0)
    return Guest(engine, component, post.interfaces, call)


def _cut(argument: Any) -> Any:
    return argument[:_LONGEST_NOTE] if isinstance(argument, str) else argument


def _run_one(guest: Guest, channel: Channel) -> None:
    _, task, bounds = channel.receive()
    allowed = Bounds(*bounds)
    verdict = guest.run(task, allowed)
    channel.send("done", verdict.kind, verdict.text)
    guest.clear()
    guest.make_ahead(allowed)
