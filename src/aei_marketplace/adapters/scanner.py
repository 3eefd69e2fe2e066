"""Scans in a process of their own, of which only a whole and lawful report is believed.

The process is started anew for each scan and knows nothing of this one: its environment is empty, its
descriptors are its pipes and the archive. It is ended when the time is up, and with it all that it started.
"""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog

from aei_inspection.checks.check import Progress
from aei_inspection.checks.frames import (
    MAX_LINE,
    NO_MEMORY,
    NO_WALLS,
    Finished,
    Frame,
    Order,
    Started,
    Step,
    decode_frame,
    encode_line,
)
from aei_inspection.checks.report import Report
from aei_inspection.checks.subject import Previous
from aei_inspection.problems import shown
from aei_marketplace.ground.ports import ScanFailed
from aei_protocol.limits import MIB

log = structlog.get_logger()

PROGRAM = (sys.executable, "-I", "-B", "-m", "aei_scanner")
_COMPLAINTS = "complaints.txt"
_MOST_COMPLAINTS = 4096
#: Scans at a time; others wait, and waiting costs no wall time.
_AT_ONCE = 1


@dataclass(frozen=True)
class ScanLimits:
    """What one scan may use.

    Attributes:
        wall_seconds: from its start to its report.
        cpu_seconds: of the process; of each tool that it starts as well.
        memory_bytes: writable memory, counted in the same way.
    """

    wall_seconds: float = 240.0
    cpu_seconds: int = 180
    memory_bytes: int = 2048 * MIB


class ScannerProcess:
    """The scanner `python -m aei_scanner`.

    Args:
        require_walls: refuse to scan where the process can't be isolated.
        further_checks: a folder of checks beside our own.
        program: how the process is started.
    """

    def __init__(
        self,
        limits: ScanLimits = ScanLimits(),
        *,
        require_walls: bool = True,
        further_checks: Path | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._limits = limits
        self._require_walls = require_walls
        self._further_checks = further_checks
        self._program = tuple(program)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def scan(
        self, package: bytes, previous: Previous | None, progress: Callable[[Progress], None]
    ) -> Report:
        """Scan one package with every check there is.

        Raises:
            ScanFailed: there is no report.
        """
        async with self._turns:
            with tempfile.TemporaryDirectory(prefix="aei-scan-") as folder, _memory_file(package) as handle:
                order = self._order(previous, folder, handle)
                process = await self._start(order)
                try:
                    async with asyncio.timeout(self._limits.wall_seconds):
                        return await _Conversation(process, sha256(package).hexdigest(), progress).hold(order)
                except TimeoutError:
                    detail = f"it took more than {self._limits.wall_seconds:g} s"
                    raise ScanFailed("timeout", detail) from None
                finally:
                    await _end(process)
                    _log_complaints(Path(folder, _COMPLAINTS))

    def _order(self, previous: Previous | None, folder: str, handle: int) -> Order:
        return Order(
            parent=os.getpid(),
            package=handle,
            folder=folder,
            previous=previous,
            checks=str(self._further_checks) if self._further_checks else None,
            memory_bytes=self._limits.memory_bytes,
            cpu_seconds=self._limits.cpu_seconds,
            require_walls=self._require_walls,
        )

    async def _start(self, order: Order) -> Process:
        complaints = Path(order.folder, _COMPLAINTS)
        with complaints.open("wb") as file:  # noqa: ASYNC230 it is empty and lies in a temporary folder
            try:
                return await asyncio.create_subprocess_exec(
                    *self._program,
                    stdin=PIPE, stdout=PIPE, stderr=file, env={}, cwd=order.folder,
                    pass_fds=[order.package], start_new_session=True, limit=MAX_LINE,
                )  # fmt: skip
            except OSError as error:
                raise ScanFailed("missing", f"it can't be started: {error.strerror}") from error


@dataclass
class _Conversation:
    """What is said between the start of a scan and its end; everything unlawful ends it."""

    process: Process
    digest: str
    progress: Callable[[Progress], None]
    _done: int = -1

    async def hold(self, order: Order) -> Report:
        assert self.process.stdin
        with suppress(BrokenPipeError, ConnectionResetError):  # its exit status says why it reads nothing
            self.process.stdin.write(encode_line(order))
            await self.process.stdin.drain()
            self.process.stdin.close()
        first = await self._frame()
        if not isinstance(first, Started):
            raise await self._without_report(first)
        while isinstance(frame := await self._frame(), Step):
            self._step(frame)
        if not isinstance(frame, Finished):
            raise await self._without_report(frame)
        await self._take_leave()
        return self._believed(frame.report)

    async def _frame(self) -> Frame | None:
        """The next frame; None at the end of all."""
        assert self.process.stdout
        try:
            line = await self.process.stdout.readline()
            return decode_frame(line) if line else None
        except ValueError as error:
            raise ScanFailed("garbage", "it said what is no frame") from error

    def _step(self, step: Step) -> None:
        if not self._done < step.done <= step.total:
            raise ScanFailed("garbage", "its steps do not lead forward")
        self._done = step.done
        self.progress(step.progress())

    async def _take_leave(self) -> None:
        """Nothing may come after the report, and the process must end well."""
        if await self._frame() is not None:
            raise ScanFailed("garbage", "it said more after its report")
        status = await self.process.wait()
        if status != 0:
            raise _failure(status)

    def _believed(self, report: Report) -> Report:
        if report.digest != self.digest or len(report.checks) != self._done:
            raise ScanFailed("garbage", "its report is about something else")
        return report

    async def _without_report(self, frame: Frame | None) -> ScanFailed:
        if frame is not None:
            return ScanFailed("garbage", f"it said {type(frame).__name__} out of turn")
        return _failure(await self.process.wait())


def _failure(status: int) -> ScanFailed:
    """Why a process failed, by its exit status."""
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if number == signal.SIGXCPU:
        return ScanFailed("timeout", "it used up its CPU time")
    if status == NO_MEMORY:
        return ScanFailed("memory", "it used up its memory")
    if status == NO_WALLS:
        return ScanFailed("walls", "it can't be isolated here")
    how = f"signal {number}" if number else f"status {status}"
    return ScanFailed("crashed", f"it ended with {how} and without a report")


async def _end(process: Process) -> None:
    """End the process and all of its group, which outlasts it where there are no namespaces."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _log_complaints(file: Path) -> None:
    """Leave to the operator what the process wrote on its standard error."""
    with file.open("rb") as written:
        text = written.read(_MOST_COMPLAINTS).decode("utf-8", "replace")
    if text:
        log.warning("the scanner complained", text=shown(text, _MOST_COMPLAINTS))


@contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    handle = os.memfd_create("package")
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)
