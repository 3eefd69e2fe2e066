"""The loops of the job process: the sequencer, which signs too since it knows first what is new, and the
delivery to a collector."""

import asyncio
import random

import asyncpg
import structlog

from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.service.checkpoints import Signer
from aei_marketplace.audit.service.delivering import BATCH as DELIVERED_AT_ONCE
from aei_marketplace.audit.service.delivering import deliver_next
from aei_marketplace.audit.service.sequencing import BATCH, sequence_pending
from aei_marketplace.audit.service.signing import Signing
from aei_marketplace.audit.store.deliveries import become_deliverer
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.collecting import Collector, CollectorFailed

#: An entry waits at most this long, and then as long as its batch takes.
PAUSE_S = 0.2
RECONNECT_S = 1.0
#: New entries are delivered this often; a collector that fails is left alone for longer and longer.
DELIVERY_PAUSE_S, LONGEST_BACK_OFF_S = 1.0, 300.0

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


async def deliver_for_ever(system_url: str, clock: Clock, collector: Collector) -> None:
    """Deliver the log to a collector for as long as the process runs.

    Args:
        system_url: asyncpg DSN of the role `aei_system`.
    """
    failures = 0
    while True:
        try:
            connection = await asyncpg.connect(system_url)
            try:
                mine = await become_deliverer(connection)
                while mine:
                    delivered = await deliver_next(connection, collector, clock)
                    failures = 0
                    if delivered < DELIVERED_AT_ONCE:
                        await asyncio.sleep(DELIVERY_PAUSE_S)
            finally:
                await connection.close()
        except CollectorFailed as error:
            failures += 1
            log.warning("audit.collector_failed", reason=str(error), failures=failures)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            failures += 1
            log.warning("audit.delivery_reconnects", exc_info=True)
        await asyncio.sleep(back_off(failures))


def back_off(failures: int) -> float:
    """Seconds until the next attempt: doubled each time, and never the same for all."""
    longest: float = min(LONGEST_BACK_OFF_S, DELIVERY_PAUSE_S * 2.0 ** min(failures, 20))
    return longest * random.uniform(0.5, 1)  # noqa: S311 spreads load, guards nothing
