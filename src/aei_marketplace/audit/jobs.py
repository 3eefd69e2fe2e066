"""The sequencer: one loop in the job process. It signs too, since it knows first what is new."""

import asyncio

import asyncpg
import structlog

from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.service.checkpoints import Signer
from aei_marketplace.audit.service.sequencing import BATCH, sequence_pending
from aei_marketplace.audit.service.signing import Signing
from aei_marketplace.ground.clock import Clock

#: An entry waits at most this long, and then as long as its batch takes.
PAUSE_S = 0.2
RECONNECT_S = 1.0

log = structlog.get_logger()


async def sequence_for_ever(system_url: str, clock: Clock, signer: Signer) -> None:
    """Sequence entries and sign the tree for as long as the process runs.

    Args:
        system_url: asyncpg DSN of the role `aei_system`.

    Raises:
        LogCorrupt: somebody changed an entry; a person has to look.
    """
    signing = Signing(signer)
    while True:
        try:
            connection = await asyncpg.connect(system_url)
            try:
                await _sequence(connection, clock, signing)
            finally:
                await connection.close()
        except LogCorrupt:
            log.critical("audit.corrupt", exc_info=True)
            raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            log.warning("audit.sequencer_reconnects", exc_info=True)
            await asyncio.sleep(RECONNECT_S)


async def _sequence(connection: asyncpg.Connection, clock: Clock, signing: Signing) -> None:
    while True:
        taken = await sequence_pending(connection, clock)
        await signing.step(connection, taken)
        if taken < BATCH:
            await asyncio.sleep(PAUSE_S)
