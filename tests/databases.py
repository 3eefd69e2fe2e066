"""Databases for tests: emptied after each, and thrown away when a test has changed more than rows.

Copying a whole database for each test takes twenty times as long as emptying the few tables that it filled.
"""

from dataclasses import dataclass, field

import asyncpg

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
#: Rows go without triggers and foreign keys, which would keep the log and the ledger from being emptied.
_EMPTY = """
do $$
declare
  t record;
  filled boolean;
begin
  perform set_config('session_replication_role', 'replica', true);
  for t in select schemaname, tablename from pg_tables
           where schemaname not in ('pg_catalog', 'information_schema')
             and tablename <> 'alembic_version' loop
    execute format('select exists (select from %I.%I)', t.schemaname, t.tablename) into filled;
    if filled then execute format('delete from %I.%I', t.schemaname, t.tablename); end if;
  end loop;
  for t in select schemaname, sequencename from pg_sequences where last_value is not null loop
    execute format('alter sequence %I.%I restart', t.schemaname, t.sequencename);
  end loop;
end $$
"""
_END_OTHERS = """
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()
"""
#: Rows that were deleted leave their room behind: after so many tests a fresh copy is quicker.
_MOST_TESTS = 100


@dataclass
class Databases:
    """The databases of one test process.

    Args:
        server: admin URL, ending in `/postgres`.
        template: name of the migrated database that is copied.
        owner: role that owns the copies.
    """

    server: str
    template: str
    owner: str
    _ready: list[str] = field(default_factory=list)
    _tests: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    _shape: str = ""

    async def take(self) -> str:
        """The name of an empty database that nobody else uses."""
        if self._ready:
            return self._ready.pop()
        self._made += 1
        name = f"test_{self._made}"
        await self._execute(f"create database {name} template {self.template} owner {self.owner}")
        connection = await asyncpg.connect(self._url(name))
        try:
            self._shape = self._shape or await connection.fetchval(_SHAPE)
        finally:
            await connection.close()
        return name

    async def give_back(self, name: str) -> None:
        """Empty it for the next test, or throw it away."""
        self._tests[name] = self._tests.get(name, 0) + 1
        if self._tests[name] < _MOST_TESTS and await self._emptied(name):
            self._ready.append(name)
        else:
            await self._execute(f"drop database if exists {name} with (force)")

    async def _emptied(self, name: str) -> bool:
        try:
            connection = await asyncpg.connect(self._url(name))
        except asyncpg.PostgresError:
            return False  # the test has taken it away, or lets nobody in
        try:
            await connection.execute(_END_OTHERS)
            if await connection.fetchval(_SHAPE) != self._shape:
                return False
            await connection.execute(_EMPTY)
        finally:
            await connection.close()
        return True

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _url(self, name: str) -> str:
        return self.server.replace("/postgres?", f"/{name}?")
