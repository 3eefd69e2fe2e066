"""What was asked of the host and is not answered yet, on one line."""

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

from aei_marketplace.adapters.sandbox.line import BrokenProtocol
from aei_marketplace.ground.ports import Listener, SandboxGone, SandboxRefused
from aei_protocol.messages import (
    Divergence,
    Ended,
    Execute,
    Forgotten,
    LogLine,
    ModelWanted,
    PluginWanted,
    Prepared,
    Progress,
    Refused,
    SecretWanted,
    Status,
    Usage,
)

#: No text of a divergence is longer.
LONGEST_TOLD = 500


@dataclass(slots=True)
class Running:
    """An execution that was sent and has not ended.

    Attributes:
        asking: the model or plugin that its guest waits for.
        tokens: what its models have cost.
    """

    task: Execute
    listener: Listener
    ended: "asyncio.Future[Ended]"
    asking: "asyncio.Task[None] | None" = None
    tokens: int = 0

    def granted(self, kind: str) -> tuple[str, ...]:
        """The models of a kind that it may ask."""
        held = self.task.capabilities
        return {"chat": held.chat, "embed": held.embed}.get(kind, ())

    @property
    def waits(self) -> bool:
        """Whether its guest waits for a model or a plugin."""
        return self.asking is not None and not self.asking.done()

    def leave(self) -> None:
        """It has ended: nobody waits for a model or plugin any more, and none shall cost on."""
        if self.asking is not None:
            self.asking.cancel()


@dataclass(slots=True)
class Calls:
    """Open questions by id. Answers to questions that were never asked break the protocol."""

    running: dict[str, Running] = field(default_factory=dict)
    asked: "dict[str, asyncio.Future[Any]]" = field(default_factory=dict)

    def hear(self, message: Any) -> None:
        """Hand an answer to who waits for it.

        Raises:
            BrokenProtocol: nobody asked, or the answer cannot be true.
        """
        match message:
            case Progress():
                self._of(message.id).listener.progress(_checked_progress(message))
            case LogLine():
                self._of(message.id).listener.log(message)
            case Ended():
                self._end(message)
            case Refused():
                self._refuse(message)
            case Prepared() | Forgotten() | Status():
                _settle(self._question(message.id), message)
            case _:
                raise BrokenProtocol(f"{type(message).__name__} out of turn")

    def holder(self, wanted: SecretWanted) -> Running | None:
        """The execution for which a secret is wanted, None when it has ended.

        Raises:
            BrokenProtocol: the execution is another tenant's, a rehearsal, or holds no grant for the name.
        """
        run = self._reaching_out(wanted.execution, wanted.tenant)
        if run is None:
            return None
        if wanted.name not in run.task.capabilities.secrets:
            raise BrokenProtocol("a secret was asked for that the execution was not granted")
        return run

    def asker(self, wanted: ModelWanted) -> Running | None:
        """The execution for which a model is asked, None when it has ended.

        Raises:
            BrokenProtocol: the execution is another tenant's, a rehearsal, holds no such grant, or asks
                already.
        """
        run = self._reaching_out(wanted.execution, wanted.tenant)
        if run is None:
            return None
        if not run.granted(wanted.kind):
            raise BrokenProtocol("a model was asked that the execution was not granted")
        if run.waits:
            raise BrokenProtocol("a model was asked while another one answers")
        return run

    def caller(self, wanted: PluginWanted) -> Running | None:
        """The execution for which a plugin is called, None when it has ended.

        Raises:
            BrokenProtocol: the execution is another tenant's, a rehearsal, does not depend on the plugin,
                waits for something already, or has more left than it ever had.
        """
        run = self._reaching_out(wanted.execution, wanted.tenant)
        if run is None:
            return None
        if wanted.plugin not in run.task.capabilities.plugins:
            raise BrokenProtocol("a plugin was called that the execution does not depend on")
        if run.waits:
            raise BrokenProtocol("a plugin was called while the guest waits for another answer")
        limits = run.task.limits
        left = (wanted.cpu_ms_left, wanted.wall_ms_left, wanted.host_calls_left, wanted.bytes_out_left)
        most = (limits.cpu_ms, limits.wall_ms, limits.host_calls, limits.bytes_out)
        if any(not 0 < has <= had for has, had in zip(left, most, strict=True)):
            raise BrokenProtocol("a plugin was called with a budget that the execution never had")
        return run

    def lose_all(self) -> None:
        """The line has ended: nobody will answer any more."""
        gone = SandboxGone("the connection to the sandbox host broke")
        for future in (*(r.ended for r in self.running.values()), *self.asked.values()):
            if not future.done():
                future.set_exception(gone)
                future.exception()  # whoever waited may have left; the loss itself is logged by the client
        for run in self.running.values():
            run.leave()
        self.running.clear()
        self.asked.clear()

    def _reaching_out(self, execution: str, tenant: str) -> Running | None:
        """An execution that wants something from outside the sandbox, None when it has ended."""
        run = self.running.get(execution)
        if run is not None and run.task.tenant != tenant:
            raise BrokenProtocol("something was wanted in another tenant's name")
        if run is not None and run.task.rehearsal:
            raise BrokenProtocol("a rehearsal reached out of the sandbox")
        return run

    def _of(self, execution: str) -> Running:
        run = self.running.get(execution)
        if run is None:
            raise BrokenProtocol("news of an execution that is not running here")
        return run

    def _question(self, id: str) -> "asyncio.Future[Any]":
        future = self.asked.pop(id, None)
        if future is None:
            raise BrokenProtocol("an answer to a question that was not asked")
        return future

    def _end(self, ended: Ended) -> None:
        run = self._of(ended.id)
        _check_end(ended, run.task)
        del self.running[ended.id]
        run.leave()
        _settle(run.ended, ended)

    def _refuse(self, refused: Refused) -> None:
        run = self.running.pop(refused.id, None)
        if run is not None:
            run.leave()
        future = run.ended if run else self._question(refused.id)
        if not future.done():
            future.set_exception(SandboxRefused(refused.code, refused.detail))


def _settle(future: "asyncio.Future[Any]", answer: Any) -> None:
    if not future.done():
        future.set_result(answer)


def _checked_progress(progress: Progress) -> Progress:
    if not 0 <= progress.fraction <= 1:
        raise BrokenProtocol("progress beyond 0 to 1")
    return progress


def _check_end(ended: Ended, task: Execute) -> None:
    if ended.output is not None and len(ended.output.encode()) > task.limits.output_bytes:
        raise BrokenProtocol("an output beyond the execution's limit")
    if ended.journal is not None and (task.journal is None or task.recorded is not None):
        raise BrokenProtocol("a journal that was not asked for")
    if ended.divergence is not None and not _believable(ended.divergence, task):
        raise BrokenProtocol("a divergence that no replay can have")
    if (ended.attempts or ended.more_attempts) and not task.rehearsal:
        raise BrokenProtocol("host calls told of an execution that is no rehearsal")
    if not _plausible(ended.usage):
        raise BrokenProtocol("usage that no execution can have")


def _believable(divergence: Divergence, task: Execute) -> bool:
    texts = (divergence.expected, divergence.got, divergence.detail)
    whole = 1 <= divergence.call <= task.limits.host_calls + 1
    return task.recorded is not None and whole and all(len(text) <= LONGEST_TOLD for text in texts)


def _plausible(usage: Usage) -> bool:
    figures = (
        usage.cpu_ms,
        usage.wall_ms,
        usage.peak_memory_bytes,
        usage.host_calls,
        usage.bytes_in,
        usage.bytes_out,
        usage.tokens,
    )
    return all(math.isfinite(figure) and 0 <= figure < 2**53 for figure in figures)
