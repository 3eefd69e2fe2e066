"""The two ways into PostgreSQL: `app` under row-level security, `system` for named jobs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import MetaData, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

#: All tables, described once in each domain's `models`; `migrations/` creates them.
metadata = MetaData()
#: A connection that served less than so many seconds ago is taken as it is: to try it costs a round trip.
_SURELY_ALIVE = 1.0
#: A server that is silent for so many seconds after a single statement is taken for lost: a network may
#: drop a connection without a word.
_LONGEST_STATEMENT = 60.0
#: So long connections get to come back when the pools are closed, in seconds.
_FAREWELL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Database:
    """Open connections of one process.

    Attributes:
        app: SQLAlchemy, role `aei_app`: sees one tenant's rows.
        system: SQLAlchemy, role `aei_system`: sees all rows; for jobs across tenants.
        quick: asyncpg, role `aei_app`: for the one-statement phases of an execution.
    """

    app: AsyncEngine
    system: AsyncEngine
    quick: asyncpg.Pool


@asynccontextmanager
async def open_database(app_url: str, system_url: str, *, size: int = 8) -> AsyncIterator[Database]:
    """Open the pools and close them again.

    Args:
        app_url, system_url: asyncpg DSNs (`postgresql://…`).
        size: connections in each pool, at most.
    """
    quick = await asyncpg.create_pool(
        app_url, min_size=1, max_size=size, reset=_leave_as_is, command_timeout=_LONGEST_STATEMENT
    )
    app, system = engine(app_url, size), engine(system_url, size)
    try:
        yield Database(app, system, quick)
    finally:
        await app.dispose()
        await system.dispose()
        with suppress(TimeoutError):  # then asyncpg ends them as they are
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await quick.close()


async def _leave_as_is(_: object) -> None:
    """Single statements leave nothing behind, and asyncpg's own reset costs each of them a round trip."""


def read_json(document: str) -> Any:
    """A JSON column. A page reads dozens of manifests: msgspec takes a third of the time of `json`."""
    try:
        return msgspec.json.decode(document)
    except msgspec.MsgspecError:
        return json.loads(document)  # numbers beyond a float's range, which `json` takes for infinite


def engine(url: str, size: int = 4) -> AsyncEngine:
    """A SQLAlchemy engine on a DSN; a connection that has rested is tried before it is used."""
    made = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        # The last one returned is the one surely alive.
        pool_use_lifo=True,
        json_deserializer=read_json,
    )
    dialect = made.dialect

    @event.listens_for(made.sync_engine, "checkin")
    def note(_: Any, record: Any) -> None:
        record.info["returned"] = monotonic()

    @event.listens_for(made.sync_engine, "checkout")
    def try_rested(connection: Any, record: Any, _: Any) -> None:
        if monotonic() - record.info.get("returned", monotonic()) < _SURELY_ALIVE:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return made
