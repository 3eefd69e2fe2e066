"""The socket that a marketplace speaks to: one `Desk` for each connection."""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from aei_protocol.messages import (
    MAX_FRAME,
    Cancel,
    Ended,
    Execute,
    Forget,
    Hello,
    ModelAnswer,
    ModelWanted,
    PluginAnswer,
    PluginWanted,
    Prepare,
    Refused,
    Retire,
    SecretAnswer,
    SecretWanted,
    Status,
    StatusWanted,
    Usage,
)
from aei_protocol.outcomes import Outcome
from aei_sandbox.frames import FrameLine
from aei_sandbox.house import House
from aei_sandbox.imports import NotAdmitted
from aei_sandbox.wire import BadMessage, decode_for_host, encode

_SECRET_SECONDS = 2.0
_log = logging.getLogger(__name__)
A = TypeVar("A", SecretAnswer, ModelAnswer, PluginAnswer)


class Desk:
    """One marketplace connection and the work it asked for; when it closes, that work is killed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.line = FrameLine(MAX_FRAME, self._on_frame, self._on_closed, self._greet)
        self._executions: dict[str, asyncio.Task[None]] = {}
        self._questions: set[asyncio.Task[None]] = set()
        self._asked: dict[tuple[type, int], asyncio.Future[Any]] = {}
        self._calls = itertools.count(1)

    def _greet(self) -> None:
        """Say what stands behind this socket."""
        house = self._house
        self._tell(Hello(house.id, house.runtime, house.walls, house.development))

    def _tell(self, message: Any) -> None:
        self.line.send(encode(message))

    def _on_frame(self, body: bytes) -> None:
        try:
            message = decode_for_host(body)
        except BadMessage as error:
            self.line.close(str(error))
            return
        self._take(message)

    def _take(self, message: Any) -> None:
        match message:
            case Execute():
                self._begin(message)
            case Cancel():
                self._cancel(message)
            case Retire():
                self._house.retire(message.component, message.tenant)
            case Prepare():
                self._answer(message.id, self._house.prepare(message))
            case Forget():
                self._answer(message.id, self._house.forget(message))
            case SecretAnswer() | ModelAnswer() | PluginAnswer():
                waiting = self._asked.get((type(message), message.call))
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case StatusWanted():
                self._tell(self._status(message.id))

    def _begin(self, message: Execute) -> None:
        if message.id in self._executions:
            self._tell(Refused(message.id, "duplicate", "this execution runs already"))
            return
        self._executions[message.id] = self._start(self._execute(message))

    def _cancel(self, message: Cancel) -> None:
        task = self._executions.get(message.id)
        if task is not None:
            # After its first step: a task cancelled before that would end without a word.
            asyncio.get_running_loop().call_soon(task.cancel)

    def _status(self, id: str) -> Status:
        house, status = self._house, self._house.status()
        return Status(
            id,
            workers=len(status["workers"]),
            running=house.running,
            queued=house.queued,
            artefacts=house.artefacts,
            details=status,
        )

    async def _execute(self, message: Execute) -> None:
        try:
            asks = (self._ask_secret, self._ask_model, self._ask_plugin)
            self._tell(await self._house.execute(message, self._tell, *asks))
        except NotAdmitted as refusal:
            self._tell(Refused(message.id, refusal.code, str(refusal)))
        except asyncio.CancelledError:
            # It had not begun: a running one answers with its own end.
            self._tell(Ended(message.id, Outcome.CANCELLED, None, "cancelled before it began", Usage()))
        except Exception:  # noqa: BLE001 it is logged, and who waits for the end is told
            _log.exception("execution %s of tenant %s was lost", message.id, message.tenant)
            self._tell(Ended(message.id, Outcome.WORKER_LOST, None, "the sandbox host failed", Usage()))
        finally:
            self._executions.pop(message.id, None)

    def _answer(self, question: str, work: Coroutine[Any, Any, Any]) -> None:
        task = self._start(self._tell_answer(question, work))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def _tell_answer(self, question: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            self._tell(await work)
        except NotAdmitted as refusal:
            self._tell(Refused(question, refusal.code, str(refusal)))
        except Exception:  # noqa: BLE001 it is logged, and who waits for the answer is told
            _log.exception("question %s was not answered", question)
            self._tell(Refused(question, "failed", "the sandbox host failed: its log says why"))

    async def _ask_secret(self, tenant: str, execution: str, name: str) -> str | None:
        try:
            async with asyncio.timeout(_SECRET_SECONDS):
                answer = await self._ask(
                    SecretAnswer, lambda call: SecretWanted(call, execution, tenant, name)
                )
                return answer.value
        except TimeoutError:
            return None

    async def _ask_model(
        self, tenant: str, execution: str, kind: str, request: str, tokens_left: int
    ) -> ModelAnswer:
        return await self._ask(
            ModelAnswer, lambda call: ModelWanted(call, execution, tenant, kind, request, tokens_left)
        )

    async def _ask_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        return await self._ask(PluginAnswer, lambda call: replace(wanted, call=call))

    async def _ask(self, kind: type[A], question: Callable[[int], Any]) -> A:
        """Ask the marketplace; the waiting lasts as long as the execution, for its end ends it.

        Args:
            kind: of the answer.
            question: makes it, with the number of the call.
        """
        call = next(self._calls)
        waiting: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked[kind, call] = waiting
        self._tell(question(call))
        try:
            return await waiting
        finally:
            del self._asked[kind, call]

    def _on_closed(self, _reason: str | None) -> None:
        for task in (*self._executions.values(), *self._questions):
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)


async def listen(house: House, path: Path) -> asyncio.AbstractServer:
    """Listen at `path` for this user alone; a socket that a killed host left there is replaced.

    Raises:
        FileExistsError: something lives at that path.
    """
    _remove_stale(path)
    loop = asyncio.get_running_loop()

    before = os.umask(0o177)
    try:
        return await loop.create_unix_server(lambda: Desk(house).line, str(path))
    finally:
        os.umask(before)


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(f"{path} is no socket: choose another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(f"another sandbox host listens at {path}: stop it first")
