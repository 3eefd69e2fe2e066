"""Queries of sessions and of sign-ins under way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, delete, insert, select, update

from aei_marketplace.accounts.models import sessions, sign_ins
from aei_marketplace.ground.work import Work


async def session_state(pool: asyncpg.Pool, session_hash: bytes) -> asyncpg.Record | None:
    """Who stands behind a session's hash."""
    return await pool.fetchrow("select * from authenticate_session($1)", session_hash)


async def seen(pool: asyncpg.Pool, session_id: UUID, at: datetime) -> None:
    """Note that a session is in use."""
    await pool.execute("select session_seen($1, $2)", session_id, at)


async def add(work: Work, values: dict[str, Any]) -> None:
    """Store a new session."""
    await work.run(insert(sessions).values(**values))


async def find(work: Work, session_id: UUID) -> Row[Any] | None:
    """A session that goes on, if the actor may see it."""
    live = (sessions.c.id == session_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > work.now)
    return (await work.run(select(sessions).where(*live))).first()


async def list_live(work: Work, user_id: UUID) -> Sequence[Row[Any]]:
    """A person's sessions that go on, newest first."""
    live = (sessions.c.user_id == user_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > work.now)
    return (await work.run(select(sessions).where(*live).order_by(sessions.c.id.desc()))).all()


async def end(work: Work, by: str, *, but: UUID | None = None, **where: Any) -> Sequence[UUID]:
    """End the sessions whose columns have these values; their ids.

    Args:
        by: why, as the table names it.
        but: one that goes on.
    """
    conditions = [sessions.c[name] == value for name, value in where.items()]
    if but is not None:
        conditions.append(sessions.c.id != but)
    statement = (
        update(sessions)
        .where(sessions.c.ended_at.is_(None), *conditions)
        .values(ended_at=work.now, ended_by=by, challenge=None, challenge_for=None, challenge_until=None)
        .returning(sessions.c.id)
    )
    return (await work.run(statement)).scalars().all()


async def change(work: Work, session_id: UUID, **values: Any) -> bool:
    """Change a session that goes on; False when it does not."""
    live = (sessions.c.id == session_id, sessions.c.ended_at.is_(None))
    return (await work.run(update(sessions).where(*live).values(**values))).rowcount == 1


async def take_challenge(work: Work, session_id: UUID, purpose: str) -> bytes | None:
    """The challenge that a session's passkey was to sign, taken away, so that it is answered once."""
    wanted = select(sessions.c.challenge).where(
        sessions.c.id == session_id,
        sessions.c.challenge_for == purpose,
        sessions.c.challenge_until > work.now,
        sessions.c.ended_at.is_(None),
    )
    challenge: bytes | None = (await work.run(wanted.with_for_update())).scalar_one_or_none()
    if challenge is not None:
        await change(work, session_id, challenge=None, challenge_for=None, challenge_until=None)
    return challenge


async def add_sign_in(work: Work, values: dict[str, Any]) -> None:
    """Store a sign-in under way."""
    await work.run(insert(sign_ins).values(**values))


async def find_sign_in(work: Work, secret_hash: bytes) -> Row[Any] | None:
    """The sign-in of a browser that waits for a passkey."""
    open_ones = (
        sign_ins.c.hash == secret_hash,
        sign_ins.c.used_at.is_(None),
        sign_ins.c.expires_at > work.now,
        sign_ins.c.challenge.is_not(None),
    )
    return (await work.run(select(sign_ins).where(*open_ones))).first()


async def take_sign_in(work: Work, secret_hash: bytes, **where: Any) -> Row[Any] | None:
    """The sign-in of a browser whose columns have these values, taken, so that it is used once."""
    conditions = [sign_ins.c[name] == value for name, value in where.items()]
    statement = (
        update(sign_ins)
        .where(
            sign_ins.c.hash == secret_hash,
            sign_ins.c.used_at.is_(None),
            sign_ins.c.expires_at > work.now,
            *conditions,
        )
        .values(used_at=work.now)
        .returning(sign_ins)
    )
    return (await work.run(statement)).first()


async def forget(work: Work, before: datetime) -> None:
    """Drop sign-ins that are over, and sessions that ended or expired before a moment."""
    await work.run(delete(sign_ins).where(sign_ins.c.expires_at < work.now))
    await work.run(delete(sessions).where(sessions.c.expires_at < before))


async def forget_person(work: Work, user_id: UUID) -> None:
    """Drop somebody's sessions, with the addresses and browsers that they hold."""
    for held in (sign_ins, sessions):
        await work.run(delete(held).where(held.c.user_id == user_id))
