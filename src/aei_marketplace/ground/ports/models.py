"""Who answers when a plugin asks a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

ModelKind = Literal["chat", "embed"]


ModelFailure = Literal["denied", "invalid", "timeout", "budget", "failed"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What a running guest asks of a model.

    Attributes:
        execution: whose guest asks.
        granted: names that it may ask; `*` stands for any.
        request: JSON, as the guest wrote it.
        tokens_left: the most that the answer may cost.
    """

    execution: str
    tenant: str
    kind: ModelKind
    granted: tuple[str, ...]
    request: str
    tokens_left: int


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The answer to a call: `response` (JSON), or a typed error.

    Attributes:
        tokens: what it cost, also when it failed half-way.
    """

    response: str | None
    tokens: int = 0
    code: ModelFailure | None = None
    message: str = ""


def model_failure(code: ModelFailure, message: str, tokens: int = 0) -> ModelReply:
    """A typed error."""
    return ModelReply(None, tokens, code, message)


class Models(Protocol):
    """Who answers a guest that holds the grant for a model."""

    async def answer(self, call: ModelCall) -> ModelReply:
        """Ask the model; what goes wrong is told in the reply."""
        ...


@dataclass(frozen=True, slots=True)
class EndpointCall:
    """One request to a tenant's endpoint.

    Attributes:
        base_url: `https://name/path`; `/chat/completions` or `/embeddings` is added.
        key: sent as bearer token; None for an endpoint that needs none.
        model: what the guest calls it; the answer bears this name.
        body: checked content of the request, with the endpoint's own name of the model.
        streaming: whether the endpoint can stream.
        prompt_tokens: estimate of what the request costs.
        most_tokens: what prompt and answer together may cost.
    """

    kind: ModelKind
    base_url: str
    key: str | None
    model: str
    body: Mapping[str, Any]
    streaming: bool
    prompt_tokens: int
    most_tokens: int


class ModelEndpoints(Protocol):
    """The way to the endpoints of the common chat-completion API."""

    def is_internal(self, name: str, port: int) -> bool:
        """Whether the operator runs this service: it needs no public address and no TLS."""
        ...

    async def ask(self, call: EndpointCall) -> ModelReply:
        """Send one request, once; nothing of the endpoint's own words is in an error."""
        ...
