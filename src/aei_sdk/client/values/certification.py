"""Requests for certification, and what a release's certification says."""

from typing import Any, TypedDict


class CertificationRequest(TypedDict):
    """A request; `verdict`, `checks` and `waivers` stand where it is shown alone."""

    id: str
    plugin_id: str
    version: str
    state: str
    outcome: str | None
    problem: str | None
    decision: dict[str, Any] | None
    submitted_at: str
    operation_id: str | None
    expires_at: str | None
    ended_reason: str | None
    verdict: dict[str, Any] | None
    checks: list[dict[str, Any]]


class Certification(TypedDict):
    """How a release stands; `meaning` says what a badge does and does not say."""

    plugin_id: str
    version: str
    sha256: str
    certified: bool
    expires_at: str | None
    meaning: str
    statement: bool
    certification: CertificationRequest | None
    publish_scan: CertificationRequest | None
