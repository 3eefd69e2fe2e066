"""What answers a guest whose execution is a rehearsal: made-up values, and nothing outside the sandbox.

Whether a call is covered is decided as ever, by the capabilities; what is covered gets an answer that a
guest can go on with, and that is worth nothing: the secrets open nothing, the models have read nothing.
"""

import hashlib
import json
from dataclasses import replace
from typing import Any

import msgspec

from aei_protocol.messages import ModelAnswer, PluginAnswer, PluginWanted, Usage
from aei_sandbox.broker import Services
from aei_sandbox.broker.exchange import Request
from aei_sandbox.broker.fetch import Egress, Permit
from aei_sandbox.broker.target import Target

#: What a made-up text says, so that nobody takes it for a real one.
MADE_UP = "made up for a rehearsal"
_TOKENS = 1
_DIMENSIONS = 8
_MOST_INPUTS = 2048


def rehearsed(services: Services) -> Services:
    """The same services, of which none reaches out of the sandbox."""
    return replace(
        services,
        fetch=MadeUpEgress({}),
        ask_secret=_made_up_secret,
        ask_model=_made_up_model,
        ask_plugin=_made_up_plugin,
    )


class MadeUpEgress(Egress):
    """Decides about requests as the real one does, and sends none."""

    async def _send(
        self,
        request: Request,  # noqa: ARG002 it goes nowhere
        target: Target,  # noqa: ARG002 nobody is asked
        permit: Permit,
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        permit.used.add("network")
        return 200, [("content-type", "application/json")], b"{}"


async def _made_up_secret(tenant: str, execution: str, name: str) -> str | None:  # noqa: ARG001 nobody's
    """The same value for the same name, of the length of a real one."""
    return f"made-up-{hashlib.sha256(name.encode()).hexdigest()[:24]}"


async def _made_up_model(
    tenant: str,  # noqa: ARG001 nobody is asked
    execution: str,  # noqa: ARG001 nobody is asked
    kind: str,
    request: str,
    tokens_left: int,  # noqa: ARG001 there are some, else nobody asks
) -> ModelAnswer:
    document = msgspec.json.decode(request)  # an object that names its model, else nobody asks
    said = _chat(document) if kind == "chat" else _embeddings(document)
    return ModelAnswer(0, json.dumps(said), None, None, _TOKENS)


def _chat(document: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": MADE_UP}
    return {
        "id": "rehearsal",
        "object": "chat.completion",
        "created": 0,
        "model": document["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": _TOKENS, "total_tokens": _TOKENS},
    }


def _embeddings(document: dict[str, Any]) -> dict[str, Any]:
    given = document.get("input", "")
    count = min(len(given), _MOST_INPUTS) if isinstance(given, list) else 1
    vector = [1.0] + [0.0] * (_DIMENSIONS - 1)
    return {
        "object": "list",
        "model": document["model"],
        "data": [{"object": "embedding", "index": n, "embedding": vector} for n in range(count)],
        "usage": {"prompt_tokens": _TOKENS, "total_tokens": _TOKENS},
    }


async def _made_up_plugin(wanted: PluginWanted) -> PluginAnswer:
    return PluginAnswer(wanted.call, "{}", None, None, Usage())
