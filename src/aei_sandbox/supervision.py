"""One execution on one worker: deadlines, host calls, and the one end."""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from aei_protocol.messages import Divergence, Ended, Execute, Usage
from aei_protocol.outcomes import Outcome
from aei_sandbox.broker import Broker, Services
from aei_sandbox.broker.plugins import Left
from aei_sandbox.broker.record import Diverged
from aei_sandbox.ending import LONGEST_PROBLEM, Ending, ending_of_death, ending_of_verdict
from aei_sandbox.measuring import (
    allow_cpu,
    cpu_seconds,
    peak_memory_bytes,
    reset_peak_memory,
    resident_bytes,
)
from aei_sandbox.text import escaped
from aei_sandbox.worker import State, Worker

_log = logging.getLogger(__name__)

#: A CPU deadline is looked at no sooner than this after the last look, in seconds.
_SHORTEST_LOOK = 0.002


class Supervision:
    """Watches one execution from the moment its worker is told to begin.

    Everything that can end it calls `end`; the first one decides.
    """

    def __init__(self, execution: Execute, worker: Worker, services: Services) -> None:
        self._execution = execution
        self._limits = execution.limits
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        deadline = self._loop.time() + execution.limits.wall_ms / 1000
        self._broker = Broker(execution, services, deadline, self._left)
        self._ending: asyncio.Future[Ending] = self._loop.create_future()
        self._answering: asyncio.Task[None] | None = None
        self._host_calls = 0
        self._cpu_at_start = 0.0
        self._cpu = 0.0
        self._began = 0.0
        self._wall = 0.0
        self._peak = 0
        self._divergence: Divergence | None = None

    def waits_for(self, other: Execute) -> bool:
        """Whether its guest waits for another execution, which it called."""
        mine = self._execution
        waiting = self._worker.state is State.AWAITING
        return waiting and (mine.id, mine.tenant) == (other.parent, other.tenant)

    async def run(self) -> Ended:
        """Run the task to its end, whichever that is; cancelling this ends it as `cancelled`."""
        timers: list[asyncio.TimerHandle] = []
        try:
            self._begin(timers)
            await asyncio.shield(self._ending)
        except asyncio.CancelledError:
            self.end(Ending(Outcome.CANCELLED, problem="cancelled on request"), kill=True)
        finally:
            for timer in timers:
                timer.cancel()
            if self._answering is not None:
                self._answering.cancel()
            self._worker.release()
        await self._close(self._broker.close())
        return self._ended(self._ending.result())

    def stop(self) -> None:
        """End it because the host stops."""
        self.end(Ending(Outcome.WORKER_LOST, problem="the sandbox host was stopped"), kill=True)

    def end(self, ending: Ending, kill: bool) -> None:
        """End the execution, once; with `kill` the worker ends too."""
        if self._ending.done():
            return
        self._measure()
        if kill:
            self._worker.kill()
        self._ending.set_result(ending)

    def on_call(self, interface: str, function: str, arguments: list[Any]) -> None:
        """The guest called the host."""
        if self._ending.done():
            return
        self._host_calls += 1
        if self._host_calls + self._broker.called.host_calls > self._limits.host_calls:
            text = f"more than {self._limits.host_calls} host calls"
            self.end(Ending(Outcome.HOST_CALL_LIMIT, problem=text), kill=True)
            return
        self._broker.bytes_out += sum(len(a.encode()) for a in arguments if isinstance(a, str))
        if self._broker.bytes_out > self._limits.bytes_out:
            self.end(self._too_much_out(), kill=True)
            return
        try:
            answer = self._broker.call(interface, function, arguments)
        except Diverged as error:
            self._on_divergence(error.divergence)
            return
        if inspect.isawaitable(answer):
            self._answering = self._loop.create_task(self._answer_later(answer))
        elif answer is not None:
            self._answer(answer)

    def on_done(self, verdict: str, text: str) -> None:
        """The worker finished the run."""
        ending = ending_of_verdict(verdict, text, self._broker.refusals)
        if _size(ending.output) > self._limits.output_bytes:
            self.on_violation("a result above the limit that it was given")
            return
        if self._broker.bytes_out + _size(ending.output) > self._limits.bytes_out:
            ending = self._too_much_out()
        self._divergence = self._broker.left_out()
        self.end(ending, kill=False)

    def on_violation(self, what: str) -> None:
        """The worker did what no guest can make it do."""
        _log.critical("execution %s of tenant %s: %s", self._execution.id, self._execution.tenant, what)
        problem = escaped(f"the worker broke the protocol: {what}", LONGEST_PROBLEM)
        self.end(Ending(Outcome.SANDBOX_VIOLATION, problem=problem), kill=True)

    def on_death(self, status: int | None) -> None:
        """The worker ended without being told to."""
        self.end(ending_of_death(status), kill=True)

    def _on_divergence(self, divergence: Divergence) -> None:
        """A replay goes no further than where it is one."""
        if self._ending.done():
            return
        self._divergence = divergence
        text = f"call {divergence.call} is not the recorded one: {divergence.detail}"
        self.end(Ending(Outcome.CANCELLED, problem=escaped(text, LONGEST_PROBLEM)), kill=True)

    def _left(self) -> Left:
        """What a called plugin may still use."""
        self._measure()
        limits, called = self._limits, self._broker.called
        return Left(
            cpu_ms=int(limits.cpu_ms - (self._cpu - self._cpu_at_start) * 1000 - called.cpu_ms),
            wall_ms=int(limits.wall_ms - self._wall * 1000),
            host_calls=limits.host_calls - self._host_calls - called.host_calls,
            bytes_out=limits.bytes_out - self._broker.bytes_out,
            tokens=max(0, self._execution.capabilities.max_tokens - self._broker.models.tokens),
        )

    async def _close(self, files: Awaitable[None] | None) -> None:
        """An end is told when the disk holds the guest's files; who cancels meanwhile waits for it too."""
        closing = asyncio.ensure_future(files) if files is not None else None
        while closing is not None and not closing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(closing)

    def _too_much_out(self) -> Ending:
        text = f"handed over more than its {self._limits.bytes_out} bytes (bytes_out)"
        return Ending(Outcome.OUTPUT_LIMIT, problem=text)

    def _begin(self, timers: list[asyncio.TimerHandle]) -> None:
        pid = self._worker.pid
        try:
            self._cpu_at_start = self._cpu = cpu_seconds(pid)
        except OSError:
            self.end(ending_of_death(None), kill=True)
            return
        self._worker.weigh(resident_bytes(pid))
        reset_peak_memory(pid)
        allow_cpu(pid, self._limits.cpu_ms / 1000)
        self._began = time.perf_counter()
        timers.append(self._loop.call_later(self._limits.wall_ms / 1000, self._wall_is_up))
        timers.append(self._loop.call_later(self._limits.cpu_ms / 1000, self._look_at_cpu, timers))
        self._worker.run(self, self._execution.task, self._limits)

    def _wall_is_up(self) -> None:
        self.end(
            Ending(Outcome.WALL_LIMIT, problem=f"not finished after {self._limits.wall_ms} ms"), kill=True
        )

    def _look_at_cpu(self, timers: list[asyncio.TimerHandle]) -> None:
        """CPU time never runs faster than the wall's, so the remainder is the soonest it can be up."""
        self._measure()
        used = self._cpu - self._cpu_at_start + self._broker.called.cpu_ms / 1000
        left = self._limits.cpu_ms / 1000 - used
        if left <= 0:
            text = f"used its {self._limits.cpu_ms} ms of CPU time"
            self.end(Ending(Outcome.CPU_LIMIT, problem=text), kill=True)
        elif not self._ending.done():
            timers[-1] = self._loop.call_later(max(left, _SHORTEST_LOOK), self._look_at_cpu, timers)

    def _measure(self) -> None:
        """Take the figures while the process is still there."""
        self._wall = time.perf_counter() - self._began if self._began else 0.0
        self._peak = max(self._peak, peak_memory_bytes(self._worker.pid))
        try:
            self._cpu = self._worker.cpu_seconds = cpu_seconds(self._worker.pid)
        except OSError:
            return  # it has ended; the last look stands

    async def _answer_later(self, answer: Any) -> None:
        try:
            self._answer(await answer)
        except Diverged as error:
            self._on_divergence(error.divergence)
        except Exception:  # noqa: BLE001 it is logged, and ends what would wait until its limit
            _log.exception("a call of execution %s was not answered", self._execution.id)
            self.end(Ending(Outcome.WORKER_LOST, problem="the sandbox host failed in a host call"), kill=True)

    def _answer(self, answer: Any) -> None:
        self._broker.answered(answer)
        if isinstance(answer, tuple):
            self._broker.bytes_in += len(answer[1].encode())
        elif isinstance(answer, str):
            self._broker.bytes_in += len(answer.encode())
        self._worker.answer(answer)

    def _ended(self, ending: Ending) -> Ended:
        called = self._broker.called
        denied, more = self._broker.denials.summary()
        attempts, more_attempts = self._broker.attempts.summary() if self._broker.attempts else ((), 0)
        usage = Usage(
            cpu_ms=round((self._cpu - self._cpu_at_start) * 1000 + called.cpu_ms, 3),
            wall_ms=round(self._wall * 1000, 3),
            peak_memory_bytes=self._peak,
            host_calls=min(self._host_calls + called.host_calls, self._limits.host_calls),
            bytes_in=self._broker.bytes_in,
            bytes_out=self._broker.bytes_out + _size(ending.output),
            tokens=self._broker.models.tokens,
        )
        return Ended(
            id=self._execution.id,
            outcome=ending.outcome,
            output=ending.output,
            problem=ending.problem,
            usage=usage,
            used=tuple(sorted(self._broker.used)),
            denied=denied,
            more_denied=more,
            log_truncated=self._broker.journal.truncated,
            walls=self._worker.walls,
            journal=self._broker.written(),
            divergence=self._divergence,
            attempts=attempts,
            more_attempts=more_attempts,
        )


def _size(text: str | None) -> int:
    return len(text.encode()) if text is not None else 0
