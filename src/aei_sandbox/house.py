"""The host's service: prepare, execute, retire, and keep a zygote alive for it."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aei_protocol.messages import Ended, Execute, Forget, Forgotten, Prepare, Prepared
from aei_sandbox.artefacts import Artefacts
from aei_sandbox.broker import Fetch, Services
from aei_sandbox.broker.files.cabinet import Cabinet, NoPlace
from aei_sandbox.broker.models import AskModel
from aei_sandbox.broker.plugins import AskPlugin
from aei_sandbox.broker.record import AskSecret, BadJournal, read_journal
from aei_sandbox.broker.rehearsal import rehearsed
from aei_sandbox.imports import NotAdmitted, admitted_interfaces
from aei_sandbox.measuring import may_restore_niceness, set_niceness
from aei_sandbox.pool import Busy, Pool
from aei_sandbox.preparing import Preparation
from aei_sandbox.supervision import Supervision
from aei_sandbox.walls import missing_required
from aei_sandbox.worker import BrokenArtefact, Key, Worker
from aei_sandbox.zygote import Description, Zygote, ZygoteLost

_log = logging.getLogger(__name__)
_ATTEMPTS = 3
_ZYGOTE_SECONDS = 10.0
#: So long an execution waits for a worker, attempts included; the marketplace's patience is longer.
_WAIT_SECONDS = 120.0
_LONGEST_PAUSE = 5.0
_NICENESS_OF_FURTHER = 10
#: How long artefacts of another runtime are kept: an upgrade that is taken back finds its own again.
_KEPT_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How a host is set up.

    Attributes:
        artefacts: the artefact directory.
        files: the directory of the files that installations keep; None keeps none.
        identity: uid that guests run as.
        group: gid that reads artefacts beside the owner; None when guests run as the host's own user.
        development: run although required walls are missing, and say so.
        workers: most that run at once.
        spare: how many further ones may rest.
        idle_seconds: after which an idle worker ends.
    """

    artefacts: Path
    files: Path | None
    identity: int
    group: int | None
    development: bool
    workers: int
    spare: int
    idle_seconds: float


class House:
    """Everything behind the socket."""

    def __init__(self, setting: Setting, fetch: Fetch) -> None:
        self.id = str(uuid.uuid4())
        self.development = setting.development
        self.walls: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        self.runtime = ""
        self._running: set[Supervision] = set()
        self._setting = setting
        self._fetch = fetch
        self._cabinet = Cabinet(setting.files, setting.workers)
        self._zygote: asyncio.Future[Zygote] = asyncio.get_running_loop().create_future()
        self._restart: asyncio.Task[None] | None = None
        self._closed = False
        self._may_restore_niceness = may_restore_niceness()

    async def open(self) -> None:
        """Start the zygote and learn which walls stand.

        Raises:
            ZygoteLost: it cannot be started here.
        """
        setting = self._setting
        description = await self._start_zygote()
        self.runtime = description.runtime
        self._artefacts = Artefacts(setting.artefacts, description.fingerprint, setting.group)
        self._preparation = Preparation(self._artefacts, setting.development)
        loop = asyncio.get_running_loop()
        if swept := await loop.run_in_executor(None, self._artefacts.sweep, _KEPT_SECONDS):
            _log.warning("removed %d files of artefacts that fit another runtime", swept)
        self._pool = Pool(setting.workers, setting.idle_seconds, self._make_worker, setting.spare)
        probe = Worker(Key("", "", ()), 0)
        await probe.start(self._zygote.result(), "", lambda _: None)
        self.walls, self.missing = probe.walls, {**description.missing, **probe.missing}

    async def close(self) -> None:
        """End every execution and every process of this host."""
        self._closed = True
        for supervision in self._running:
            supervision.stop()
        self._pool.close()
        while self._running:  # noqa: ASYNC110 a few turns of the loop, in which each tells its end
            await asyncio.sleep(0)
        self._cabinet.close()
        if self._restart is not None:
            self._restart.cancel()
        if self._zygote.done() and not self._zygote.cancelled():
            self._zygote.result().close()

    async def prepare(self, request: Prepare) -> Prepared:
        """Compile a component, or say that it is compiled.

        Raises:
            NotAdmitted: no; the code says why.
        """
        self._require_walls()
        for _ in range(_ATTEMPTS):
            with suppress(ZygoteLost):
                return await self._preparation.prepare(request, await self._living_zygote())
        raise NotAdmitted("restarting", "the compiler was lost several times: try again shortly")

    async def execute(
        self,
        execution: Execute,
        tell: Callable[[Any], None],
        ask_secret: AskSecret,
        ask_model: AskModel,
        ask_plugin: AskPlugin,
    ) -> Ended:
        """Run one task on a worker of its tenant and component.

        Raises:
            NotAdmitted: it did not begin; the code says why.
        """
        self._require_walls()
        await self._require_admission(execution)
        worker = await self._acquire_in_time(execution)
        try:
            services = Services(self._fetch, self._cabinet, ask_secret, ask_model, ask_plugin, tell)
            return await self._run_on(
                worker, execution, rehearsed(services) if execution.rehearsal else services
            )
        finally:
            self._pool.release(worker)

    def retire(self, component: str, tenant: str | None) -> None:
        """End the idle workers of a component."""
        self._pool.retire(component, tenant)

    async def forget(self, request: Forget) -> Forgotten:
        """Remove the files that an installation kept.

        Raises:
            NotAdmitted: they are still there; the detail says why.
        """
        try:
            await self._cabinet.forget(request.tenant, request.installation)
        except (NoPlace, OSError) as error:
            raise NotAdmitted("not_forgotten", str(error)) from error
        return Forgotten(request.id)

    def status(self) -> dict[str, Any]:
        """Figures and facts for operators."""
        zygote = self._zygote.result().pid if self._zygote.done() else None
        workers = [
            {"pid": w.pid, "tenant": w.key.tenant, "component": w.key.component, "state": w.state.value}
            for w in self._pool.workers
        ]
        return {"zygote": zygote, "workers": workers, "missing_walls": self.missing}

    @property
    def running(self) -> int:
        """How many executions run."""
        return len(self._running)

    @property
    def queued(self) -> int:
        """How many executions wait for a worker."""
        return self._pool.waiting

    @property
    def artefacts(self) -> int:
        """How many artefacts are kept."""
        return self._artefacts.count()

    def _require_walls(self) -> None:
        absent = missing_required(self.walls)
        if absent and not self.development:
            reasons = "; ".join(f"{name}: {self.missing.get(name, 'not built')}" for name in absent)
            raise NotAdmitted("no_walls", f"this machine cannot confine guests ({reasons})")

    async def _require_admission(self, execution: Execute) -> None:
        size = len(execution.task.encode())
        if size > execution.limits.input_bytes:
            raise NotAdmitted(
                "input_limit", f"the task has {size} bytes, {execution.limits.input_bytes} are allowed"
            )
        card = await self._artefacts.find(execution.component)
        if card is None:
            raise NotAdmitted(
                "component_missing", "this component is not compiled here: send it with Prepare"
            )
        admitted_interfaces(card.imports, card.exports, execution.interfaces)
        if execution.recorded is not None:
            try:
                read_journal(execution.recorded)
            except BadJournal as error:
                raise NotAdmitted("unreadable_journal", str(error)) from error

    async def _run_on(self, worker: Worker, execution: Execute, services: Services) -> Ended:
        if self._closed:  # nobody would stop it any more
            raise NotAdmitted("restarting", "the sandbox host is stopping: try again shortly")
        self._give_way(worker)
        supervision = Supervision(execution, worker, services)
        self._running.add(supervision)
        try:
            return await supervision.run()
        finally:
            self._running.discard(supervision)

    async def _acquire_in_time(self, execution: Execute) -> Worker:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await self._acquire(execution)
        except TimeoutError:
            raise NotAdmitted(
                "busy", f"no worker was free for {_WAIT_SECONDS:g} s: try again later"
            ) from None

    async def _acquire(self, execution: Execute) -> Worker:
        """A worker, also when the zygote is lost meanwhile: the task has not been sent yet."""
        key = Key(execution.tenant, execution.component, execution.interfaces)
        for _ in range(_ATTEMPTS):
            try:
                if self._stands_in(execution):
                    return await self._pool.acquire_beside(key, execution.limits.memory_bytes)
                return await self._pool.acquire(key, execution.limits.memory_bytes, execution.concurrency)
            except ZygoteLost:
                continue
            except Busy as error:
                raise NotAdmitted("busy", str(error)) from error
            except BrokenArtefact as error:
                _log.warning("the artefact of %s cannot be loaded: %s", execution.component, error)
                self._artefacts.discard(execution.component)
                raise NotAdmitted(
                    "component_missing", "the artefact cannot be loaded: send it again"
                ) from error
        raise NotAdmitted(
            "restarting", "workers were lost several times before they began: try again shortly"
        )

    def _stands_in(self, execution: Execute) -> bool:
        """Whether it runs in the place of an execution that waits for it."""
        return any(s.waits_for(execution) for s in self._running)

    def _give_way(self, worker: Worker) -> None:
        """A tenant's further workers give way to the first of each: many of one take no core from others."""
        if self._may_restore_niceness:
            first = self._pool.occupied_by(worker.key.tenant) <= 1
            set_niceness(worker.pid, 0 if first else _NICENESS_OF_FURTHER)

    async def _make_worker(self, key: Key, memory_bytes: int) -> Worker:
        worker = Worker(key, memory_bytes)
        await worker.start(await self._living_zygote(), self._artefacts.name(key.component), self._pool.lost)
        absent = missing_required(worker.walls)
        if absent and not self.development:
            worker.kill()
            raise NotAdmitted("no_walls", f"a worker came up without {', '.join(absent)}")
        return worker

    async def _living_zygote(self) -> Zygote:
        try:
            async with asyncio.timeout(_ZYGOTE_SECONDS):
                return await asyncio.shield(self._zygote)
        except TimeoutError:
            raise NotAdmitted("restarting", "the sandbox is starting again: try again shortly") from None

    async def _start_zygote(self) -> Description:
        zygote = Zygote(self._setting.artefacts, self._setting.identity, self._on_zygote_lost)
        description = await zygote.start()
        self._zygote.set_result(zygote)
        return description

    def _on_zygote_lost(self) -> None:
        if self._closed or not self._zygote.done():
            return  # not yet open: whoever starts it hears of it
        _log.warning("the zygote was lost with %d executions running: starting another", self.running)
        self._zygote = asyncio.get_running_loop().create_future()
        self._restart = asyncio.get_running_loop().create_task(self._replace_zygote())

    async def _replace_zygote(self) -> None:
        pause = 0.05
        while True:
            try:
                await self._start_zygote()
                return
            except (ZygoteLost, OSError) as error:
                _log.warning("the zygote does not start: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
