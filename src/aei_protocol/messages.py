"""What the marketplace and a sandbox host say to each other.

A frame is four bytes of length (big endian) and a MessagePack array `[kind, fields]`, where `kind`
is the class name and `fields` the object. Both ends know every class here and close the connection
on anything else. Ids are UUID texts; `component` is the component's sha256 in hexadecimal.
"""

from dataclasses import dataclass, field
from typing import Any

from aei_protocol.limits import Limits
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities

#: No frame is longer: the largest package, and room for its envelope.
MAX_FRAME = 80 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hello:
    """Host → marketplace, first on every connection: what stands behind this socket."""

    host_id: str
    runtime: str
    walls: tuple[str, ...]
    development: bool


@dataclass(frozen=True, slots=True)
class Execute:
    """Marketplace → host: run one task. `config` and `task` are JSON texts.

    Attributes:
        concurrency: how many executions the tenant wants to run at once; the host may allow fewer.
        parent: the execution whose guest waits for this one; it then needs no place of its own.
        journal: the key under which digests in a journal of the host calls are made; None keeps none.
        recorded: a journal to answer the host calls from, made under the key `journal`; nothing is
            then done outside the sandbox.
        rehearsal: note every host call, and answer those that reach out of the sandbox with made-up
            values; nothing is then done outside it, and no file lasts.
    """

    id: str
    tenant: str
    installation: str
    plugin: str
    version: str
    component: str
    interfaces: tuple[str, ...]
    capabilities: Capabilities
    limits: Limits
    config: str
    task: str
    concurrency: int | None = None
    parent: str | None = None
    journal: bytes | None = None
    recorded: bytes | None = None
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Marketplace → host: end this execution now, outcome `cancelled`."""

    id: str


@dataclass(frozen=True, slots=True)
class Retire:
    """Marketplace → host: end the idle workers of a component (of one tenant, or of all)."""

    component: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Marketplace → host: remove the files that an installation kept; its id never returns."""

    id: str
    tenant: str
    installation: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Host → marketplace: an installation keeps no files here."""

    id: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """Marketplace → host: compile this component, or say that it is compiled already.

    Attributes:
        content: the component's bytes; empty to ask whether the artefact exists.
        interfaces: what the manifest allows it to import.
    """

    id: str
    component: str
    interfaces: tuple[str, ...]
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Host → marketplace: the artefact exists."""

    id: str
    component: str
    imports: tuple[str, ...]
    compile_ms: int
    artefact_bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Host → marketplace: the answer to `Prepare` (or `Execute`, or `Forget`) is no.

    Codes: `component_missing` (send it with `Prepare`), `not_a_component`, `invalid_component`,
    `overreach` (imports beyond `interfaces`, or a foreign signature), `no_run_export`,
    `compile_limit`, `input_limit` (the task is larger than its limit), `duplicate` (this execution
    runs already), `no_walls`, `busy` (as many wait as are let wait, or none was served for long),
    `restarting` (a part of the host was lost and is being replaced, or it is stopping),
    `not_forgotten` (files are still there), `failed` (the host itself; its log says why).
    """

    id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Host → marketplace: the guest reported progress."""

    id: str
    fraction: float
    message: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """Host → marketplace: one log line, already capped and escaped. `at_ms` counts from the start."""

    id: str
    at_ms: int
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretWanted:
    """Host → marketplace: a guest that holds the grant asks for a secret's value."""

    call: int
    execution: str
    tenant: str
    name: str


@dataclass(frozen=True, slots=True)
class SecretAnswer:
    """Marketplace → host: the value, or None when there is none to give."""

    call: int
    value: str | None


@dataclass(frozen=True, slots=True)
class ModelWanted:
    """Host → marketplace: a guest that holds the grant asks a model.

    Attributes:
        kind: `chat` or `embed`.
        request: the guest's request, JSON.
        tokens_left: of the execution's budget.
    """

    call: int
    execution: str
    tenant: str
    kind: str
    request: str
    tokens_left: int


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """Marketplace → host: the model's answer as JSON, or the code and message of a typed error.

    Attributes:
        code: as in `wit/models.wit`: `denied`, `invalid`, `timeout`, `budget` or `failed`.
        tokens: what the call cost, also when it failed half-way.
    """

    call: int
    response: str | None
    code: str | None
    message: str | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What an execution used, measured by the host; `tokens` are those of the models that it asked."""

    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    peak_memory_bytes: int = 0
    host_calls: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class PluginWanted:
    """Host → marketplace: a guest that declared the dependency calls another plugin.

    Attributes:
        plugin: the id of the plugin that is called.
        task: for that plugin, JSON.
        cpu_ms_left, wall_ms_left, host_calls_left, bytes_out_left, tokens_left: of the caller's budget.
    """

    call: int
    execution: str
    tenant: str
    plugin: str
    task: str
    cpu_ms_left: int
    wall_ms_left: int
    host_calls_left: int
    bytes_out_left: int
    tokens_left: int


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """Marketplace → host: what the called plugin returned, or the code and message of a typed error.

    Attributes:
        code: as in `wit/plugins.wit`: `denied`, `invalid`, `budget` or `failed`.
        usage: what the call used, which the caller answers for.
    """

    call: int
    output: str | None
    code: str | None
    message: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a replay left what was recorded.

    Attributes:
        call: number of the host call, from 1.
        expected: what the journal holds there: `http.fetch`, or `end`.
        got: what the guest did instead.
        detail: what differs, in words.
    """

    call: int
    expected: str
    got: str
    detail: str


@dataclass(frozen=True, slots=True)
class Denial:
    """Calls that the broker refused for one permission and target (a host or a name only)."""

    permission: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """Host calls of a rehearsal to one function and target.

    Attributes:
        function: `http.fetch`.
        target: a host, a name or an area of files only; empty where the function has none.
        denied: how many of them the capabilities did not cover.
    """

    function: str
    target: str
    count: int
    denied: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Host → marketplace: the one end of an execution.

    Attributes:
        output: the guest's result as text, None unless the outcome is `ok`.
        problem: what went wrong in escaped words, None when nothing did.
        used: permissions that were exercised, by name.
        denied: at most 20 targets for each permission; `more_denied` counts the rest.
        log_truncated: the guest wrote more than its log limit.
        journal: the host calls and their answers, when a journal was asked for and did not grow too long.
        divergence: where a replay left what was recorded; None when it did not, or was none.
        attempts: the host calls of a rehearsal, the most frequent of them; `more_attempts` counts the rest.
    """

    id: str
    outcome: Outcome
    output: str | None
    problem: str | None
    usage: Usage
    used: tuple[str, ...] = ()
    denied: tuple[Denial, ...] = ()
    more_denied: int = 0
    log_truncated: bool = False
    walls: tuple[str, ...] = ()
    journal: bytes | None = None
    divergence: Divergence | None = None
    attempts: tuple[Attempt, ...] = ()
    more_attempts: int = 0


@dataclass(frozen=True, slots=True)
class StatusWanted:
    """Marketplace → host: say how you are."""

    id: str


@dataclass(frozen=True, slots=True)
class Status:
    """Host → marketplace."""

    id: str
    workers: int
    running: int
    queued: int
    artefacts: int
    details: dict[str, Any] = field(default_factory=dict)


TO_HOST = (Execute, Cancel, Retire, Forget, Prepare, SecretAnswer, ModelAnswer, PluginAnswer, StatusWanted)
TO_MARKETPLACE = (
    Hello,
    Prepared,
    Forgotten,
    Refused,
    Progress,
    LogLine,
    SecretWanted,
    ModelWanted,
    PluginWanted,
    Ended,
    Status,
)
