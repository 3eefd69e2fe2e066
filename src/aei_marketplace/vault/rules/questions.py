"""What a guest may ask of a model: a closed part of the common chat-completion API, text only."""

import math
from typing import Any, Literal

import msgspec

from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.ground.tokens import estimate
from aei_marketplace.vault.errors import BadQuestion

LARGEST_REQUEST = 1024 * 1024
MOST_MESSAGES, MOST_TEXTS, MOST_STOPS, LONGEST_STOP = 256, 256, 4, 256
#: For a guest that names no `max_tokens`: what every usual model can write.
DEFAULT_MAX_TOKENS = 4096
#: What each message costs beside its text.
_MESSAGE_TOKENS = 4


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """A request for a chat completion."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None

    @property
    def prompt_tokens(self) -> int:
        """An estimate of what it costs to ask."""
        return sum(estimate(len(m.content.encode())) + _MESSAGE_TOKENS for m in self.messages)

    def body(self, upstream: str, most_answer_tokens: int) -> dict[str, Any]:
        """What is sent to the endpoint.

        Args:
            upstream: the endpoint's own name of the model.
            most_answer_tokens: forced upon `max_tokens`.
        """
        wanted: dict[str, Any] = msgspec.to_builtins(self)
        given = {name: value for name, value in wanted.items() if value is not None}
        most = min(self.max_tokens or DEFAULT_MAX_TOKENS, most_answer_tokens)
        return {**given, "model": upstream, "max_tokens": most}


class EmbedQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """A request for embeddings."""

    model: str
    input: str | list[str]

    @property
    def texts(self) -> list[str]:
        """What is to be embedded."""
        return [self.input] if isinstance(self.input, str) else self.input

    @property
    def prompt_tokens(self) -> int:
        """An estimate of what it costs to ask."""
        return sum(estimate(len(text.encode())) for text in self.texts)

    def body(self, upstream: str, most_answer_tokens: int) -> dict[str, Any]:  # noqa: ARG002 a chat's interface
        """What is sent to the endpoint."""
        return {"model": upstream, "input": self.texts, "encoding_format": "float"}


Question = ChatQuestion | EmbedQuestion

_read_chat = msgspec.json.Decoder(ChatQuestion).decode
_read_embed = msgspec.json.Decoder(EmbedQuestion).decode


def read_question(kind: ModelKind, text: str) -> Question:
    """Read and check a guest's request.

    Raises:
        BadQuestion: it is none, has unknown keys, or exceeds a bound.
    """
    if len(text.encode("utf-8", "replace")) > LARGEST_REQUEST:
        raise BadQuestion(f"the request has more than {LARGEST_REQUEST:,} bytes")
    try:
        question: Question = _read_chat(text) if kind == "chat" else _read_embed(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadQuestion(f"not a {kind} request: {error}") from error
    except RecursionError as error:
        raise BadQuestion("nested too deeply") from error
    fault = _chat_fault(question) if isinstance(question, ChatQuestion) else _embed_fault(question)
    if fault:
        raise BadQuestion(fault)
    return question


def _chat_fault(question: ChatQuestion) -> str | None:
    stops = [question.stop] if isinstance(question.stop, str) else question.stop or []
    checks = (
        (1 <= len(question.messages) <= MOST_MESSAGES, f"1 to {MOST_MESSAGES} messages"),
        (question.max_tokens is None or question.max_tokens >= 1, "max_tokens is at least 1"),
        (_within(question.temperature, 0, 2), "temperature is between 0 and 2"),
        (_within(question.top_p, 0, 1), "top_p is between 0 and 1"),
        (len(stops) <= MOST_STOPS, f"at most {MOST_STOPS} stops"),
        (all(1 <= len(s) <= LONGEST_STOP for s in stops), f"a stop has 1 to {LONGEST_STOP} characters"),
    )
    return next((message for fine, message in checks if not fine), None)


def _embed_fault(question: EmbedQuestion) -> str | None:
    if not 1 <= len(question.texts) <= MOST_TEXTS:
        return f"1 to {MOST_TEXTS} texts"
    return None if all(question.texts) else "a text to embed is not empty"


def _within(value: float | None, least: float, most: float) -> bool:
    return value is None or (math.isfinite(value) and least <= value <= most)
