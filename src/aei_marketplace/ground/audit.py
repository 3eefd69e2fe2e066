"""Audit entries in their final form: canonical bytes, leaf hash, keyed commitments.

An entry's bytes are `aei-audit/1` and a newline, then its JSON in canonical form (RFC 8785 for the
values used here: objects with ASCII keys, texts, integers, booleans, null, arrays). Its leaf hash is
that of RFC 6962: SHA-256 over a zero byte and the entry. Personal data stands outside: the entry
holds HMAC-SHA256 commitments under a random key for each value, and key and value lie in an erasable
table. Deleting them leaves every hash and proof as it was.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import rfc3339
from aei_protocol.merkle import leaf_hash

PREFIX = b"aei-audit/1\n"
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Fact:
    """What an entry says happened.

    Attributes:
        action: `noun.verb`, for example `plugin.publish`.
        outcome: `ok`, `denied`, `failed`, or an execution's outcome.
        reason: words of the system's own; what a person typed belongs into `personal`.
        context: further facts: texts, whole numbers, booleans, arrays and objects of them.
        personal: data of people, by name: committed to here, kept beside, erasable.
    """

    action: str
    resource_type: str
    resource_id: str
    outcome: str = "ok"
    reason: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens one commitment; erasing it closes the commitment for good."""

    name: str
    value: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact as it is stored."""

    id: UUID
    at: datetime
    actor: Actor
    fact: Fact
    trace_id: str
    content: bytes
    leaf_hash: bytes
    openings: tuple[Opening, ...]


def make_entry(entry_id: UUID, at: datetime, actor: Actor, fact: Fact, trace_id: str) -> Entry:
    """Encode a fact for good."""
    openings = tuple(Opening(n, v, secrets.token_bytes(32)) for n, v in sorted(fact.personal.items()))
    content = PREFIX + _encoder.encode(_document(entry_id, at, actor, fact, trace_id, openings))
    return Entry(entry_id, at, actor, fact, trace_id, content, leaf_hash(content), openings)


def commitment(opening: Opening) -> str:
    """The keyed commitment to a value, in hexadecimal."""
    return hmac.new(opening.key, f"{opening.name}\x00{opening.value}".encode(), hashlib.sha256).hexdigest()


def read_entry(content: bytes) -> dict[str, Any]:
    """The document inside an entry's bytes.

    Raises:
        ValueError: the bytes are not an entry of this version.
    """
    if not content.startswith(PREFIX):
        raise ValueError("not an audit entry of version 1")
    document: dict[str, Any] = msgspec.json.decode(content[len(PREFIX) :])
    return document


def _document(
    entry_id: UUID, at: datetime, actor: Actor, fact: Fact, trace_id: str, openings: tuple[Opening, ...]
) -> dict[str, Any]:
    return {
        "id": str(entry_id),
        "at": rfc3339(at),
        "actor": {"kind": str(actor.kind), "id": _actor_id(actor)},
        "tenant": str(actor.tenant) if actor.tenant else None,
        "action": fact.action,
        "resource": {"type": fact.resource_type, "id": fact.resource_id},
        "outcome": fact.outcome,
        "reason": fact.reason,
        "context": fact.context,
        "personal": {o.name: commitment(o) for o in openings},
        "trace_id": trace_id,
    }


def _actor_id(actor: Actor) -> str | None:
    return str(actor.id) if actor.id else (actor.name or None)
