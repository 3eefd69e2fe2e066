"""Executions that a running guest asked for: limited by what is left to it, ended with it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from aei_marketplace.executions.errors import TooDeep
from aei_marketplace.executions.rules.requests import Wanted
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.run import Origin, Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.starting import decide

#: So many executions may wait for one, the outermost included (plugin contract).
DEEPEST = 4


async def execute_within(
    runs: Runs,
    asking: Run,
    plugin_id: str,
    task: bytes,
    *,
    most_tokens: int | None,
    limits: Mapping[str, int] | None = None,
) -> Execution:
    """Run an installation for the guest of another execution, as the same actor.

    It is an execution like any other: admitted, limited, metered and audited for itself.

    Args:
        asking: whose guest waits; when that waiting is cancelled, what was asked for ends too.
        task: JSON.
        most_tokens: what its own calls of models may cost; None leaves it to its own grant, which holds
            for all its runs below one outermost execution together.
        limits: what is left of the asking execution's, where that is shared.

    Raises:
        TooDeep: as many wait for each other as may, or the plugin waits for this answer itself.
        NotInstalled, InstallationDisabled, NotAdmitted: it may not run.
        TaskTooLarge, TaskUnfit, Invalid: the task cannot be used.
        TooManyRunning, TooFast, QueueFull, NotReady, NeverStarted: not now.
    """
    waiting = _waiting(asking, plugin_id)
    wall_ms = _wall_left(runs, asking)
    lowered = {**(limits or {}), "wall_ms": min(wall_ms, (limits or {}).get("wall_ms", wall_ms))}
    wanted = Wanted(task=msgspec.Raw(task), limits=lowered)
    run = await decide(runs, asking.actor, asking.start.trace_id, plugin_id, wanted)
    _place_below(run, asking, waiting, most_tokens)
    carried_out = runs.begin(run)
    try:
        execution = await asyncio.shield(carried_out)
        run.tokens[plugin_id] += tokens_used(execution)
        return execution
    except asyncio.CancelledError:
        await runs.cancel(run.start.id)
        raise


def tokens_used(execution: Execution) -> int:
    """What the models have cost that it asked."""
    usage = msgspec.json.decode(execution.usage or "{}")
    return int(usage.get("tokens", 0))


def _waiting(asking: Run, plugin_id: str) -> tuple[str, ...]:
    """The plugins that wait for this answer, outermost first."""
    waiting = (*asking.waiting, asking.start.plugin_id)
    if plugin_id in waiting:
        raise TooDeep(f"{plugin_id} waits for this answer itself.")
    if len(waiting) > DEEPEST:
        raise TooDeep(f"{DEEPEST} plugins wait for each other already.")
    return waiting


def _place_below(run: Run, asking: Run, waiting: tuple[str, ...], most_tokens: int | None) -> None:
    """Make it a part of the execution that asks, within the tokens that are left of its own grant."""
    run.origin = Origin(asking.start.id, waiting)
    run.start = replace(run.start, mode="call", parent_id=asking.start.id, depth=len(waiting))
    run.tokens = asking.tokens
    held = run.task.capabilities
    left = max(0, held.max_tokens - run.tokens[run.start.plugin_id])
    limited = replace(held, max_tokens=left if most_tokens is None else min(left, most_tokens))
    run.task = replace(run.task, capabilities=limited, parent=str(asking.start.id))


def _wall_left(runs: Runs, asking: Run) -> int:
    """Milliseconds until the asking execution reaches its own limit, at least one."""
    passed = runs.deps.works.clock() - asking.start.started_at
    return max(1, asking.task.limits.wall_ms - int(passed.total_seconds() * 1000))
