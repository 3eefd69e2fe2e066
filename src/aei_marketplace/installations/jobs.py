"""What happens after a request: installations are carried out, idle workers let go, old terms forgotten."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.ports import SandboxGone
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import BrokeOff, NotPrepared
from aei_marketplace.installations.events import (
    InstallRequested,
    ReleaseLeft,
    UninstallRequested,
    UpdateRequested,
)
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.errors import OperationEnded
from aei_marketplace.web.problems import problem

log = structlog.get_logger()

E = TypeVar("E", InstallRequested, UpdateRequested, UninstallRequested)


async def carry_out_install(deps: Deps, event: InstallRequested, trace_id: str) -> None:
    """Install what was asked for, as whoever asked."""
    await _carry_out(deps, event, trace_id, service.install)


async def carry_out_update(deps: Deps, event: UpdateRequested, trace_id: str) -> None:
    """Update what was asked for, as whoever asked."""
    await _carry_out(deps, event, trace_id, service.update)


async def carry_out_uninstall(deps: Deps, event: UninstallRequested, trace_id: str) -> None:
    """Uninstall what was asked for, as whoever asked."""
    await _carry_out(deps, event, trace_id, service.uninstall)


async def let_go(deps: Deps, event: ReleaseLeft, trace_id: str) -> None:  # noqa: ARG001 every reaction gets one
    """Have the sandbox let go of the workers that a tenant does not use any more."""
    await deps.sandbox.retire(event.component_sha256, str(event.tenant_id))


async def purge_removed(deps: Deps) -> None:
    """Forget what was kept of installations removed 30 days ago, and of attempts a week old."""
    await service.purge_removed(deps.works)
    await service.forget_wishes(deps.works)


async def update_automatically(deps: Deps) -> None:
    """Update the installations whose policy says so."""
    await service.update_automatically(deps)


_upkeep = service.Upkeep()


async def prepare_artefacts(deps: Deps) -> None:
    """Have a sandbox host that started anew compile what it lacks, as after an upgrade."""
    try:
        await _upkeep.prepare_all(deps)
    except (SandboxGone, NotPrepared) as wait:
        log.warning("artefacts.wait", reason=str(wait))  # the next time takes up what is left


async def forget_files(deps: Deps) -> None:
    """Have the sandbox remove the files of purged installations."""
    try:
        await service.forget_files(deps)
    except SandboxGone as gone:
        log.warning("installations.files_wait", reason=str(gone))  # it will be back; so will this


async def _carry_out(
    deps: Deps, event: E, trace_id: str, act: Callable[[Deps, Actor, str, E], Awaitable[None]]
) -> None:
    """Once and no more: the operation ends in the same commit as what it asked for."""
    marketplace = replace(system_actor("installations.carry_out"), tenant=event.tenant_id)
    async with deps.works.begin(marketplace, trace_id) as work:
        if (await operations.find_operation(work, event.operation_id)).state.final:
            return
    try:
        user = event.user_id
        actor = await accounts.actor_for(deps.works, user, event.tenant_id) if user else marketplace
        await act(deps, actor, trace_id, event)
    except OperationEnded:
        return  # this job runs twice at once, and the other run was faster
    except Refusal as refusal:
        await _fail(deps, marketplace, event, trace_id, refusal)
    except (SandboxGone, OSError, OperationalError, InterfaceError):
        raise  # nobody answered: the queue tries again later
    except Exception:
        log.exception("installations.failed", operation=str(event.operation_id), trace_id=trace_id)
        await _fail(deps, marketplace, event, trace_id, BrokeOff("This is our fault."))
        raise


async def _fail(deps: Deps, marketplace: Actor, event: E, trace_id: str, refusal: Refusal) -> None:
    with suppress(OperationEnded):  # the other run of this job has ended it
        async with deps.works.begin(marketplace, trace_id) as work:
            await operations.fail(work, event.operation_id, problem(refusal, trace_id))
