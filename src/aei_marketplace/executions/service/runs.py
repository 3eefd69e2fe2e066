"""The executions of this process: started, sent once, ended once, whatever happens to the caller."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from aei_marketplace.billing.errors.caps import SpendCapReached
from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.executions.errors import NeverStarted, NotReady, Outdated, QueueFull, TooManyRunning
from aei_marketplace.executions.rules.endings import Ending, ending, lost, start_fact
from aei_marketplace.executions.rules.journals import Kept, compared, kept_journal
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.alarm import raise_alarm
from aei_marketplace.executions.service.owner import Owner
from aei_marketplace.executions.service.pace import Pace
from aei_marketplace.executions.service.passes import Passes
from aei_marketplace.executions.service.records import ended_execution, read_execution
from aei_marketplace.executions.service.releases import Releases
from aei_marketplace.executions.service.run import CallPlugin, Run, topic
from aei_marketplace.executions.service.turns import Turns
from aei_marketplace.executions.store import quick
from aei_marketplace.ground.audit import make_entry
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome

#: So many executions may be under way in one process, and so many of them of one tenant.
MOST_RUNNING, MOST_OF_A_TENANT = 512, 128
#: Seconds that running guests get to end when the process is asked to stop.
FAREWELL_SECONDS = 5.0
#: Seconds that the database then gets to record what did not end.
RECORDING_SECONDS = 10.0
_LONGEST_PAUSE = 5.0
_CONNECTION_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)

log = structlog.get_logger()


class _Unwanted(Exception):
    """Its end was asked for before it was sent."""


class Runs:
    """What runs in this process; see `serving`.

    Attributes:
        running: executions without a recorded end, by id.
        on_call: carries out the guests' calls of other plugins.
    """

    on_call: CallPlugin | None = None

    def __init__(self, deps: Deps, owner: Owner) -> None:
        self.deps = deps
        self.owner = owner
        self.passes = Passes(deps.works)
        self.releases = Releases()
        self.pace = Pace()
        self.tryouts = Pace()
        self.turns = Turns()
        self.running: dict[UUID, Run] = {}
        self._of_tenant: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[Execution]] = set()
        self._closing = False

    def require_room(self, tenant: UUID) -> None:
        """Stop here unless one more execution may run.

        Raises:
            TooManyRunning: as many as may run do.
            NotReady: this process is stopping, or has lost its lock and not yet taken it again.
        """
        if self._closing:
            raise NotReady("This process of the marketplace is stopping.")
        if not self.owner.held:
            raise NotReady("The connection that vouches for running executions is being renewed.")
        if len(self.running) >= MOST_RUNNING or self._of_tenant[tenant] >= MOST_OF_A_TENANT:
            raise TooManyRunning(
                f"{self._of_tenant[tenant]} executions of your tenant are under way.", retry_after=1
            )

    def begin(self, run: Run) -> "asyncio.Task[Execution]":
        """Carry a run out in a task of its own, which goes on when the caller leaves."""
        run.on_call = self.on_call
        self.running[run.start.id] = run
        self._of_tenant[run.start.tenant] += 1
        task = asyncio.create_task(self._carry_out(run))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def cancel(self, execution: UUID, stopped: str | None = None) -> None:
        """Ask the sandbox to end a run of this process now; one that was not sent yet never is.

        Args:
            stopped: why the registry ends it; stands in the record as the problem.
        """
        run = self.running.get(execution)
        if run is not None:
            run.unwanted, run.stopped = True, run.stopped or stopped
        await self.deps.sandbox.cancel(str(execution))

    async def close(self) -> None:
        """End what runs: guests are asked to, and what does not answer in time is recorded as lost.

        What cannot even be recorded in time, because the database does not answer, is left to `recover`.
        """
        self._closing = True
        for execution in list(self.running):
            await self.cancel(execution)
        await self._wait_for_ends(FAREWELL_SECONDS)
        for _ in range(2):  # once to be recorded as lost, and once to be left
            for task in self._tasks:
                task.cancel()
            await self._wait_for_ends(RECORDING_SECONDS)

    async def _wait_for_ends(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _carry_out(self, run: Run) -> Execution:
        try:
            await self._write_start(run)
        except BaseException as error:
            self._leave(run)
            if not run.started.done():
                run.started.set_exception(error)
                run.started.exception()  # only an asynchronous start waits for it
            raise
        try:
            return await self._run_and_end(run)
        finally:
            self._leave(run)

    async def _write_start(self, run: Run) -> None:
        start = run.start
        called_by = run.origin.execution if run.origin else None
        fact = start_fact(start.id, start.plugin_id, start.version, start.mode, start.task_bytes, called_by)
        if start.replay_of is not None:
            fact = replace(fact, context={**fact.context, "replay_of": str(start.replay_of)})
        entry = make_entry(new_id(), start.started_at, run.actor, fact, start.trace_id)
        pool, under = self.deps.works.database.quick, run.under
        if under is None:
            await quick.write_start(pool, start, entry)
        elif not await quick.write_start_if_known(pool, start, entry, under.token_hash, under.digest):
            raise Outdated(f"What applies to {start.plugin_id} in your tenant has just changed.")
        run.started.set_result(None)

    async def _run_and_end(self, run: Run) -> Execution:
        try:
            ended = await self._send(run)
        except _Unwanted:
            ended = lost(run.start.id, "cancelled before it began", Outcome.CANCELLED)
        except SandboxRefused as refused:
            await self._end(run, lost(run.start.id, f"nothing ran: {refused.detail}"))
            refusal = QueueFull if refused.code == "busy" else NeverStarted
            raise refusal(run.start.id, refused.detail) from refused
        except SandboxGone as gone:
            ended = lost(run.start.id, str(gone))
        except asyncio.CancelledError:
            await self._end(run, lost(run.start.id, "the marketplace stopped while it ran"))
            raise
        except Exception:
            log.exception("executions.sending_failed", execution=str(run.start.id))
            ended = lost(run.start.id, "the marketplace failed while it ran")
        return await self._end(run, ended)

    async def _send(self, run: Run) -> Ended:
        """Send the task; a component that the host lacks is handed over first, for nothing ran yet."""
        sandbox, task = self.deps.sandbox, run.task
        if run.unwanted:
            raise _Unwanted
        try:
            return await sandbox.execute(task, run)
        except SandboxRefused as refused:
            if refused.code != "component_missing":
                raise
        try:
            content = await self.deps.blobs.get(task.component)
            await sandbox.prepare(task.component, task.interfaces, content)
        except (KeyError, SandboxGone) as error:
            raise SandboxRefused("not_prepared", f"the component could not be prepared: {error}") from error
        if run.unwanted:
            raise _Unwanted
        return await sandbox.execute(task, run)

    async def _end(self, run: Run, ended: Ended) -> Execution:
        if run.stopped is not None and ended.outcome is Outcome.CANCELLED:
            ended = replace(ended, problem=run.stopped)
        async with self.turns.turn(run.start.tenant):
            execution = await self._record_somehow(run, ended)
        self.deps.live.say(topic(run.start.id), ("end", execution))
        return execution

    async def _record_somehow(self, run: Run, ended: Ended) -> Execution:
        try:
            return await self._record(run, ended)
        except asyncpg.PostgresError:
            # The database refuses these very words; an end without them is better than none.
            log.exception("executions.end_refused", execution=str(run.start.id))
            return await self._record(run, lost(run.start.id, "its end could not be recorded as it was"))

    async def _record(self, run: Run, ended: Ended) -> Execution:
        written_down = ending(ended, run.start.plugin_id, run.start.version, run.start.id)
        if run.truncated:
            written_down = replace(written_down, log_truncated=True)
        kept = self._kept(run, ended)
        end, *denials = written_down.facts
        end = replace(end, context={**end.context, **kept.context})
        written_down = replace(written_down, facts=(end, *denials))
        at = self.deps.works.clock()
        if await self._insist(run, written_down, kept, at):
            if ended.outcome is Outcome.SANDBOX_VIOLATION:
                await raise_alarm(self.deps, run.actor, run.start, ended)
            return ended_execution(run.start, written_down, kept, at)
        # Somebody ended it before us: what is recorded counts.
        return await read_execution(self.deps.works, run.actor, run.start.id)

    def _kept(self, run: Run, ended: Ended) -> Kept:
        """What the end leaves for replays, or says about one."""
        if run.replays is not None:
            return compared(run.replays, ended)
        if run.task.journal is None:
            return Kept()
        start = run.start
        return kept_journal(self.deps.master_key, start.tenant, start.id, run.task.task, ended)

    async def _insist(self, run: Run, written_down: Ending, kept: Kept, at: datetime) -> bool:
        """Write the end down, again and again while the database cannot be reached.

        Returns:
            False when the execution had its end already.
        """
        entries = [make_entry(new_id(), at, run.actor, f, run.start.trace_id) for f in written_down.facts]
        pool, pause = self.deps.works.database.quick, 0.1
        while True:
            try:
                lines = run.log_json()
                return await quick.write_end(pool, run.start, at, written_down, lines, kept, entries)
            except _CONNECTION_LOST as error:
                log.warning("executions.end_delayed", execution=str(run.start.id), error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _leave(self, run: Run) -> None:
        del self.running[run.start.id]
        self._of_tenant[run.start.tenant] -= 1
        if not self._of_tenant[run.start.tenant]:
            del self._of_tenant[run.start.tenant]

    def _done(self, task: "asyncio.Task[Execution]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(
            error, NeverStarted | QueueFull | Outdated | SpendCapReached | PaymentRequired
        ):
            log.error("executions.run_failed", exc_info=error)
