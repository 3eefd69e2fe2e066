"""What runs beside the requests: passing the database's word of changes on to listeners."""

import asyncio
from typing import Any

import asyncpg
import structlog

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.operations.service import fail_forgotten
from aei_marketplace.operations.store import CHANNEL

log = structlog.get_logger()

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 10.0


async def relay_operations(dsn: str, live: Live) -> None:
    """Say `operation:<id>` on `live` whenever an operation changes, in any process; runs until cancelled.

    What is missed while the connection is down is not lost: who follows an operation reads it again
    when it has been quiet.

    Args:
        dsn: asyncpg DSN; any role may listen.
    """
    pause = SHORTEST_PAUSE
    while True:
        try:
            connection = await asyncpg.connect(dsn)
            pause = SHORTEST_PAUSE
            await _relay_until_closed(connection, live)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("operations.relay_disconnected", error=str(error), again_in_s=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def end_forgotten(deps: Deps) -> None:
    """Tell whoever still waits for an operation that nobody works on it any more."""
    async with deps.works.system("operations.end_forgotten") as work:
        await fail_forgotten(work)


async def _relay_until_closed(connection: Any, live: Live) -> None:
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())

    def pass_on(_connection: Any, _pid: int, _channel: str, operation_id: str) -> None:
        live.say(f"operation:{operation_id}", operation_id)

    try:
        await connection.add_listener(CHANNEL, pass_on)
        await closed.wait()
    finally:
        connection.terminate()
