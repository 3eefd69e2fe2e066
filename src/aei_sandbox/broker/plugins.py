"""The capability `plugins` of one execution: other plugins that its manifest depends on.

Shapes as in `wit/plugins.wit`. The marketplace decides whether the called plugin may run, and runs it
as an execution of its own; what that uses is taken from the caller's budget.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aei_protocol.messages import Execute, PluginAnswer, PluginWanted, Usage
from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.denials import Denials

#: A call without its number → what the marketplace answers.
AskPlugin = Callable[[PluginWanted], Awaitable[PluginAnswer]]

_CODES = frozenset({"denied", "invalid", "budget", "failed"})


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an execution's budget; times in milliseconds, sizes in bytes."""

    cpu_ms: int
    wall_ms: int
    host_calls: int
    bytes_out: int
    tokens: int


class PluginCalls:
    """The calls of other plugins in one execution.

    Args:
        execution: who calls, and the plugins that it may call.
        ask: the way to the marketplace.
        left: what is left of the caller's budget right now.
        charge: takes what a call used from that budget.
        denials: counts what is refused.
        used: permissions that were exercised.
    """

    def __init__(
        self,
        execution: Execute,
        ask: AskPlugin,
        left: Callable[[], Left],
        charge: Callable[[Usage], None],
        denials: Denials,
        used: set[str],
    ) -> None:
        self._execution = execution
        self._ask = ask
        self._left = left
        self._charge = charge
        self._denials = denials
        self._used = used

    async def call(self, plugin: str, task: str) -> Answer:
        """Do one call; refusals and failures are typed errors, never raised."""
        run = self._execution
        if plugin not in run.capabilities.plugins:
            return self._denied(plugin, "the manifest does not depend on this plugin")
        left = self._left()
        if min(left.cpu_ms, left.wall_ms, left.host_calls, left.bytes_out) <= 0:
            return failure("budget", "nothing is left of the budget that a called plugin shares")
        self._used.add("plugins")
        answer = await self._ask(
            PluginWanted(
                0, run.id, run.tenant, plugin, task,
                left.cpu_ms, left.wall_ms, left.host_calls, left.bytes_out, left.tokens,
            )
        )  # fmt: skip
        self._charge(answer.usage)
        return self._passed_on(plugin, answer)

    def _passed_on(self, plugin: str, answer: PluginAnswer) -> Answer:
        if answer.output is not None:
            return True, answer.output
        message = answer.message or "the plugin did not answer"
        if answer.code == "denied":
            return self._denied(plugin, message)
        return failure(answer.code if answer.code in _CODES else "failed", message)

    def _denied(self, plugin: str, message: str) -> Answer:
        self._denials.add("plugins", plugin)
        return failure("denied", message)
