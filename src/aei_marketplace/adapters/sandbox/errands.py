"""What guests wait for: secrets, models and other plugins, fetched for the executions that may have them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from aei_marketplace.adapters.sandbox.calls import Calls, Running
from aei_marketplace.adapters.sandbox.line import BrokenProtocol, Line
from aei_marketplace.ground.ports import (
    ModelCall,
    ModelKind,
    ModelReply,
    Models,
    Secrets,
    model_failure,
    plugin_failure,
)
from aei_protocol.messages import ModelAnswer, ModelWanted, PluginWanted, SecretAnswer, SecretWanted

#: So many answers may be under way to the vault at once; a host that asks faster is broken.
MOST_SECRETS_WANTED = 1_000

log = structlog.get_logger()


class Errands:
    """Fetches what a host asks for, each in a task of its own, and answers on the line that asked.

    Args:
        calls: the executions that run, and what they hold.
        secrets: who answers guests that hold the grant for a secret.
        models: who answers guests that hold the grant for a model.
    """

    def __init__(self, calls: Calls, secrets: Secrets, models: Models) -> None:
        self._calls = calls
        self._secrets = secrets
        self._models = models
        self._answering: set[asyncio.Task[None]] = set()

    def run(self, line: Line, wanted: SecretWanted | ModelWanted | PluginWanted) -> None:
        """Begin to fetch; the answer follows on the line.

        Raises:
            BrokenProtocol: no execution can have asked for it.
        """
        match wanted:
            case SecretWanted():
                self._answer(line, wanted)
            case ModelWanted():
                self._ask_model(line, wanted)
            case PluginWanted():
                self._call_plugin(line, wanted)

    def close(self) -> None:
        """Fetch nothing more."""
        for task in self._answering:
            task.cancel()

    def _answer(self, line: Line, wanted: SecretWanted) -> None:
        held = self._calls.holder(wanted) is not None
        if len(self._answering) >= MOST_SECRETS_WANTED:
            raise BrokenProtocol("more secrets asked for than guests can ask")
        self._start(self._look_up(line, wanted, held))

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    async def _look_up(self, line: Line, wanted: SecretWanted, held: bool) -> None:
        value = None
        try:
            value = await self._secrets.value(wanted.tenant, wanted.name) if held else None
        except Exception:
            # The guest waits for an answer: it gets none, as for a secret that does not exist.
            log.exception("sandbox.secret_failed", tenant=wanted.tenant, execution=wanted.execution)
        line.say(SecretAnswer(wanted.call, value))

    def _ask_model(self, line: Line, wanted: ModelWanted) -> None:
        run = self._calls.asker(wanted)
        if run is None:
            line.say(ModelAnswer(wanted.call, None, "failed", "the execution has ended", 0))
        else:
            run.asking = self._start(self._have_answered(line, wanted, run))

    async def _have_answered(self, line: Line, wanted: ModelWanted, run: Running) -> None:
        # The host counts as well; what it says can only lower what is left.
        left = min(wanted.tokens_left, run.task.capabilities.max_tokens - run.tokens)
        kind: ModelKind = "chat" if wanted.kind == "chat" else "embed"
        call = ModelCall(
            wanted.execution, wanted.tenant, kind, run.granted(kind), wanted.request, max(0, left)
        )
        reply = await self._model_reply(call)
        run.tokens += reply.tokens
        line.say(ModelAnswer(wanted.call, reply.response, reply.code, reply.message or None, reply.tokens))

    async def _model_reply(self, call: ModelCall) -> ModelReply:
        try:
            return await self._models.answer(call)
        except Exception:
            # The guest waits for an answer: it gets a typed error, and the operator's log says why.
            log.exception("sandbox.model_failed", tenant=call.tenant, execution=call.execution)
            return model_failure("failed", "the model gateway could not answer")

    def _call_plugin(self, line: Line, wanted: PluginWanted) -> None:
        run = self._calls.caller(wanted)
        if run is None:
            line.say(plugin_failure(wanted.call, "failed", "the execution has ended"))
        else:
            run.asking = self._start(self._have_called(line, wanted, run))

    async def _have_called(self, line: Line, wanted: PluginWanted, run: Running) -> None:
        try:
            answer = await run.listener.call_plugin(wanted)
        except Exception:
            # The guest waits for an answer: it gets a typed error, and the operator's log says why.
            log.exception("sandbox.call_failed", tenant=wanted.tenant, execution=wanted.execution)
            answer = plugin_failure(wanted.call, "failed", "the plugin could not be called")
        line.say(answer)
