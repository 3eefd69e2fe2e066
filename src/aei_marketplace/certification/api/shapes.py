"""The shapes in which certification is told."""

from collections.abc import Sequence
from typing import Any

import msgspec

from aei_inspection.checks.report import CheckResult
from aei_marketplace.certification.rules.policies import Policy, PolicyVersion, Waiver
from aei_marketplace.certification.rules.verdicts import Verdict
from aei_marketplace.certification.service import Described, Request, Standing

#: What a badge means, wherever it is told in words.
MEANING = (
    "A badge says that this very package met the named policy when it was scanned. It does not say that the"
    " code does no harm, nor anything about other versions."
)


def request_shape(request: Request, *, staff: bool = False) -> dict[str, Any]:
    """A request in a list.

    Args:
        staff: whoever reads it may know who decided.
    """
    basis = request.basis
    decided = None
    if request.decided_at is not None:
        by = request.decided_by if staff else ("policy" if request.decided_by is None else "certifier")
        decided = {"by": by, "at": request.decided_at, "reason": request.reason}
    return {
        "id": request.id,
        "plugin_id": request.plugin_id,
        "version": request.version,
        "purpose": request.purpose,
        "sha256": request.digest,
        "state": request.state,
        "policy": None if basis is None else {"number": basis.policy_number, "digest": basis.policy_digest},
        "outcome": None if basis is None else basis.outcome,
        "scanned_at": None if basis is None else basis.scanned_at,
        "advisories_at": None if basis is None else basis.advisories_at,
        "problem": request.problem,
        "approvals": int(request.first_approval_by is not None),
        "decision": decided,
        "submitted_at": request.submitted_at,
        "operation_id": request.operation_id,
        "case_id": request.case_id,
        "expires_at": request.expires_at,
        "ended_at": request.suspended_at,
        "ended_reason": request.suspended_reason,
        "signed": request.signed,
    }


def described_shape(
    described: Described, waivers: Sequence[Waiver] = (), *, staff: bool = False
) -> dict[str, Any]:
    """A request with what its scan found: the verdict first, then the checks."""
    evidence, verdict = described.evidence, described.verdict
    return {
        **request_shape(described.request, staff=staff),
        "verdict": None if verdict is None else _verdict_shape(verdict),
        "inspected": None if evidence is None else evidence.inspected,
        "scanner": {} if evidence is None else evidence.scanner,
        "hosts": () if evidence is None else evidence.hosts,
        "checks": [_check_shape(check, verdict) for check in evidence.checks] if evidence and verdict else [],
        "waivers": [msgspec.to_builtins(waiver) for waiver in waivers],
        "changes": None if described.changes is None else msgspec.to_builtins(described.changes),
    }


def standing_shape(standing: Standing, waivers: Sequence[Waiver], *, staff: bool) -> dict[str, Any]:
    """How a release stands, in short and in full."""
    found = standing.certification
    return {
        "plugin_id": standing.release.plugin_id,
        "version": standing.release.version,
        "sha256": standing.release.package_sha256,
        "certified": standing.release.certified,
        "expires_at": standing.release.certified_until,
        "meaning": MEANING,
        "statement": standing.badge is not None and standing.badge.signed,
        "certification": None if found is None else described_shape(found, waivers, staff=staff),
        "publish_scan": None
        if standing.publish_scan is None
        else described_shape(standing.publish_scan, waivers, staff=staff),
    }


def policy_shape(policy: Policy) -> dict[str, Any]:
    """A policy."""
    return {"number": policy.number, "digest": policy.digest, **msgspec.to_builtins(policy.terms)}


def version_shape(version: PolicyVersion) -> dict[str, Any]:
    """A policy among all versions."""
    return {**policy_shape(version.policy), "since": version.since, "in_force": version.in_force}


def _verdict_shape(verdict: Verdict) -> dict[str, Any]:
    return {"outcome": verdict.outcome, "objections": msgspec.to_builtins(verdict.objections)}


def _check_shape(check: CheckResult, verdict: Verdict) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(check)
    for finding, said in zip(check.findings, shown["findings"], strict=True):
        said["waived"] = verdict.waives(check.id, finding)
    return shown
