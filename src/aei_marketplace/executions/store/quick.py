"""The three statements of a run: what applies, the start, the end. Each is one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from aei_marketplace.executions.rules.endings import Ending
from aei_marketplace.executions.rules.journals import Kept
from aei_marketplace.ground.audit import Entry

_TERMS = "select * from execution_terms($1, $2)"
_START = f"select execution_start({', '.join(f'${n}' for n in range(1, 22))})"
_END = f"select execution_end({', '.join(f'${n}' for n in range(1, 25))})"


@dataclass(frozen=True, slots=True)
class Terms:
    """What applies to a plugin in a tenant right now; JSON columns as their text.

    Attributes:
        release_state: None when the tenant may not see the release any more.
    """

    installation_id: UUID
    release_id: UUID
    version: str
    enabled: bool
    grants: str
    config: str
    policy: str
    tenant_policies: str
    release_state: str | None
    state_reason: str | None


@dataclass(frozen=True, slots=True)
class Start:
    """The row of a start.

    Attributes:
        installation_id: None for a try-out, and for the replay of one.
        parent_id: the execution whose guest waits for this one.
        depth: how many executions wait for it.
        replay_of: the execution whose journal answers this one.
    """

    tenant: UUID
    id: UUID
    installation_id: UUID | None
    plugin_id: str
    version: str
    release_id: UUID
    actor_id: UUID
    mode: str
    owner: UUID
    trace_id: str
    limits: str
    task_bytes: int
    task_sha256: bytes
    started_at: datetime
    parent_id: UUID | None = None
    depth: int = 0
    replay_of: UUID | None = None


async def find_terms(pool: asyncpg.Pool, tenant: UUID, plugin_id: str) -> Terms | None:
    """What applies to a plugin in a tenant, None when it is not installed."""
    row = await pool.fetchrow(_TERMS, tenant, plugin_id)
    return None if row is None else Terms(*row)


async def write_start(pool: asyncpg.Pool, start: Start, entry: Entry) -> None:
    """Write a start and its entry, durably."""
    await pool.execute(
        _START,
        *(getattr(start, name) for name in Start.__slots__),
        entry.id,
        str(entry.actor.kind),
        entry.content,
        entry.leaf_hash,
    )


async def write_end(
    pool: asyncpg.Pool,
    start: Start,
    at: datetime,
    ending: Ending,
    lines: bytes | None,
    kept: Kept,
    entries: list[Entry],
) -> bool:
    """Write the one end of an execution and its entries, durably; False when it has one already."""
    actor = entries[0].actor
    written: bool = await pool.fetchval(
        _END,
        *(start.tenant, start.id, at, str(ending.outcome), ending.output, ending.problem),
        *(ending.usage, ending.permissions, list(ending.walls), ending.log_truncated, lines),
        *(str(actor.kind), actor.id, start.trace_id),
        *_columns(entries),
        *(kept.journal, *((kept.sealed.nonce, kept.sealed.content) if kept.sealed else (None, None))),
        *(kept.divergence, kept.identical),
    )
    return written


def _columns(entries: list[Entry]) -> tuple[list[Any], ...]:
    return (
        [e.id for e in entries],
        [e.fact.action for e in entries],
        [e.fact.outcome for e in entries],
        [e.content for e in entries],
        [e.leaf_hash for e in entries],
    )
