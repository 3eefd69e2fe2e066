"""What is installed, what is being done to it, and what an installation would take along."""

from typing import Any, Literal, TypedDict


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


class PlanStep(TypedDict):
    """A plugin that comes along with an installation or an update; `warning` says what speaks against it."""

    action: Literal["install", "update"]
    plugin_id: str
    version: str
    present: str | None
    needed_by: list[str]
    permissions: dict[str, dict[str, Any]]
    new_permissions: dict[str, Any]
    warning: str | None


class Plan(TypedDict):
    """What an installation or an update would do; `problem` says why its dependencies do not go together."""

    plugin_id: str
    version: str
    present: str | None
    permissions: dict[str, dict[str, Any]]
    steps: list[PlanStep]
    problem: str | None
    warnings: list[str]
