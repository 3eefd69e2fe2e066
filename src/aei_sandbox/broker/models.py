"""The capability `models` of one execution: what was granted and what is left is checked at each call.

Shapes as in `wit/models.wit`. The request is read for its model's name only; the marketplace's gateway
reads the whole of it, checks the name again and does the asking.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from aei_protocol.messages import Execute, ModelAnswer
from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.denials import Denials

#: Tenant, execution, kind, request and tokens left → what the gateway answers.
AskModel = Callable[[str, str, str, str, int], Awaitable[ModelAnswer]]

_CODES = frozenset({"denied", "invalid", "timeout", "budget", "failed"})


class _Named(msgspec.Struct):
    model: str


_read = msgspec.json.Decoder(_Named).decode


class Models:
    """The models of one execution.

    Args:
        execution: who asks, and what is granted.
        ask: the way to the gateway.
        deadline: end of the execution on the event loop's clock, in seconds.
        denials: counts what is refused.
        used: permissions that were exercised.

    Attributes:
        tokens: what all calls have cost so far.
    """

    def __init__(
        self, execution: Execute, ask: AskModel, deadline: float, denials: Denials, used: set[str]
    ) -> None:
        held = execution.capabilities
        self._granted = {"chat": held.chat, "embed": held.embed}
        self._budget = held.max_tokens
        self._execution = execution
        self._ask = ask
        self._deadline = deadline
        self._denials = denials
        self._used = used
        self.tokens = 0

    async def call(self, kind: str, request: str) -> Answer:
        """Do one call; refusals and failures are typed errors, never raised."""
        model, granted = named_model(request), self._granted[kind]
        if not granted:
            return self._denied(model or "*", f"no model is granted for {kind}")
        if model is None:
            return failure("invalid", "a request is a JSON object that names its `model`")
        if "*" not in granted and model not in granted:
            return self._denied(model, f"the model is not granted for {kind}")
        left = self._budget - self.tokens
        if left <= 0:
            return failure("budget", f"the {self._budget} tokens of this execution are used up")
        try:
            async with asyncio.timeout_at(self._deadline):
                run = self._execution
                answer = await self._ask(run.tenant, run.id, kind, request, left)
        except TimeoutError:
            return failure("timeout", "no complete answer in time")
        return self._passed_on(model, answer)

    def _passed_on(self, model: str, answer: ModelAnswer) -> Answer:
        self.tokens += max(0, answer.tokens)
        if answer.response is not None:
            self._used.add("models")
            return True, answer.response
        message = answer.message or "the model did not answer"
        if answer.code == "denied":
            return self._denied(model, message)
        return failure(answer.code if answer.code in _CODES else "failed", message)

    def _denied(self, model: str, message: str) -> Answer:
        self._denials.add("models", model)
        return failure("denied", message)


def named_model(request: str) -> str | None:
    """The model that a request names; None when it is no object with one."""
    try:
        return _read(request).model
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
