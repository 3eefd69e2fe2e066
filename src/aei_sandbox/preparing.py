"""Compiling on the host's side: one child at a time, its limits, and what may become an artefact."""

import asyncio
import hashlib
import logging
import signal
import socket
from dataclasses import dataclass
from typing import Any

import msgspec

from aei_protocol.messages import Prepare, Prepared
from aei_sandbox.artefacts import Artefacts, Card
from aei_sandbox.frames import FrameLine
from aei_sandbox.imports import NotAdmitted, admitted_interfaces, check_preamble
from aei_sandbox.measuring import kill
from aei_sandbox.text import escaped
from aei_sandbox.walls import missing_required
from aei_sandbox.zygote import Zygote, ZygoteLost

_FAREWELL_SECONDS = 5.0
_LARGEST_ARTEFACT = 512 << 20
_LONGEST_DETAIL = 1000

_log = logging.getLogger(__name__)
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode


@dataclass(frozen=True, slots=True)
class CompileLimits:
    """What compiling one component may use; the compiling process is ended beyond it."""

    cpu_seconds: int = 60
    wall_seconds: float = 90.0
    memory_bytes: int = 1536 << 20


class Preparation:
    """Turns uploads into artefacts.

    Args:
        artefacts: where they are kept.
        development: whether to compile although required walls are missing.
    """

    def __init__(
        self,
        artefacts: Artefacts,
        development: bool,
        limits: CompileLimits = CompileLimits(),
    ) -> None:
        self._artefacts = artefacts
        self._development = development
        self._limits = limits
        self._one_at_a_time = asyncio.Lock()
        self._under_way: dict[tuple[str, frozenset[str]], asyncio.Task[Card]] = {}

    async def prepare(self, request: Prepare, zygote: Zygote) -> Prepared:
        """Answer one request: from the artefact there is, or by compiling the content.

        Raises:
            NotAdmitted: no; the code says why.
            ZygoteLost: the compiling child's parent ended meanwhile.
        """
        card = await self._artefacts.find(request.component)
        if card is None:
            if not request.content:
                raise NotAdmitted("component_missing", "this component is not compiled yet: send its content")
            card = await self._compile(request, zygote)
        used = admitted_interfaces(card.imports, card.exports, request.interfaces)
        return Prepared(request.id, request.component, used, card.compile_ms, card.size)

    async def _compile(self, request: Prepare, zygote: Zygote) -> Card:
        """Compile, or wait for whoever compiles the same component already."""
        if hashlib.sha256(request.content).hexdigest() != request.component:
            raise NotAdmitted(
                "invalid_component", "the content does not have the digest that it is announced with"
            )
        check_preamble(request.content)
        # What a component may import is part of the question: the answer to another one is no answer.
        question = (request.component, frozenset(request.interfaces))
        task = self._under_way.get(question)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._compile_once(request, zygote))
            self._under_way[question] = task
            task.add_done_callback(lambda _: self._under_way.pop(question, None))
        # Shielded: others may wait for it too.
        return await asyncio.shield(task)

    async def _compile_once(self, request: Prepare, zygote: Zygote) -> Card:
        async with self._one_at_a_time:
            child = _CompilingChild(self._development, self._limits)
            imports, exports, code, compile_ms = await child.compile(zygote, request.content)
        admitted_interfaces(imports, exports, request.interfaces)
        card = Card(hashlib.sha256(code).hexdigest(), len(code), imports, exports, compile_ms)
        await self._artefacts.store(request.component, code, card)
        return card


_Compiled = msgspec.msgpack.Decoder(tuple[str, dict[str, dict[str, str]], dict[str, str], bytes, int])


class _CompilingChild:
    """The host's view of the compiling process; it has read hostile input and is not believed."""

    def __init__(self, development: bool, limits: CompileLimits) -> None:
        self._development = development
        self._limits = limits
        self._content = b""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._line = FrameLine(_LARGEST_ARTEFACT, self._on_frame, self._on_closed)

    async def compile(
        self, zygote: Zygote, content: bytes
    ) -> tuple[dict[str, dict[str, str]], dict[str, str], bytes, int]:
        """Imports, exports, artefact and CPU milliseconds."""
        self._content = content
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self._line, sock=ours)
        child = None
        try:
            limits = self._limits
            async with asyncio.timeout(limits.wall_seconds):
                child = await zygote.fork("compile", theirs, limits.memory_bytes, limits.cpu_seconds)
                body = await self._answer
        except TimeoutError:
            text = f"not compiled after {self._limits.wall_seconds:g} s"
            raise NotAdmitted("compile_limit", text) from None
        except EOFError:
            assert child is not None
            # Who hung up and goes on is not waited for longer.
            await asyncio.wait({child.ended}, timeout=_FAREWELL_SECONDS)
            raise explained(child.ended.result() if child.ended.done() else 0, self._limits) from None
        finally:
            self._line.close("done")
            if child is not None and not child.ended.done():
                kill(child.pidfd)
        return _read_answer(body)

    def _on_frame(self, body: bytes) -> None:
        try:
            self._read(body)
        except (msgspec.DecodeError, ValueError, TypeError, RecursionError):
            _log.critical("the compiling process broke the protocol: an upload may have found a fault")
            if not self._answer.done():
                error = NotAdmitted("invalid_component", "the compiler gave no sound answer")
                self._answer.set_exception(error)

    def _read(self, body: bytes) -> None:
        if body and not self._content:
            if not self._answer.done():
                self._answer.set_result(body)
            return
        _, standing, _ = _decode(body)
        absent = missing_required(standing)
        if absent and not self._development:
            self._answer.set_exception(NotAdmitted("no_walls", f"the compiler lacks {', '.join(absent)}"))
            return
        self._line.send(_encode(("compile", self._content)))
        self._content = b""

    def _on_closed(self, _reason: str | None) -> None:
        if not self._answer.done():
            self._answer.set_exception(EOFError())


def _read_answer(body: bytes) -> tuple[dict[str, dict[str, str]], dict[str, str], bytes, int]:
    try:
        _, imports, exports, code, compile_ms = _Compiled.decode(body)
    except msgspec.DecodeError:
        raise NotAdmitted("invalid_component", _complaint(body)) from None
    return imports, exports, code, compile_ms


def _complaint(body: bytes) -> str:
    """The runtime's words about an invalid component: they quote it, hence escaped."""
    try:
        kind, detail = msgspec.msgpack.decode(body, type=tuple[str, str])
    except msgspec.DecodeError:
        return "the compiler gave no sound answer"
    return escaped(detail, _LONGEST_DETAIL) if kind == "invalid" else "the compiler gave no sound answer"


def explained(status: int | None, limits: CompileLimits) -> Exception:
    """Why the compiling child ended without an answer.

    Args:
        status: wait status; None when nobody could learn it.
    """
    if status is None:
        return ZygoteLost("the compiling process was lost")
    ended_by = status & 0x7F
    if ended_by == signal.SIGKILL:  # by somebody else: its own limits end it otherwise
        return ZygoteLost("the compiling process was killed")
    if ended_by == signal.SIGXCPU:
        return NotAdmitted("compile_limit", f"compiling used its {limits.cpu_seconds} s of CPU time")
    if ended_by in (signal.SIGSYS, signal.SIGSEGV):
        _log.critical("the compiling process ended by signal %d: an upload may have found a fault", ended_by)
    mib = limits.memory_bytes >> 20
    return NotAdmitted(
        "compile_limit", f"the compiler gave up, most likely because {mib} MiB of memory did not suffice"
    )
