"""The three statements of a run: what applies, the start, the end. Each is one transaction."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from aei_marketplace.accounts.rules import TokenState
from aei_marketplace.billing.errors.caps import CAP_REACHED, NOT_BOUGHT, cap_reached
from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.executions.rules.endings import Ending
from aei_marketplace.executions.rules.journals import Kept
from aei_marketplace.ground.audit import Entry

_TERMS = "select * from execution_terms($1, $2, $3)"
_START = f"select execution_start({', '.join(f'${n}' for n in range(1, 23))})"
_KNOWN = "select token, terms from execution_known($1, $2, $3)"
_START_IF_KNOWN = f"select execution_start_if_known({', '.join(f'${n}' for n in range(1, 25))})"
_END = f"select execution_end({', '.join(f'${n}' for n in range(1, 25))})"


@dataclass(frozen=True, slots=True)
class Terms:
    """What applies to a plugin in a tenant right now; JSON columns as their text.

    Attributes:
        release_state: None when the tenant may not see the release any more.
        billing: what stands between the tenant and a run; None where no price is in effect.
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
    billing: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The row of a start.

    Attributes:
        installation_id: None for a try-out, and for the replay of one.
        parent_id: the execution whose guest waits for this one.
        depth: how many executions wait for it.
        replay_of: the execution whose journal answers this one.
        purchase_id: under which it is counted; None where it costs nothing.
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
    purchase_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Who stands behind a token and what applies to a plugin, as of one moment.

    Attributes:
        holder: None for an unknown token.
        terms: None when the plugin is not installed in the token's tenant.
        digest: changes when either does.
    """

    holder: TokenState | None
    terms: Terms | None
    digest: bytes


class _TermsRow(msgspec.Struct):
    """The row as JSON; its JSON columns keep their text."""

    installation_id: UUID
    release_id: UUID
    version: str
    enabled: bool
    grants: msgspec.Raw
    config: msgspec.Raw
    policy: msgspec.Raw
    tenant_policies: msgspec.Raw
    release_state: str | None
    state_reason: str | None
    billing: msgspec.Raw

    def terms(self) -> Terms:
        values = [getattr(self, name) for name in self.__struct_fields__]
        columns: list[Any] = [bytes(v).decode() if isinstance(v, msgspec.Raw) else v for v in values]
        columns[-1] = None if columns[-1] == "null" else columns[-1]
        return Terms(*columns)


_terms = msgspec.json.Decoder(_TermsRow)


async def find_known(pool: asyncpg.Pool, token_hash: bytes, plugin_id: str, at: datetime) -> Known:
    """Both in one statement, with what a later start compares."""
    token, terms = await pool.fetchrow(_KNOWN, token_hash, plugin_id, at)
    return Known(
        TokenState.read(token) if token else None,
        _terms.decode(terms).terms() if terms else None,
        hashlib.sha256(((token or "") + (terms or "")).encode()).digest(),
    )


async def find_terms(pool: asyncpg.Pool, tenant: UUID, plugin_id: str, at: datetime) -> Terms | None:
    """What applies to a plugin in a tenant, None when it is not installed."""
    row = await pool.fetchrow(_TERMS, tenant, plugin_id, at)
    return None if row is None else Terms(*row)


async def write_start(pool: asyncpg.Pool, start: Start, entry: Entry) -> None:
    """Write a start and its entry, durably; what it costs is reserved with it.

    Raises:
        SpendCapReached, PaymentRequired: it may not cost that much, or is not bought any more.
    """
    with _told_of_money(start):
        await pool.execute(_START, *_start_values(start, entry))


async def write_start_if_known(
    pool: asyncpg.Pool, start: Start, entry: Entry, token_hash: bytes, digest: bytes
) -> bool:
    """The same, unless what the digest was made of has changed since: then False, and nothing is written."""
    values = _start_values(start, entry)
    with _told_of_money(start):
        written: bool = await pool.fetchval(_START_IF_KNOWN, token_hash, digest, *values)
    return written


@contextmanager
def _told_of_money(start: Start) -> Iterator[None]:
    """What the database says about money, in words (see `billing_reserve` in migration 0031)."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == CAP_REACHED:
            raise cap_reached(start.plugin_id, error.message, error.detail) from error
        if error.sqlstate == NOT_BOUGHT:
            raise PaymentRequired(f"Your tenant's access to {start.plugin_id} has just ended.") from error
        raise


def _start_values(start: Start, entry: Entry) -> tuple[Any, ...]:
    own = (getattr(start, name) for name in Start.__slots__)
    return (*own, entry.id, str(entry.actor.kind), entry.content, entry.leaf_hash)


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
