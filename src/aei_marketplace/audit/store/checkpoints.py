"""Signed checkpoints in the database."""

from datetime import datetime

import asyncpg

from aei_inspection.notes import Checkpoint

_NEWEST = "select note from audit_checkpoints order by size desc limit 1"
_ADD = "insert into audit_checkpoints (size, root, note, verifying_key, at) values ($1, $2, $3, $4, $5)"


async def newest(connection: asyncpg.Connection) -> str | None:
    """The note over the largest tree."""
    found: str | None = await connection.fetchval(_NEWEST)
    return found


async def add(
    connection: asyncpg.Connection, checkpoint: Checkpoint, note: str, verifying_key: str, at: datetime
) -> None:
    """Keep one more."""
    await connection.execute(_ADD, checkpoint.size, checkpoint.root, note, verifying_key, at)
