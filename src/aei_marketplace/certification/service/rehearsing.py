"""A release run on trial: its tasks with all permissions that it asks for, and nothing outside the sandbox.

The sandbox answers with made-up values (`Execute.rehearsal`); `aei_inspection.rehearsal` reads what it tells.
"""

import time
from hashlib import sha256

import msgspec
import structlog

from aei_inspection import rehearsal
from aei_inspection.checks.report import CheckResult
from aei_inspection.checks.results import broken
from aei_inspection.rehearsal import CAP, NOTHING, Run, Task
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_protocol.limits import Limits
from aei_protocol.messages import Ended, Execute, LogLine, PluginAnswer, PluginWanted
from aei_protocol.messages import Progress as GuestProgress

#: Nobody's tenant: what rehearsals leave behind belongs to no one.
_NOBODY = "00000000-0000-0000-0000-000000000000"
_NOTHING_DIGEST = sha256(NOTHING).hexdigest()

log = structlog.get_logger()


async def rehearse(deps: Deps, release: ReleaseView) -> CheckResult:
    """Run a release's tasks on trial, and beside them a plugin that does nothing; outside of any work.

    What cannot be run is an error, never a pass.
    """
    began = time.monotonic()
    tasks = rehearsal.tasks_of(release.manifest.document)
    try:
        await _prepare(deps, release)
        nothing = await _run(deps, _message(deps, release, {}, _NOTHING_DIGEST))
        runs = [await _rehearsed(deps, release, task) for task in tasks]
        for component in (release.component_sha256, _NOTHING_DIGEST):
            await deps.sandbox.retire(component, _NOBODY)
    except (SandboxGone, SandboxRefused, KeyError) as error:
        log.warning("certification.not_rehearsed", release=str(release.release_id), exc_info=True)
        return broken(
            rehearsal.ID, rehearsal.VERSION, rehearsal.TITLE, f"The sandbox did not run it: {error}"
        )
    return rehearsal.check_result(runs, nothing, round((time.monotonic() - began) * 1000))


async def _prepare(deps: Deps, release: ReleaseView) -> None:
    interfaces = release.manifest.interfaces
    content = await deps.blobs.get(release.component_sha256)
    await deps.sandbox.prepare(release.component_sha256, interfaces, content)
    await deps.sandbox.prepare(_NOTHING_DIGEST, interfaces, NOTHING)


async def _rehearsed(deps: Deps, release: ReleaseView, task: Task) -> Run:
    message = _message(deps, release, task.value, release.component_sha256)
    ended = await _run(deps, message)
    return rehearsal.run_of(task, ended, release.manifest, message.limits)


async def _run(deps: Deps, message: Execute) -> Ended:
    return await deps.sandbox.execute(message, _Unheard())


def _message(deps: Deps, release: ReleaseView, task: object, component: str) -> Execute:
    limits: Limits = release.manifest.limits.capped(deps.operator_cap).capped(CAP)
    return Execute(
        id=str(new_id()),
        tenant=_NOBODY,
        installation=str(release.release_id),
        plugin=release.plugin_id,
        version=release.version,
        component=component,
        interfaces=release.manifest.interfaces,
        capabilities=release.manifest.capabilities,
        limits=limits,
        config="{}",
        task=msgspec.json.encode(task).decode(),
        concurrency=1,
        rehearsal=True,
    )


class _Unheard:
    """What a plugin says while it is rehearsed; it calls nobody."""

    def progress(self, message: GuestProgress) -> None:
        """Nobody listens."""

    def log(self, line: LogLine) -> None:
        """Nobody listens."""

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:  # noqa: ARG002 the port hands it over
        """Never happens: in a rehearsal the sandbox answers by itself."""
        raise AssertionError("a rehearsal reached out of the sandbox")
