"""Installed plugins as models: requests, answers and errors in the shapes of the common API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from aei_inspection.strict_json import depth
from aei_marketplace.executions.errors import Malformed, ModelAnswerUnfit, unfit
from aei_marketplace.executions.rules.views import DEEPEST_OUTPUT, Execution
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.ground.tokens import counted, estimate, most_prompt_tokens

#: What belongs to the transport; the rest of a request is the plugin's task.
_TRANSPORT = frozenset({"stream", "stream_options"})
_CONTENT: Mapping[ModelKind, str] = {"chat": "messages", "embed": "input"}
_ANSWER: Mapping[ModelKind, str] = {"chat": "choices", "embed": "data"}
#: Kinds of error by status, as the common API names them.
_ERROR_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A caller's request.

    Attributes:
        model: the plugin's id.
        task: what the plugin gets, JSON.
        stream: answer as server-sent events.
        with_usage: tell the usage at the end of the stream.
    """

    model: str
    task: bytes
    stream: bool
    with_usage: bool


def read_model_request(kind: ModelKind, body: bytes) -> ModelRequest:
    """Read the body of a chat or embeddings request.

    Raises:
        Malformed: it is not JSON.
        Invalid: a key is missing or of another type.
    """
    try:
        document = msgspec.json.decode(body)
    except RecursionError as error:
        raise unfit("", "nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body could not be read: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("model"), str):
        raise unfit("/model", "the id of an installed plugin of kind model")
    if not document.get(_CONTENT[kind]):
        raise unfit(f"/{_CONTENT[kind]}", "missing or empty")
    stream, options = document.get("stream") or False, document.get("stream_options") or {}
    if not isinstance(stream, bool) or not isinstance(options, dict):
        raise unfit("/stream", "true or false; stream_options is an object")
    task = {name: value for name, value in document.items() if name not in _TRANSPORT}
    with_usage = options.get("include_usage") is True
    return ModelRequest(document["model"], msgspec.json.encode(task), stream, with_usage)


def model_answer(kind: ModelKind, execution: Execution, request_bytes: int) -> dict[str, Any]:
    """A plugin's output in the common shape, with what plugins leave out filled in.

    Args:
        request_bytes: size of the task, from which usage is estimated.

    Raises:
        ModelAnswerUnfit: the output has another shape.
    """
    output = execution.output or b""
    document = _decoded(output)
    listed = document.get(_ANSWER[kind]) if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed or (kind == "chat" and not _has_text(listed[0])):
        raise ModelAnswerUnfit(execution.id, f"its output is no {kind} answer of the common API")
    usage = answer_usage(kind, document, request_bytes, len(output))
    head = {"id": f"chatcmpl-{execution.id.hex}", "object": "chat.completion"}
    filled = head if kind == "chat" else {"object": "list"}
    if kind == "chat":
        filled["created"] = int(execution.started_at.timestamp())  # type: ignore[assignment]  # of mixed types
    return {**filled, **document, "model": execution.plugin_id, "usage": usage}


def answer_usage(kind: ModelKind, document: Any, request_bytes: int, answer_bytes: int) -> dict[str, int]:
    """Tokens of an answer: what it reports as far as that can be true, at least what its size says."""
    reported = document.get("usage") if isinstance(document, dict) else None
    told: Mapping[str, Any] = reported if isinstance(reported, dict) else {}
    prompt = counted(told.get("prompt_tokens"), estimate(request_bytes), most_prompt_tokens(request_bytes))
    if kind == "embed":
        return {"prompt_tokens": prompt, "total_tokens": prompt}
    size = _text_size(document, answer_bytes)
    completion = counted(told.get("completion_tokens"), estimate(size), answer_bytes)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def chunks(answer: Mapping[str, Any], with_usage: bool) -> list[dict[str, Any]]:
    """A whole chat answer as the events of a stream: its text, its end, its usage."""
    head = {"id": answer["id"], "object": "chat.completion.chunk", "created": answer["created"]}
    head["model"] = answer["model"]
    choice = answer["choices"][0]
    text = {"role": "assistant", "content": choice["message"]["content"]}
    reason = choice.get("finish_reason") or "stop"
    events = [
        {**head, "choices": [{"index": 0, "delta": text, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
    ]
    return [*events, {**head, "choices": [], "usage": answer["usage"]}] if with_usage else events


def error_shape(refusal: Refusal, trace_id: str) -> dict[str, Any]:
    """A refusal as clients of the common API read it."""
    kind = _ERROR_KINDS.get(
        refusal.status, "invalid_request_error" if refusal.status < 500 else "server_error"
    )
    faults = "; ".join(f"{f.pointer}: {f.message}" for f in refusal.faults[:5])
    message = " ".join(part for part in (refusal.detail, faults, refusal.next_step) if part)
    param = refusal.faults[0].pointer if refusal.faults else None
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": param,
            "code": refusal.type,
            "trace_id": trace_id,
        }
    }


def model_shape(plugin_id: str, installed_at: float, publisher: str) -> dict[str, Any]:
    """One entry of the list of models."""
    return {"id": plugin_id, "object": "model", "created": int(installed_at), "owned_by": publisher}


def failure_words(execution: Execution) -> str:
    """Why an execution gave no answer, in a caller's words."""
    return f"it ended as {execution.outcome}" + (f": {execution.problem}" if execution.problem else "")


def _decoded(output: bytes) -> Any:
    try:
        value = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if depth(value, DEEPEST_OUTPUT) <= DEEPEST_OUTPUT else None


def _has_text(choice: Any) -> bool:
    message = choice.get("message") if isinstance(choice, dict) else None
    return isinstance(message, dict) and isinstance(message.get("content"), str)


def _text_size(document: Any, answer_bytes: int) -> int:
    try:
        return sum(len(choice["message"]["content"].encode()) for choice in document["choices"])
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError):
        return answer_bytes
