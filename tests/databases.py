"""Databases for tests: emptied after each, and thrown away when a test has changed more than rows.

Copying a whole database for each test takes twenty times as long as emptying the few tables that it filled.
Its connections stay open from test to test: what a new one has to learn about the tables takes longer than
most tests need them for.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.db import Database, open_database

#: Changes with every table, column, trigger, policy, function, right and setting.
_SHAPE = """
  select md5(string_agg(part, ',' order by part)) from (
    select concat('c', oid, relname, relowner, relrowsecurity, relforcerowsecurity, relacl, relnatts)
      from pg_class where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
    union all select concat('t', oid, tgname, tgenabled) from pg_trigger
    union all select concat('p', oid, polname, pg_get_expr(polqual, polrelid)) from pg_policy
    union all select concat('f', oid, xmin) from pg_proc where pronamespace <> 'pg_catalog'::regnamespace
    union all select concat('k', oid, conname, convalidated) from pg_constraint
    union all select concat('a', attrelid, attname, attnotnull, atthasdef) from pg_attribute
      where attnum > 0 and attrelid >= 16384
    union all select concat('s', setrole, setconfig) from pg_db_role_setting
      where setdatabase = (select oid from pg_database where datname = current_database())
    union all select concat('v', version_num) from alembic_version
    union all select concat('n', oid, nspname, nspacl) from pg_namespace
      where nspname !~ '^pg_(temp|toast_temp)'
  ) parts(part)
"""
#: Which tables hold anything; deleted rows need no look.
_FILLED = """
  select string_agg(
    format('select %L where exists (select from %I.%I)', format('%I.%I', schemaname, tablename),
           schemaname, tablename), ' union all ')
  from pg_tables
  where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'alembic_version'
"""
_USED = """
  select format('%I.%I', schemaname, sequencename) from pg_sequences where last_value is not null
"""
#: Rows go without triggers and foreign keys, which would keep the log and the ledger from being emptied.
_FREELY = "set local session_replication_role = replica"
_END_OTHERS = """
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and pid <> all ($1::integer[])
"""
#: Connections that a pool keeps for the next test.
_MOST_KEPT = 4
#: Rows that were deleted leave their room behind: after so many tests a fresh copy is quicker.
_MOST_TESTS = 100


@dataclass
class Databases:
    """The databases of one test process.

    Args:
        server: admin URL, ending in `/postgres`.
        template: the migrated database that is copied; its owner owns the copies.
    """

    server: str
    template: DatabaseUrls
    _ready: list["Copy"] = field(default_factory=list)
    _made: int = 0
    _shape: str = ""

    async def take(self) -> "Copy":
        """An empty database that nobody else uses."""
        if self._ready:
            return self._ready.pop()
        self._made += 1
        name = f"test_{self._made}"
        await self._execute(f"create database {name} template template_aei owner aei_owner")
        # The look at all tables is a long statement, and the same each time.
        admin = await asyncpg.connect(
            self.server.replace("/postgres?", f"/{name}?"), max_cacheable_statement_size=0
        )
        self._shape = self._shape or await admin.fetchval(_SHAPE)
        parts = (self.template.owner, self.template.app, self.template.system)
        urls = DatabaseUrls(*(url.replace("/template_aei", f"/{name}") for url in parts))
        return Copy(name, urls, admin)

    async def give_back(self, copy: "Copy") -> None:
        """Empty it for the next test, or throw it away."""
        copy.tests += 1
        if copy.tests < _MOST_TESTS and await copy.empty(self._shape):
            self._ready.append(copy)
        else:
            await self._drop(copy)

    async def close(self) -> None:
        """Throw away all that were given back."""
        while self._ready:
            await self._drop(self._ready.pop())

    async def _drop(self, copy: "Copy") -> None:
        await copy.close()
        await self._execute(f"drop database if exists {copy.name} with (force)")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@dataclass
class Copy:
    """A database of its own for one test after another.

    Attributes:
        tests: how many have had it.
    """

    name: str
    urls: DatabaseUrls
    _admin: asyncpg.Connection
    tests: int = 0
    _filled: str = ""
    _database: Database | None = None
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> Database:
        """The pools of `works`."""
        if self._database is None:
            opening = open_database(self.urls.app, self.urls.system, size=12)
            self._database = await self._opened.enter_async_context(opening)
        return self._database

    async def empty(self, shape: str) -> bool:
        """End what the test has left open and delete its rows; False if it has changed more than rows."""
        try:
            await self._admin.execute(_END_OTHERS, await self._settle())
            if await self._admin.fetchval(_SHAPE) != shape:
                return False
            await self._delete()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError):
            return False  # the test has taken it away, or lets nobody in
        return True

    async def close(self) -> None:
        """End all connections."""
        await self._close_pools()
        self._admin.terminate()

    async def _delete(self) -> None:
        self._filled = self._filled or await self._admin.fetchval(_FILLED)
        tables = [row[0] for row in await self._admin.fetch(self._filled)]
        sequences = [row[0] for row in await self._admin.fetch(_USED)]
        statements = [f"delete from {table}" for table in tables]
        statements += [f"alter sequence {sequence} restart" for sequence in sequences]
        if statements:
            await self._admin.execute("; ".join([_FREELY, *statements]))

    async def _settle(self) -> list[int]:
        """Take back the connections of the pools; the ids of their backends."""
        if self._database is None:
            return []
        quick, engines = self._database.quick, (self._database.app, self._database.system)
        lent = quick.get_size() - quick.get_idle_size() + sum(_checked_out(each) for each in engines)
        if lent:
            await self._close_pools()
            return []
        return [*await _rest_pool(quick), *await _rest(engines[0]), *await _rest(engines[1])]

    async def _close_pools(self) -> None:
        if self._database is not None:
            self._database.quick.terminate()
        self._database = None
        await self._opened.aclose()


def _checked_out(engine: AsyncEngine) -> int:
    return engine.pool.checkedout()  # type: ignore[attr-defined] # every pool that queues counts them


async def _rest(engine: AsyncEngine) -> list[int]:
    """Have connections forget what was set in them; the ids of the backends that are kept."""
    waiting = engine.pool.checkedin()  # type: ignore[attr-defined] # as above
    taken = [await engine.connect() for _ in range(waiting)]
    kept = []
    for number, connection in enumerate(taken):
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        if number < _MOST_KEPT:
            await raw.reset()
            kept.append(raw.get_server_pid())
        else:
            await connection.invalidate()
        await connection.close()
    return kept


async def _rest_pool(pool: asyncpg.Pool) -> list[int]:
    taken = [await pool.acquire() for _ in range(pool.get_idle_size())]
    kept = []
    for number, connection in enumerate(taken):
        if number < _MOST_KEPT:
            await connection.reset()
            kept.append(connection.get_server_pid())
        else:
            await connection.close()
        await pool.release(connection)
    return kept


async def rows(urls: DatabaseUrls, query: str, *values: object) -> list[asyncpg.Record]:
    """What the database's owner sees."""
    connection = await asyncpg.connect(urls.owner)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()
