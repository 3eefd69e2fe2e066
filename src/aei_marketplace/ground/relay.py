"""Passing the database's word of changes on to whoever listens in this process."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import structlog

from aei_marketplace.ground.live import Live

log = structlog.get_logger()

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 10.0


async def relay(dsn: str, live: Live, channels: Mapping[str, str]) -> None:
    """Say `<topic>:<payload>` on `live` for every notification, of any process; runs until cancelled.

    What is missed while the connection is down is not lost: who follows something reads it again when it
    has been quiet.

    Args:
        dsn: asyncpg DSN; any role may listen.
        channels: the database's channel → the topic that its payloads belong to.
    """
    pause = SHORTEST_PAUSE
    while True:
        try:
            connection = await asyncpg.connect(dsn)
            pause = SHORTEST_PAUSE
            await _relay_until_closed(connection, live, channels)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("relay.disconnected", error=str(error), again_in_s=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _relay_until_closed(connection: Any, live: Live, channels: Mapping[str, str]) -> None:
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())

    def pass_on(_connection: Any, _pid: int, channel: str, payload: str) -> None:
        live.say(f"{channels[channel]}:{payload}", payload)

    try:
        for channel in channels:
            await connection.add_listener(channel, pass_on)
        await closed.wait()
    finally:
        connection.terminate()
