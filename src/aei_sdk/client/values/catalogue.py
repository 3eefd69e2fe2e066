"""Plugins, their releases, and releases that are rolled out in steps."""

from typing import Any, NotRequired, TypedDict


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


class Rollout(TypedDict):
    """How many percent of the installations a release has reached, and whether it mends a weakness."""

    percent: int
    security: bool
