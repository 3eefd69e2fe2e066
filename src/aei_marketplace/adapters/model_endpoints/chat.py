"""A chat answer, read from a stream or whole, and told again in our own words.

Only the text, the reason of its end and plausible figures are taken over.
"""

import time
from typing import Any
from uuid import uuid4

import msgspec

from aei_marketplace.adapters.model_endpoints.events import Events
from aei_marketplace.adapters.model_endpoints.failures import EndpointFailed, too_large
from aei_marketplace.ground.ports import EndpointCall
from aei_marketplace.ground.tokens import BYTES_PER_TOKEN, counted, estimate, most_prompt_tokens

LARGEST_TEXT = 1024 * 1024
LARGEST_STREAM = 64 * 1024 * 1024
_REASONS = frozenset({"stop", "length", "content_filter"})


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Document(msgspec.Struct):
    choices: list[_Choice] = []
    usage: Any = None
    error: Any = None


_read = msgspec.json.Decoder(_Document).decode


class ChatAnswer:
    """Collects the answer to one call, and stops at its budget."""

    def __init__(self, call: EndpointCall) -> None:
        self._call = call
        self._events = Events()
        self._received = 0
        self._text: list[str] = []
        self._size = 0
        self._reason: str | None = None
        self._usage: Any = None
        self._full = False

    @property
    def tokens(self) -> int:
        """What it has cost so far."""
        return self._prompt_tokens + self._answer_tokens

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of a stream; whether the answer is complete.

        Raises:
            EndpointFailed: it is no such stream, or too long.
        """
        self._received += len(chunk)
        if self._received > LARGEST_STREAM:
            raise too_large("a stream", LARGEST_STREAM)
        return any(self._take_event(data) for data in self._events.feed(chunk))

    def read(self, body: bytes) -> None:
        """Take an answer that was not streamed.

        Raises:
            EndpointFailed: it is no such answer.
        """
        self._take(body)

    def document(self) -> bytes:
        """The answer in the common shape.

        Raises:
            EndpointFailed: it broke off before its end.
        """
        if self._reason is None:
            raise EndpointFailed("the endpoint's answer broke off")
        message = {"role": "assistant", "content": "".join(self._text)}
        reason = self._reason if self._reason in _REASONS else "stop"
        return msgspec.json.encode(
            {
                "id": f"chatcmpl-{uuid4().hex}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": self._call.model,
                "choices": [{"index": 0, "message": message, "finish_reason": reason}],
                "usage": {
                    "prompt_tokens": self._prompt_tokens,
                    "completion_tokens": self._answer_tokens,
                    "total_tokens": self.tokens,
                },
            }
        )

    @property
    def _prompt_tokens(self) -> int:
        estimated = self._call.prompt_tokens
        most = most_prompt_tokens(estimated * BYTES_PER_TOKEN)
        return counted(self._reported("prompt_tokens"), estimated, most)

    @property
    def _answer_tokens(self) -> int:
        most = max(int(self._call.body["max_tokens"]), self._size)
        return counted(self._reported("completion_tokens"), estimate(self._size), most)

    def _reported(self, name: str) -> Any:
        return self._usage.get(name) if isinstance(self._usage, dict) else None

    def _take_event(self, data: bytes) -> bool:
        if data.strip() == b"[DONE]":
            # Some endpoints say so and never give a reason.
            self._reason = self._reason or "stop"
            return True
        return self._take(data)

    def _take(self, data: bytes) -> bool:
        """One event's data or a whole body; whether nothing more is wanted."""
        try:
            document = _read(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise EndpointFailed("the endpoint's answer has another shape than a chat completion") from error
        if document.error is not None:
            raise EndpointFailed("the endpoint reported an error in its answer")
        self._usage = document.usage if document.usage is not None else self._usage
        for choice in document.choices:
            if choice.index == 0:
                self._add(choice)
        return self._full

    def _add(self, choice: _Choice) -> None:
        part = choice.delta or choice.message
        self._append((part.content if part else None) or "")
        # A whole message has ended, whether or not it says why.
        self._reason = self._reason or choice.finish_reason or ("stop" if choice.message else None)

    def _append(self, text: str) -> None:
        raw = text.encode("utf-8", "replace")
        room = (self._call.most_tokens - self._call.prompt_tokens) * BYTES_PER_TOKEN - self._size
        if len(raw) > room:
            raw, self._full, self._reason = raw[:room], True, "length"
        self._size += len(raw)
        if self._size > LARGEST_TEXT:
            raise too_large("a text", LARGEST_TEXT)
        self._text.append(raw.decode("utf-8", "ignore"))
