"""The zygote: single threaded, holds the loaded runtime, and forks what the host asks for.

Started by the host as `python -m aei_sandbox.inside.zygote FD JSON` with an empty environment. It
never touches a guest's code; it dies with the host, and everything below it dies with it.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from wasmtime import Engine, wat2wasm
from wasmtime.component import Component

from aei_sandbox.inside import compiler
from aei_sandbox.inside.channel import Channel
from aei_sandbox.inside.engine import build_engine, fingerprint, runtime
from aei_sandbox.inside.guest import Bounds, Guest
from aei_sandbox.inside.worker import Post, serve
from aei_sandbox.walls import Walls
from aei_sandbox.walls.identity import drop_capabilities, take_identity
from aei_sandbox.walls.kernel import PR_SET_DUMPABLE, prctl
from aei_sandbox.walls.landlock import restrict
from aei_sandbox.walls.namespaces import empty_root, own_namespaces
from aei_sandbox.walls.process import (
    clean_env,
    die_with_parent,
    no_new_privs,
    no_writable_code,
    not_dumpable,
    null_streams,
    own_session,
)
from aei_sandbox.walls.seccomp import Filter, compiler_filter, guest_filter

_LARGEST_ORDER = 65536

_WARM_UP = """(component
  (core module $m (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "run") (param i32 i32) (result i32)
      (i32.store offset=12 (i32.const 0) (local.get 1))
      (i32.store offset=8 (i32.const 0) (local.get 0))
      (i32.const 4)))
  (core instance $i (instantiate $m))
  (func (export "run") (param "task" string) (result (result string (error string)))
    (canon lift (core func $i "run")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"""


class Orders(NamedTuple):
    """What the host tells the zygote at its start.

    Attributes:
        host: pid of the host.
        artefacts: path of the artefact directory.
        identity: uid to run as; the present one to stay.
    """

    host: int
    artefacts: str
    identity: int


class Nursery:
    """Forks children and tells the host when each one ends."""

    def __init__(self, line: socket.socket, engine: Engine, walls: Walls) -> None:
        self._line = line
        self._engine = engine
        self._walls = walls
        self._me = os.getpid()
        self._filters: dict[str, Filter | None] = {
            "worker": _try_filter(guest_filter, walls),
            "compiler": _try_filter(compiler_filter, walls),
        }
        self._children: dict[int, tuple[int, int]] = {}
        self._events = select.poll()

    def work(self) -> None:
        """Serve orders until the host hangs up."""
        self._events.register(self._line, select.POLLIN)
        gc.collect()
        gc.freeze()
        while True:
            for descriptor, _ in self._events.poll():
                if descriptor == self._line.fileno():
                    self._obey()
                else:
                    self._report_end(descriptor)

    def _obey(self) -> None:
        order, passed, _, _ = socket.recv_fds(self._line, _LARGEST_ORDER, 1)
        if not order:
            os._exit(0)
        kind, serial, *fields = msgspec.msgpack.decode(order)
        pid = os.fork()
        if pid == 0:
            self._live(kind, fields, passed[0])
        os.close(passed[0])
        descriptor = os.pidfd_open(pid)
        self._children[descriptor] = (pid, serial)
        self._events.register(descriptor, select.POLLIN)
        socket.send_fds(self._line, [msgspec.msgpack.encode(("started", serial))], [descriptor])

    def _live(self, kind: str, fields: list[Any], descriptor: int) -> None:
        """The child's whole life."""
        status = 1
        try:
            channel = Channel(socket.socket(fileno=descriptor))
            if kind == "compile":
                bounds = compiler.Bounds(*fields)
                seccomp = self._filters["compiler"]
                compiler.compile_one(self._engine, channel, bounds, self._walls, seccomp, self._me)
            else:
                artefact, interfaces, memory_bytes = fields
                post = Post(artefact, tuple(interfaces), memory_bytes)
                serve(self._engine, post, channel, self._walls, self._filters["worker"], self._me)
            status = 0
        finally:
            os._exit(status)

    def _report_end(self, descriptor: int) -> None:
        pid, serial = self._children.pop(descriptor)
        self._events.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        self._line.send(msgspec.msgpack.encode(("ended", serial, status)))


def _try_filter(assemble: Callable[[], Filter], walls: Walls) -> Filter | None:
    try:
        return assemble()
    except KeyError as machine:
        walls.missing["seccomp"] = f"no filter for {machine}"
        return None


def build_walls(orders: Orders, walls: Walls) -> None:
    """Build everything that holds for the zygote and is inherited by its children.

    Returns in a new process when the pid namespace stands; the former one waits outside.
    """
    # From here on the directory is reached as the working directory: with another identity, the
    # folders above it may be closed to this process.
    os.chdir(orders.artefacts)
    walls.build("clean_env", clean_env)
    walls.build("no_writable_code", no_writable_code)
    if orders.identity != os.getuid():
        walls.build("identity", lambda: take_identity(orders.identity))
    # A change of identity clears both, and the namespaces' maps can only be written when dumpable.
    prctl(PR_SET_DUMPABLE, 1)
    die_with_parent(orders.host)
    if walls.build("namespaces", own_namespaces):
        _step_into_pid_namespace()
        walls.build("empty_root", empty_root)
        walls.build("pdeathsig", lambda: die_with_parent(0))
    else:
        walls.build("pdeathsig", lambda: die_with_parent(orders.host))
    drop_capabilities()
    walls.build("no_new_privs", no_new_privs)
    walls.build("dumpable", not_dumpable)
    readable = os.open(".", os.O_PATH | os.O_DIRECTORY)
    walls.build("landlock", lambda: restrict(readable))


def _step_into_pid_namespace() -> None:
    """Go on as the namespace's first process; the one left behind ends when it ends."""
    inner = os.fork()
    if inner == 0:
        return
    not_dumpable()
    os.closerange(3, 1024)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _, status = os.waitpid(inner, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _warm_up(engine: Engine) -> None:
    """Touch every path that is initialised on first use, so that no worker pays or trips over it."""
    guest = Guest(
        engine, Component(engine, bytes(wat2wasm(_WARM_UP))), ("log", "clock", "secrets"), lambda *_: None
    )
    verdict = guest.run("warm", Bounds(1 << 20, 1024, 10, 10, 2))
    guest.clear()
    if verdict.kind != "ok":
        raise RuntimeError(f"the runtime does not work here: {verdict.text}")


def main() -> None:
    """Entry of the process."""
    line = socket.socket(fileno=int(sys.argv[1]))
    orders = Orders(*json.loads(sys.argv[2]))
    die_with_parent(orders.host)
    own_session()
    engine = build_engine()
    _warm_up(engine)
    facts = (runtime(), fingerprint())  # read from files that are out of sight soon
    null = os.open(os.devnull, os.O_RDWR)
    walls = Walls()
    build_walls(orders, walls)
    nursery = Nursery(line, engine, walls)
    me = os.pidfd_open(os.getpid())
    ready = ("ready", *facts, walls.standing, walls.missing)
    socket.send_fds(line, [msgspec.msgpack.encode(ready)], [me])
    os.close(me)
    null_streams(null)
    os.close(null)
    nursery.work()


if __name__ == "__main__":
    main()
