"""The shapes that callers rely on; more keys may stand beside these."""

from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """A part of a list; `next_cursor` asks for the next, None at the end."""

    items: list[Item]
    next_cursor: str | None
    total: int


class Me(TypedDict):
    """Who a token belongs to, and which actions they may take."""

    id: str
    kind: str
    name: str
    tenant: str | None
    staff: bool
    actions: list[str]


class Plugin(TypedDict):
    """A listing. `permissions` has the manifest's shape, with a `reason` each."""

    id: str
    name: str
    description: str
    publisher: dict[str, Any]
    kind: str
    categories: list[str]
    latest: dict[str, Any] | None
    permissions: dict[str, dict[str, Any]]
    limits: dict[str, Any]
    examples: list[dict[str, Any]]
    input_schema: dict[str, Any] | None
    pricing: dict[str, Any] | None
    compatibility: dict[str, Any]
    rating: dict[str, Any]
    installs: int
    certified: bool
    health: Any
    visibility: str


class Release(TypedDict):
    """One immutable version; `reason` says why it is held, deprecated or yanked."""

    plugin_id: str
    version: str
    state: str
    sha256: str
    size_bytes: int
    published_at: str
    publisher: Any
    manifest: dict[str, Any]
    advisories: NotRequired[list[str]]
    certification: Any
    log_index: int | None
    signer: NotRequired[str | None]
    visibility: NotRequired[str]
    reason: NotRequired[str | None]


class LogLeaf(TypedDict):
    """A leaf of the public log, its place, and the hashes (base64) that prove it to be there."""

    index: int
    leaf: str
    proof: list[str]


class ReleaseProof(TypedDict):
    """What the public log says of a release; `checkpoint` is a C2SP signed note."""

    plugin_id: str
    version: str
    checkpoint: str
    entries: list[LogLeaf]


class GrowthProof(TypedDict):
    """The hashes (base64) that prove the log of `new` entries to begin with that of `old`."""

    old: int
    new: int
    proof: list[str]


class SigningKey(TypedDict):
    """A publisher's key; `public_key` is PEM."""

    id: str
    name: str
    public_key: str
    created_at: str
    revoked_at: str | None


class ReleaseSignature(TypedDict):
    """A release's DSSE envelope, as it was published, and the key that made it."""

    envelope: str
    key: SigningKey


class Operation(TypedDict):
    """Background work; `progress` runs from 0 to 1, `problem` is a problem document."""

    id: str
    kind: str
    state: Literal["queued", "running", "succeeded", "failed"]
    progress: float
    message: str
    problem: dict[str, Any] | None
    plugin_id: str


class Installation(TypedDict):
    """A release installed in the caller's tenant."""

    id: str
    plugin_id: str
    version: str
    enabled: bool
    grants: dict[str, dict[str, Any]]
    config: dict[str, Any]
    policy: Any
    update_available: dict[str, Any] | None


class Execution(TypedDict):
    """One run; `outcome` is None until it has ended.

    `replay` is {of, identical, diverged} of a replay; `requested` what the release of a try-out asks for.
    """

    id: str
    plugin_id: str
    version: str
    outcome: str | None
    output: Any
    problem: Any
    usage: dict[str, Any] | None
    permissions: dict[str, Any]
    walls: Any
    started_at: str | None
    ended_at: str | None
    replay: NotRequired[Any]
    requested: NotRequired[dict[str, Any]]


class LogEntry(TypedDict):
    """One log line of an execution; `at_ms` counts from its start."""

    at_ms: int
    level: str
    message: str


class ExecutionLog(TypedDict):
    """An execution's log; `truncated` when the guest wrote more than its limit."""

    items: list[LogEntry]
    truncated: bool


class AuditEntry(TypedDict):
    """One entry of the audit log."""

    sequence: int | None
    at: str
    actor: str | None
    tenant: str | None
    action: str
    resource_type: str
    resource_id: str
    outcome: str
    reason: str | None
    context: dict[str, Any]
    trace_id: str


class AuditHead(TypedDict):
    """A signed head of the audit log; `key` is the marketplace's own word for who signed."""

    size: int
    root: str
    note: str
    key: str
    at: str


class AuditProof(TypedDict):
    """That an entry is in the log; hashes and bytes are base64, `leaf` is None for what was archived."""

    entry: str
    sequence: int
    leaf: str | None
    leaf_hash: str
    archive: str | None
    proof: list[str]
    checkpoint: AuditHead


class Webhook(TypedDict):
    """Where notices are sent to; no `kinds` means all, `disabled_reason` is the marketplace's own."""

    id: str
    name: str
    url: str
    kinds: list[str]
    enabled: bool
    disabled_reason: str | None
    failing_since: str | None


class NewWebhook(Webhook):
    """A webhook that was made just now, with the secret that signs."""

    secret: str


class WebhookTrial(TypedDict):
    """How a test was taken; `status` is None without an answer."""

    delivery_id: str
    ok: bool
    status: int | None
    problem: str | None
    duration_ms: int


class Notice(TypedDict):
    """Something that the caller should know; `severity` is `info`, `warning` or `critical`."""

    id: str
    kind: str
    severity: str
    title: str
    text: str
    link: str | None
    subject: dict[str, str]
    data: dict[str, str]
    count: int
    created_at: str
    last_at: str
    read: bool


class Inbox(TypedDict):
    """A page of notices; `unread` counts all that the caller has not read."""

    items: list[Notice]
    next_cursor: str | None
    total: int
    unread: int


class Report(TypedDict):
    """What somebody said about a plugin; `state` is `open`, `upheld` or `dismissed`.

    `quarantines` says whether it stopped what it names at once.
    """

    id: str
    plugin_id: str
    version: str | None
    kind: str
    text: str
    state: str
    quarantines: bool
    case_id: str
    created_at: str


class Namespace(TypedDict):
    """A namespace of your tenant.

    `role` is what you are named as in it, None when you are not; `administers` whether you may name
    members and hand it over.
    """

    name: str
    members_only: bool
    role: str | None
    administers: bool
    plugins: int
    created_at: str


class NamespaceMember(TypedDict):
    """Somebody who belongs to a namespace: an `owner` or a `maintainer`."""

    user_id: str
    name: str | None
    role: str
    named_by: str | None
    named_at: str


#: An offer of a namespace to another tenant: offered, accepted, withdrawn, declined or expired.
Transfer = TypedDict(
    "Transfer",
    {
        "id": str,
        "namespace": str,
        "from": str,
        "to": str,
        "state": str,
        "offered_at": str,
        "expires_at": str,
        "ended_at": str | None,
    },
)


class DomainProof(TypedDict):
    """A domain that proves who a publisher is, once `expected` stands at `place`."""

    id: str
    domain: str
    method: str
    state: str
    place: str
    expected: str
    problem: str | None
    checked_at: str | None
    expires_at: str


class Quota(TypedDict):
    """What a publisher uses and may: `storage_bytes`, `releases` and `releases_per_hour` of each."""

    used: dict[str, int]
    allowed: dict[str, int]


class TrustedWorkflow(TypedDict):
    """A workflow of a build service that may publish a plugin."""

    id: str
    plugin: str
    issuer: str
    repository: str
    repository_id: str | None
    workflow: str
    environment: str | None
    created_at: str


class Advisory(TypedDict):
    """What is wrong with releases of a plugin; `versions` stands where one advisory is asked for."""

    id: str
    plugin_id: str
    severity: str
    title: str
    details: str
    affected: str
    fixed: str | None
    references: list[str]
    filed_by: str
    filed_at: str
    changed_at: str
    withdrawn_at: str | None
    withdrawn_reason: str | None
    versions: NotRequired[list[str]]


class Affected(TypedDict):
    """Affected installations by tenant and version; `tenant` is None where you may know the number alone."""

    items: list[dict[str, Any]]
    installations: int


class Rollout(TypedDict):
    """How many percent of the installations a release has reached, and whether it mends a weakness."""

    percent: int
    security: bool


class PlanStep(TypedDict):
    """A plugin that comes along with an installation or an update."""

    action: Literal["install", "update"]
    plugin_id: str
    version: str
    present: str | None
    needed_by: list[str]
    permissions: dict[str, dict[str, Any]]
    new_permissions: dict[str, Any]


class Plan(TypedDict):
    """What an installation or an update would do; `problem` says why its dependencies do not go together."""

    plugin_id: str
    version: str
    present: str | None
    permissions: dict[str, dict[str, Any]]
    steps: list[PlanStep]
    problem: str | None
    warnings: list[str]
