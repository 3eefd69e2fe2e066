"""The sequencer: one loop in the job process."""

import asyncio

import asyncpg
import structlog

from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.service import BATCH, sequence_pending
from aei_marketplace.ground.clock import Clock

#: An entry waits at most this long, and then as long as its batch takes.
PAUSE_S = 0.2
RECONNECT_S = 1.0

log = structlog.get_logger()


async def sequence_for_ever(system_url: str, clock: Clock) -> None:
    """Sequence entries for as long as the process runs.

    Args:
        system_url: asyncpg DSN of the role `aei_system`.

    Raises:
        LogCorrupt: somebody changed an entry; a person has to look.
    """
    while True:
        try:
            connection = await asyncpg.connect(system_url)
            try:
                await _sequence(connection, clock)
            finally:
                await connection.close()
        except LogCorrupt:
            log.critical("audit.corrupt", exc_info=True)
            raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            log.warning("audit.sequencer_reconnects", exc_info=True)
            await asyncio.sleep(RECONNECT_S)


async def _sequence(connection: asyncpg.Connection, clock: Clock) -> None:
    while True:
        if await sequence_pending(connection, clock) < BATCH:
            await asyncio.sleep(PAUSE_S)
