"""The host's hold on the zygote: start it, ask it for children, learn of their ends."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aei_sandbox.measuring import close, kill, pid_of

_encode = msgspec.msgpack.encode
_LARGEST_NOTE = 65536
_START_SECONDS = 20.0


class ZygoteLost(Exception):
    """The zygote ended; a new one is on its way."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a started zygote says of itself.

    Attributes:
        runtime: name and version.
        fingerprint: of the engine; artefacts fit only the same one.
        walls: those that stand for it and are inherited.
        missing: the others, with the reason.
    """

    runtime: str
    fingerprint: str
    walls: tuple[str, ...]
    missing: dict[str, str]


@dataclass(slots=True)
class Child:
    """A process that the zygote forked.

    Attributes:
        pidfd, pid: as the host sees it.
        ended: resolves to the wait status, None when the zygote was lost.
    """

    pidfd: int
    pid: int
    ended: asyncio.Future[int | None]


class Zygote:
    """One zygote process.

    Args:
        artefacts: the artefact directory.
        identity: uid that it and its children run as.
        on_lost: called once when it has ended without `close`.
    """

    def __init__(self, artefacts: Path, identity: int, on_lost: Callable[[], None]) -> None:
        self._orders = json.dumps([os.getpid(), str(artefacts), identity])
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._serial = 0
        self._starting: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._described: asyncio.Future[Description] = self._loop.create_future()
        self._closed = False
        self.pid = 0
        self._pidfd = -1

    async def start(self) -> Description:
        """Start the process and wait until its walls stand.

        Raises:
            ZygoteLost: it ended, or did not become ready in time.
            OSError: the machine starts no further process.
        """
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arguments = [
            sys.executable,
            "-I",
            "-B",
            "-m",
            "aei_sandbox.inside.zygote",
            str(theirs.fileno()),
            self._orders,
        ]
        try:
            self._process = subprocess.Popen(  # noqa: ASYNC220 it returns at once
                arguments,
                env={},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError:
            self._line.close()
            raise
        finally:
            theirs.close()
        self._line.setblocking(False)
        self._loop.add_reader(self._line, self._read)
        try:
            async with asyncio.timeout(_START_SECONDS):
                return await self._described
        except TimeoutError:
            self.close()
            raise ZygoteLost("the zygote did not become ready") from None

    async def fork(self, kind: str, line: socket.socket, *fields: Any) -> Child:
        """Have a child forked that holds `line`, which is closed here.

        Raises:
            ZygoteLost: the zygote has ended.
        """
        self._serial += 1
        serial = self._serial
        started: asyncio.Future[Child] = self._loop.create_future()
        self._starting[serial] = started
        try:
            socket.send_fds(self._line, [_encode((kind, serial, *fields))], [line.fileno()])
        except OSError as error:
            self._starting.pop(serial, None)
            raise ZygoteLost("the zygote has ended") from error
        finally:
            line.close()
        return await started

    def close(self) -> None:
        """End the zygote, and with it every child."""
        self._closed = True
        self._end()

    def _read(self) -> None:
        while True:
            try:
                note, passed, _, _ = socket.recv_fds(self._line, _LARGEST_NOTE, 1)
            except BlockingIOError:
                return
            except OSError:
                note, passed = b"", []
            if not note:
                self._end()
                return
            kind, *fields = msgspec.msgpack.decode(note)
            getattr(self, f"_on_{kind}")(passed, *fields)

    def _on_ready(
        self, passed: list[int], runtime: str, mark: str, walls: list[str], missing: dict[str, str]
    ) -> None:
        self._pidfd = passed[0]
        self.pid = pid_of(self._pidfd)
        if not self._described.done():
            self._described.set_result(Description(runtime, mark, tuple(walls), missing))

    def _on_started(self, passed: list[int], serial: int) -> None:
        child = Child(passed[0], pid_of(passed[0]), self._loop.create_future())
        self._children[serial] = child
        started = self._starting.pop(serial)
        if started.done():  # whoever asked has gone
            kill(child.pidfd)
        else:
            started.set_result(child)

    def _on_ended(self, _passed: list[int], serial: int, status: int) -> None:
        child = self._children.pop(serial)
        close(child.pidfd)
        if not child.ended.done():
            child.ended.set_result(status)

    def _end(self) -> None:
        """Let go of everything; said to the owner once."""
        if self._line.fileno() < 0:
            return
        self._loop.remove_reader(self._line)
        self._line.close()
        for child in self._children.values():
            kill(child.pidfd)
            close(child.pidfd)
            if not child.ended.done():
                child.ended.set_result(None)
        self._children.clear()
        self._fail_waiting(ZygoteLost("the zygote has ended"))
        if self._pidfd >= 0:
            kill(self._pidfd)
            close(self._pidfd)
        self._process.kill()
        self._process.wait()
        if not self._closed:
            self._on_lost()

    def _fail_waiting(self, error: ZygoteLost) -> None:
        if not self._described.done():
            self._described.set_exception(error)
        for started in self._starting.values():
            if not started.done():
                started.set_exception(error)
        self._starting.clear()
