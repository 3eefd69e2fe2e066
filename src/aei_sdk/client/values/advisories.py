"""Advisories on plugins."""

from typing import Any, NotRequired, TypedDict


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
