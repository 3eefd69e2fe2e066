"""The host's view of one worker: a state machine that believes nothing the worker says."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import msgspec

from aei_protocol.interface import SIGNATURES
from aei_protocol.limits import Limits
from aei_sandbox.ending import VERDICTS
from aei_sandbox.frames import FrameLine
from aei_sandbox.measuring import kill
from aei_sandbox.zygote import Child, Zygote, ZygoteLost

_log = logging.getLogger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode
_START_SECONDS = 10.0
_LARGEST_GREETING = 65536
#: Two arguments of 1 MiB, and their envelope.
_LARGEST_CALL = 2 * 1024 * 1024 + 4096
_ENVELOPE = 4096
_ONE_WAY = ("log", "progress")
_PYTHON_TYPE = {"string": str, "f64": float, "u32": int}


class BrokenArtefact(Exception):
    """The worker could not load the artefact."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a worker is bound to for life."""

    tenant: str
    component: str
    interfaces: tuple[str, ...]


class State(Enum):
    STARTING = "starting"
    IDLE = "idle"
    RUNNING = "running"
    AWAITING = "awaiting"  # a call of the guest is being answered
    DEAD = "dead"


class Supervisor(Protocol):
    """Whoever watches the one execution that a worker runs."""

    def on_call(self, interface: str, function: str, arguments: list[Any]) -> None: ...

    def on_done(self, verdict: str, text: str) -> None: ...

    def on_violation(self, what: str) -> None: ...

    def on_death(self, status: int | None) -> None: ...


class Worker:
    """A worker process, from its fork to its end."""

    def __init__(self, key: Key, memory_bytes: int) -> None:
        self.key = key
        self.memory_bytes = memory_bytes
        self.walls: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        self.state = State.STARTING
        self.served = 0
        self.idle_since = 0.0
        self.cpu_seconds = 0.0
        self.grown_bytes = 0
        self._resident_at_first = 0
        self.retired = False
        self._supervisor: Supervisor | None = None
        self._line = FrameLine(_LARGEST_GREETING, self._on_frame, self._on_closed)
        self._hung_up = asyncio.get_running_loop().create_future()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._child: Child | None = None
        # Each checks one kind of frame whole, and gives back what is then to be done.
        self._readers: dict[str, Callable[..., Callable[[], None]]] = {
            "ready": self._read_ready,
            "broken": self._read_broken,
            "call": self._read_call,
            "done": self._read_done,
        }

    @property
    def pid(self) -> int:
        """As the host sees it; 0 before the fork."""
        return self._child.pid if self._child else 0

    async def start(self, zygote: Zygote, artefact: str, on_dead: Callable[["Worker"], None]) -> None:
        """Fork the process and wait until it is loaded and locked.

        Raises:
            BrokenArtefact: the runtime refused the artefact.
            ZygoteLost: the process ended before it was ready.
        """
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        ours.setblocking(False)
        await loop.create_unix_connection(lambda: self._line, sock=ours)
        try:
            async with asyncio.timeout(_START_SECONDS):
                self._child = await zygote.fork(
                    "worker", theirs, artefact, self.key.interfaces, self.memory_bytes
                )
                self._watch = loop.create_task(self._wait_for_death(on_dead))
                await self._ready
        except TimeoutError:
            self.kill()
            raise ZygoteLost("the worker did not become ready") from None
        except BaseException:
            self.kill()
            raise

    def weigh(self, resident_bytes: int) -> None:
        """Note the resident size at rest: what it grows by from one to the next is never given back."""
        self._resident_at_first = self._resident_at_first or resident_bytes
        self.grown_bytes = resident_bytes - self._resident_at_first

    def run(self, supervisor: Supervisor, task: str, limits: Limits) -> None:
        """Begin one execution; the supervisor hears of everything that follows."""
        self._supervisor, self.state = supervisor, State.RUNNING
        self._line.largest = max(_LARGEST_CALL, limits.output_bytes + _ENVELOPE)
        bounds = (
            limits.memory_bytes, limits.output_bytes, limits.table_elements, limits.instances, limits.memories
        )  # fmt: skip
        self._line.send(_encode(("run", task, bounds)))

    def answer(self, value: Any) -> None:
        """Answer the guest's pending call."""
        if self.state is State.AWAITING:
            self.state = State.RUNNING
            self._line.send(_encode(("answer", value)))

    def release(self) -> None:
        """The execution is over for its supervisor."""
        self._supervisor = None

    def kill(self) -> None:
        """End the process; it serves nobody from now on."""
        self.state = State.DEAD
        self._supervisor = None
        if self._child is not None and not self._child.ended.done():
            kill(self._child.pidfd)
        self._line.close("killed")

    def _on_frame(self, body: bytes) -> None:
        if self.state is State.DEAD:
            return
        try:
            kind, *fields = _decode(body)
            deliver = self._readers[kind](*fields)
        except (msgspec.DecodeError, ValueError, KeyError, TypeError, RecursionError) as error:
            self._violated(f"{type(error).__name__} in a worker's frame")
            return
        deliver()

    def _read_ready(self, standing: list[str], missing: dict[str, str]) -> Callable[[], None]:
        self._require(State.STARTING)
        self.walls, self.missing, self.state = tuple(standing), dict(missing), State.IDLE
        self._line.largest = _ENVELOPE
        return lambda: None if self._ready.done() else self._ready.set_result(None)

    def _read_broken(self, text: str) -> Callable[[], None]:
        self._require(State.STARTING)
        error = BrokenArtefact(str(text))
        return lambda: None if self._ready.done() else self._ready.set_exception(error)

    def _read_call(self, interface: str, function: str, arguments: list[Any]) -> Callable[[], None]:
        self._require(State.RUNNING)
        check_call(self.key.interfaces, interface, function, arguments)
        if interface not in _ONE_WAY:
            self.state = State.AWAITING
        supervisor = self._supervisor
        return lambda: supervisor.on_call(interface, function, arguments) if supervisor else None

    def _read_done(self, verdict: str, text: str) -> Callable[[], None]:
        self._require(State.RUNNING)
        if verdict not in VERDICTS or not isinstance(text, str):
            raise ValueError("no verdict")
        self.state = State.IDLE
        self.served += 1
        self._line.largest = _ENVELOPE
        supervisor = self._supervisor
        return lambda: supervisor.on_done(verdict, text) if supervisor else None

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise ValueError(f"not while {self.state.value}")

    def _violated(self, what: str) -> None:
        supervisor = self._supervisor
        self.kill()
        if supervisor is not None:
            supervisor.on_violation(what)
        else:
            component, tenant = self.key.component, self.key.tenant
            _log.critical("a worker of %s for tenant %s, at rest: %s", component, tenant, what)

    def _on_closed(self, reason: str | None) -> None:
        if reason is not None and self.state is not State.DEAD:
            self._violated(reason)
        if not self._hung_up.done():
            self._hung_up.set_result(None)

    async def _wait_for_death(self, on_dead: Callable[["Worker"], None]) -> None:
        """Dead is who has ended and whose last words were read."""
        assert self._child is not None
        status = await self._child.ended
        self.retired = True  # nobody is given it while its last words are read
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._hung_up
        supervisor, self._supervisor, self.state = self._supervisor, None, State.DEAD
        if not self._ready.done():
            self._ready.set_exception(ZygoteLost("the worker ended before it was ready"))
        if supervisor is not None:
            supervisor.on_death(status)
        on_dead(self)


def check_call(interfaces: Sequence[str], interface: str, function: str, arguments: list[Any]) -> None:
    """Whether a worker's call is one that a guest with these interfaces can make.

    Raises:
        ValueError: it is not, so the worker itself has been taken over.
    """
    if interface not in interfaces or function not in SIGNATURES[interface]:
        raise ValueError("a function that was not linked")
    parameters = SIGNATURES[interface][function].removeprefix("func(").partition(")->")[0]
    kinds = [p.partition(":")[2] for p in parameters.split(",") if p]
    if len(kinds) != len(arguments) or any(
        type(a) is not _PYTHON_TYPE[k] for a, k in zip(arguments, kinds, strict=True)
    ):
        raise ValueError("arguments of another type")
