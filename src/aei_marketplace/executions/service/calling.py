"""A guest calls another plugin of its tenant: an execution of its own, out of the caller's budget."""

from dataclasses import fields

import msgspec

from aei_inspection.versions import satisfies
from aei_marketplace.executions.errors import Malformed, NotAdmitted, NotInstalled, TaskTooLarge, TooDeep
from aei_marketplace.executions.rules.calls import Budget, left_of, model_tokens, outcome_code
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.run import CallPlugin, Run
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.starting import find_installed
from aei_marketplace.executions.service.within import execute_within
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.ports import plugin_failure
from aei_protocol.messages import PluginAnswer, PluginWanted, Usage
from aei_protocol.outcomes import Outcome

_usage = msgspec.json.Decoder(Usage)


def caller(runs: Runs) -> CallPlugin:
    """Carries out the calls of guests of this process."""

    async def call(asking: Run, wanted: PluginWanted) -> PluginAnswer:
        return await call_plugin(runs, asking, wanted)

    return call


async def call_plugin(runs: Runs, asking: Run, wanted: PluginWanted) -> PluginAnswer:
    """Run the called plugin for the guest that waits; what goes wrong is told in the answer.

    Args:
        asking: the caller, whose budget is shared.
    """
    budget = left_of(asking.task.limits, asking.called, wanted)
    if budget is None:
        return plugin_failure(wanted.call, "budget", "nothing is left of the budget that both share")
    try:
        execution = await _run(runs, asking, wanted, budget)
    except TooDeep as refusal:
        return plugin_failure(wanted.call, "denied", refusal.detail)
    except (TaskTooLarge, Malformed, Invalid) as refusal:
        return plugin_failure(wanted.call, "invalid", _words(refusal))
    except Refusal as refusal:
        return plugin_failure(wanted.call, "failed", refusal.detail)
    return _answer(asking, wanted, execution)


async def _run(runs: Runs, asking: Run, wanted: PluginWanted, budget: Budget) -> Execution:
    await _require_range(runs, asking, wanted.plugin)
    tokens = model_tokens(asking.task.capabilities, asking.called, wanted)
    return await execute_within(
        runs, asking, wanted.plugin, wanted.task.encode(), most_tokens=tokens, limits=budget
    )


async def _require_range(runs: Runs, asking: Run, plugin_id: str) -> None:
    """Whether what is installed is a version that the caller's manifest asks for.

    Raises:
        NotInstalled: nothing is.
        NotAdmitted: it is another version.
    """
    terms = await find_installed(runs, asking.start.tenant, plugin_id)
    if terms is None:
        raise NotInstalled(f"{plugin_id} is not installed in the tenant.")
    release = await runs.releases.find(runs.deps.works, asking.actor, asking.start.release_id)
    if release is None:
        raise NotAdmitted(f"{asking.start.plugin_id} is no longer shared with the tenant.")
    wanted = release.manifest.dependencies[plugin_id]
    if not satisfies(terms.version, wanted):
        raise NotAdmitted(f"{plugin_id} {wanted} is needed, and {terms.version} is installed.")


def _answer(asking: Run, wanted: PluginWanted, execution: Execution) -> PluginAnswer:
    usage = _usage.decode(execution.usage or "{}")
    asking.called = _sum(asking.called, usage)
    if execution.outcome == Outcome.OK and execution.output is not None:
        return PluginAnswer(wanted.call, execution.output.decode(), None, None, usage)
    because = f": {execution.problem}" if execution.problem else ""
    message = f"{wanted.plugin} ended as {execution.outcome}{because}"
    return plugin_failure(wanted.call, outcome_code(execution.outcome), message, usage)


def _words(refusal: Refusal) -> str:
    faults = "; ".join(f"{f.pointer}: {f.message}" for f in refusal.faults[:5])
    return f"{refusal.detail} {faults}".strip()


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(**{f.name: getattr(one, f.name) + getattr(other, f.name) for f in fields(Usage)})
