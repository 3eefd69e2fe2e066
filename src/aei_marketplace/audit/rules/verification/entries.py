"""Whether an entry is still what was written: its bytes, the columns beside them, its personal data."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

import msgspec

from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.ground.actor import ActorKind
from aei_marketplace.ground.audit import PREFIX, Opening, commitment


class Stored(Protocol):
    """A leaf's row, joined with its entry's; an asyncpg record gives these by name."""

    def __getitem__(self, name: str, /) -> Any: ...


class _Actor(msgspec.Struct):
    kind: str
    id: str | None


class _Resource(msgspec.Struct):
    type: str
    id: str


class _Document(msgspec.Struct):
    id: UUID
    at: datetime
    actor: _Actor
    tenant: UUID | None
    action: str
    resource: _Resource
    outcome: str
    personal: dict[str, str]
    trace_id: str


_SEARCHED = (
    "entry_id",
    "at",
    "tenant_id",
    "action",
    "resource_id",
    "resource_type",
    "outcome",
    "trace_id",
    "actor_kind",
)
_columns = itemgetter(*_SEARCHED)
_WITH_ID = (ActorKind.USER, ActorKind.SERVICE)
_decode = msgspec.json.Decoder(_Document).decode


@dataclass(frozen=True, slots=True)
class Commitments:
    """What an entry commits to, by name."""

    sequence: int
    entry: UUID
    values: Mapping[str, str]


def judge(row: Stored) -> tuple[Finding | None, dict[str, str]]:
    """Compare an entry whose bytes have the right hash with the columns that are searched.

    Returns:
        What is wrong, and the entry's commitments.
    """
    try:
        document = _decode(row["content"][len(PREFIX) :])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _finding(row, Kind.EDITED, "its bytes are not an entry"), {}
    wrong = _wrong_column(row, document)
    if wrong is None:
        return None, document.personal
    detail = f"the column {wrong}, by which it is found, is not what the entry says"
    return _finding(row, Kind.COLUMNS_CHANGED, detail), document.personal


def judge_openings(committed: Mapping[UUID, Commitments], openings: Iterable[Stored]) -> list[Finding]:
    """Compare personal data with what the entries commit to; data that is gone was erased, and may be."""
    findings = []
    for row in openings:
        entry = committed.get(row["entry_id"])
        opened = commitment(Opening(row["name"], row["value"], bytes(row["key"])))
        expected = entry.values.get(row["name"]) if entry else None
        if expected is None or not hmac.compare_digest(opened, expected):
            findings.append(
                Finding(
                    Kind.PERSONAL_CHANGED,
                    f"the personal value {row['name']!r} is not what entry {row['entry_id']} commits to",
                    entry.sequence if entry else None,
                    row["entry_id"],
                )
            )
    return findings


def _wrong_column(row: Stored, document: _Document) -> str | None:
    found, actor, resource = _columns(row), document.actor, document.resource
    said = (
        document.id,
        document.at,
        document.tenant,
        document.action,
        resource.id,
        resource.type,
        document.outcome,
        document.trace_id,
        actor.kind,
    )
    if found == said and _same_actor(row["actor_id"], actor):
        return None
    pairs = zip(_SEARCHED, found, said, strict=True)
    return next((name for name, column, value in pairs if column != value), "actor_id")


def _same_actor(column: UUID | None, said: _Actor) -> bool:
    # The system's jobs have a name and no id, visitors neither; a person or a service always has an id.
    return str(column) == said.id if column is not None else said.kind not in _WITH_ID


def _finding(row: Stored, kind: Kind, detail: str) -> Finding:
    return Finding(
        kind, f"entry {row['sequence']} ({row['entry_id']}): {detail}", row["sequence"], row["entry_id"]
    )
