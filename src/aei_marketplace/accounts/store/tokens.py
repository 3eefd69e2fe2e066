"""Queries of tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import tokens
from aei_marketplace.ground.actor import PUBLISH
from aei_marketplace.ground.work import Work


async def token_state(pool: asyncpg.Pool, token_hash: bytes) -> asyncpg.Record | None:
    """Who stands behind a token's hash."""
    return await pool.fetchrow("select * from authenticate($1)", token_hash)


async def add_token(work: Work, values: dict[str, Any]) -> None:
    """Store an issued token's hash."""
    await work.run(insert(tokens).values(**values))


async def list_tokens(work: Work, user_id: UUID | None) -> Sequence[Row[Any]]:
    """Tokens of one user, or of the whole tenant when `user_id` is None, newest first."""
    statement = select(tokens).order_by(tokens.c.id.desc())
    if user_id is not None:
        statement = statement.where(tokens.c.user_id == user_id)
    return (await work.run(statement)).all()


async def find_token(work: Work, token_id: UUID) -> Row[Any] | None:
    """A token by id, if the actor may see it."""
    return (await work.run(select(tokens).where(tokens.c.id == token_id))).first()


async def revoke_publishing_tokens(work: Work, tenant_id: UUID, namespace: str) -> int:
    """Revoke a tenant's valid tokens that name a namespace or a plugin in it; how many there were."""
    scope = func.unnest(tokens.c.scopes).column_valued("scope")
    named = exists(select(scope).where(scope.startswith(f"{PUBLISH}:{namespace}.", autoescape=True)))
    mine = tokens.c.tenant_id == tenant_id, tokens.c.revoked_at.is_(None)
    statement = update(tokens).where(*mine, named).values(revoked_at=work.now)
    return (await work.run(statement)).rowcount


async def revoke_tokens(work: Work, at: datetime, **where: Any) -> int:
    """Revoke the valid tokens whose columns have these values; how many there were."""
    conditions = [tokens.c[name] == value for name, value in where.items()]
    statement = update(tokens).where(tokens.c.revoked_at.is_(None), *conditions).values(revoked_at=at)
    return (await work.run(statement)).rowcount
