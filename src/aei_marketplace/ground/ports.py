"""What the domains need from outside, as shapes; `adapters` fill them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from aei_marketplace.ground.errors import Unavailable
from aei_protocol.messages import (
    Ended,
    Execute,
    Hello,
    LogLine,
    PluginAnswer,
    PluginWanted,
    Prepared,
    Progress,
    Status,
    Usage,
)


class Blobs(Protocol):
    """Objects addressed by the sha256 of their content; they are created and never changed."""

    async def put(self, sha256: str, content: bytes) -> None:
        """Store content under its digest; storing it again changes nothing."""
        ...

    async def get(self, sha256: str) -> bytes:
        """The content.

        Raises:
            KeyError: there is no such object.
        """
        ...

    def stream(self, sha256: str) -> AsyncIterator[bytes]:
        """The content in pieces; raises KeyError as `get` does."""
        ...

    async def delete(self, sha256: str) -> None:
        """Remove an object that nothing refers to any more; no error when it is gone."""
        ...


class Listener(Protocol):
    """Who is told what an execution does while it runs."""

    def progress(self, message: Progress) -> None:
        """The guest reported progress."""
        ...

    def log(self, line: LogLine) -> None:
        """The guest wrote a line."""
        ...

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        """The guest calls another plugin; what goes wrong is told in the answer.

        When the waiting task is cancelled, the caller has ended, and so must what it called.
        """
        ...


class Secrets(Protocol):
    """Who answers a guest that holds the grant for a secret."""

    async def value(self, tenant: str, name: str) -> str | None:
        """The secret's value in that tenant, or None."""
        ...


ModelKind = Literal["chat", "embed"]
PluginFailure = Literal["denied", "invalid", "budget", "failed"]
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


def plugin_failure(call: int, code: PluginFailure, message: str, usage: Usage | None = None) -> PluginAnswer:
    """A typed error; see `wit/plugins.wit`."""
    return PluginAnswer(call, None, code, message, usage or Usage())


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


class Sandbox(Protocol):
    """Where plugins run: one host here, several in a fleet."""

    async def hello(self) -> Hello:
        """Who answers, and which walls stand.

        Raises:
            SandboxGone: nobody answers.
        """
        ...

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        """Have a component compiled, or learn that it is.

        Raises:
            SandboxRefused: the host says no; its code says why.
            SandboxGone: the connection broke.
        """
        ...

    async def execute(self, task: Execute, listener: Listener) -> Ended:
        """Run one task, once.

        Raises:
            SandboxRefused: it never started.
            SandboxGone: the connection broke; whether it ran is unknown.
        """
        ...

    async def cancel(self, execution: str) -> None:
        """End a running execution now."""
        ...

    async def retire(self, component: str, tenant: str | None = None) -> None:
        """Let go of the idle workers of a component."""
        ...

    async def forget(self, tenant: str, installation: str) -> None:
        """Have the files removed that an installation kept; no error when there are none.

        Raises:
            SandboxRefused: they are still there.
            SandboxGone: nobody answers; whether they are removed is unknown.
        """
        ...

    async def status(self) -> Status:
        """How the host is."""
        ...


class SandboxRefused(Exception):
    """The sandbox host refused; `code` as in `aei_protocol.messages.Refused`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class SandboxGone(Exception):
    """The sandbox host does not answer, or went away."""


class MailRefused(Unavailable):
    """The mail server will never take this message: sending it again is of no use."""

    type = "mail-refused"
    title = "The mail cannot be delivered"
    advice = "Check the address."
    retry = False


class DomainSilent(Exception):
    """A domain did not answer as it should; the text is ours and may be shown."""


class Domains(Protocol):
    """What stands on a domain, for everybody to read; never asked inside a work."""

    async def text_records(self, name: str) -> Sequence[str]:
        """The TXT records at a name; none when there is no such name.

        Raises:
            DomainSilent: the DNS does not answer.
        """
        ...

    async def read_file(self, domain: str, path: str) -> str:
        """A small file on the domain's own web server.

        Raises:
            DomainSilent: it is not given, too large, or at an address where nothing is asked.
        """
        ...


class NoDomains:
    """A marketplace that asks no domain anything."""

    async def text_records(self, name: str) -> Sequence[str]:
        """Refuse.

        Raises:
            DomainSilent: always.
        """
        raise DomainSilent(f"this marketplace does not ask for {name}")

    async def read_file(self, domain: str, path: str) -> str:
        """Refuse.

        Raises:
            DomainSilent: always.
        """
        raise DomainSilent(f"this marketplace does not ask for {domain}{path}")


class Mail(Protocol):
    """The way to people's mailboxes; never used inside a work."""

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        """Hand one message over, in plain text.

        Args:
            to: a bare address.
            subject: one line.
            message_id: what tells a message that is sent again from a new one, unique without a host.

        Raises:
            MailRefused: it will never be taken.
            Unavailable: it cannot be handed over now.
        """
        ...


class NoMail:
    """A marketplace without any way to mailboxes."""

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:  # noqa: ARG002 it goes nowhere
        """Refuse.

        Raises:
            Unavailable: always.
        """
        raise Unavailable("This marketplace sends no mail.", advice="Ask its operator.")


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """How the other side took a request.

    Attributes:
        status: the HTTP status; None when no answer came.
        problem: why it does not count as taken, in our words, never the other side's; None when it does.
    """

    status: int | None
    problem: str | None = None


class WebhookSender(Protocol):
    """The way to people's webhooks: public ones by https, or services that the operator named."""

    def is_internal(self, name: str, port: int) -> bool:
        """Whether the operator named this service: it needs no public address and no TLS."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
        """Send one request, once; what goes wrong is told in the answer. Redirects are not followed."""
        ...


class NoWebhooks:
    """A process without any way to webhooks."""

    def is_internal(self, name: str, port: int) -> bool:  # noqa: ARG002 nothing is
        """No."""
        return False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:  # noqa: ARG002 it goes nowhere
        """Send nothing."""
        return WebhookAnswer(None, "nothing was sent: this process has no way to webhooks")


class ProviderFailed(Exception):
    """A provider of sign-in gave no answer that can be used; the text names no secret."""


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """An authorization code on its way to the provider's token endpoint (RFC 6749, 4.1.3).

    Attributes:
        endpoint: the token endpoint.
        form: what is sent, without the client's authentication.
        client_secret: None for a public client.
        basic: whether the secret goes into the Authorization header instead of the form.
    """

    endpoint: str
    form: Mapping[str, str] = field(repr=False)
    client_id: str
    client_secret: str | None = field(repr=False)
    basic: bool


class IdentityProviders(Protocol):
    """The way to OpenID providers: public ones by https, or the operator's own services."""

    async def get(self, url: str) -> Mapping[str, Any]:
        """A JSON object, such as the provider's metadata or keys.

        Raises:
            ProviderFailed: there is none.
        """
        ...

    async def exchange(self, exchange: CodeExchange) -> Mapping[str, Any]:
        """Trade a code for tokens, once.

        Raises:
            ProviderFailed: the provider refused, or did not answer.
        """
        ...


class CheckpointShelf(Protocol):
    """Where a log's checkpoints lie outside the database."""

    async def latest(self) -> str | None:
        """The note that was kept last; None when there is none."""
        ...

    async def keep(self, note: str) -> None:
        """Keep a note durably, after those before it."""
        ...
