"""Entries of the audit log, and their proofs."""

from typing import Any, TypedDict


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
