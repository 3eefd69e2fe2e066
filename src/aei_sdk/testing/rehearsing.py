"""A plugin run on trial on this machine, as a marketplace runs it before it certifies a release."""

import json
import time
from pathlib import Path

from aei_inspection import rehearsal
from aei_inspection.checks.report import CheckResult
from aei_inspection.checks.results import broken
from aei_inspection.rehearsal import CAP, NOTHING, Run, Task
from aei_protocol.manifest import Manifest
from aei_protocol.messages import Ended
from aei_sandbox.local import HostLine, HostLost, HostRefused, LocalHost


async def rehearse_here(manifest: Manifest, component: bytes, artefacts: Path) -> CheckResult:
    """Run its tasks on trial in a sandbox of their own; one that does not start is an error.

    Args:
        artefacts: where compiled components are kept between runs.
    """
    try:
        async with LocalHost(artefacts=artefacts) as host:
            return await rehearse(host, manifest, component)
    except HostLost as lost:
        return broken(rehearsal.ID, rehearsal.VERSION, rehearsal.TITLE, f"The sandbox did not run it: {lost}")


async def rehearse(host: HostLine, manifest: Manifest, component: bytes) -> CheckResult:
    """The same in a sandbox that runs already.

    Raises:
        HostLost: it ended.
    """
    began = time.monotonic()
    try:
        nothing = await _run(host, manifest, NOTHING, {})
        runs = [
            await _rehearsed(host, manifest, component, task)
            for task in rehearsal.tasks_of(manifest.document)
        ]
    except HostRefused as refused:
        return broken(
            rehearsal.ID, rehearsal.VERSION, rehearsal.TITLE, f"The sandbox did not run it: {refused}"
        )
    return rehearsal.check_result(runs, nothing, round((time.monotonic() - began) * 1000))


async def _rehearsed(host: HostLine, manifest: Manifest, component: bytes, task: Task) -> Run:
    ended = await _run(host, manifest, component, task.value)
    return rehearsal.run_of(task, ended, manifest, manifest.limits.capped(CAP))


async def _run(host: HostLine, manifest: Manifest, component: bytes, task: object) -> Ended:
    prepared = await host.prepare(component, manifest.interfaces)
    return await host.execute(
        prepared.component,
        json.dumps(task, ensure_ascii=False),
        interfaces=manifest.interfaces,
        capabilities=manifest.capabilities,
        limits=manifest.limits.capped(CAP),
        plugin=manifest.id,
        rehearsal=True,
    )
