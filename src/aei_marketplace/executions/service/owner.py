"""Whose executions they are: each web process holds a lock in the database for as long as it lives.

An execution without an end whose owner's lock is free has lost its process, and nothing else shows
that as surely: a lock of a session ends with the session, however the process ended.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import structlog

_TAKE = "select pg_try_advisory_lock($1)"
_RETRY_SECONDS = 1.0

log = structlog.get_logger()


class Owner:
    """One process's lock; see `hold_owner`.

    While `held` is false (the connection broke), nothing may start under this owner: somebody else
    might already be ending what it left behind.
    """

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.held = False

    async def keep(self, url: str, first: asyncio.Event) -> None:
        """Hold the lock, and take it again whenever its connection broke, until cancelled."""
        while True:
            try:
                await self._hold(url, first)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("executions.owner_lock_lost", owner=str(self.id), error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _hold(self, url: str, first: asyncio.Event) -> None:
        connection = await asyncpg.connect(url, server_settings={"application_name": f"owner {self.id}"})
        broken = asyncio.Event()
        connection.add_termination_listener(lambda _: broken.set())
        try:
            # Refused only while the server has not noticed that an earlier session of ours is gone.
            if await connection.fetchval(_TAKE, lock_key(self.id)):
                self.held = True
                first.set()
                await broken.wait()
        finally:
            self.held = False
            connection.terminate()


@asynccontextmanager
async def hold_owner(url: str) -> AsyncIterator[Owner]:
    """An owner whose lock is held until the block ends, on a connection of its own.

    Args:
        url: asyncpg DSN.
    """
    owner, first = Owner(uuid4()), asyncio.Event()
    keeping = asyncio.create_task(owner.keep(url, first))
    try:
        await first.wait()
        yield owner
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


def lock_key(owner: UUID) -> int:
    """The advisory lock's key: the last eight bytes of the id, as PostgreSQL's signed bigint."""
    return int.from_bytes(owner.bytes[8:], "big", signed=True)
