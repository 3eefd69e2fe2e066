"""The database, table by table: out of one snapshot, and into empty tables in one transaction.

Rows travel as COPY writes text, so they come back under any PostgreSQL that the tables exist in. The
tables themselves are never copied: migrations make them, at the revision that the backup names.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from aei_marketplace.backup.archive import ArchiveWriter, SequenceFacts, TableFacts
from aei_marketplace.backup.archive.writing import TableWriter
from aei_marketplace.backup.errors import CannotBackUp, NotRestorable

#: Says which migration was the last; migrations write it themselves.
_OWN_TABLE = "alembic_version"

_TABLES = f"""
select c.relname as name,
       array(select a.attname from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               and a.atttypid <> 'xid8'::regtype  -- of another cluster: the default gives one of this
             order by a.attnum)::text[] as columns,
       c.relrowsecurity as guarded,
       not c.relrowsecurity or exists (
         select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polpermissive
           and pg_get_expr(p.polqual, p.polrelid) = 'true'
           and (select r.oid from pg_roles r where r.rolname = current_user) = any(p.polroles))
         and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive)
         as seen_whole
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '{_OWN_TABLE}'
order by c.relname collate "C"
"""  # noqa: S608 a constant of this file
_SEQUENCES = "select sequencename::text from pg_sequences where schemaname = 'public'"
_FOREIGN_KEYS = """
select conrelid::regclass::text as target, conname as name, pg_get_constraintdef(oid) as rule
from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0
"""
_DERIVED = "select matviewname::text from pg_matviews where schemaname = 'public'"
_COUNTS = {
    "tenants": "select count(*) from tenants",
    "users": "select count(*) from users",
    "plugins": "select count(*) from plugins",
    "releases": "select count(*) from releases",
    "installations": "select count(*) from installations",
    "executions": "select count(*) from executions",
}
_SEALED = "select (select count(*) from data_keys) + (select count(*) from execution_journals)"


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands.

    Attributes:
        columns: those that are not computed from others nor numbers of transactions, in their order.
        guarded: row-level security is on.
        seen_whole: the owner sees every row.
    """

    name: str
    columns: tuple[str, ...]
    guarded: bool
    seen_whole: bool


@asynccontextmanager
async def snapshot(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile.

    Args:
        owner_url: asyncpg DSN of the role that owns the tables.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("select")  # the snapshot is taken by the first statement
            yield connection
    finally:
        await connection.close()


async def find_tables(connection: asyncpg.Connection) -> list[Table]:
    """Every table that holds data, by name."""
    rows = await connection.fetch(_TABLES)
    return [Table(r["name"], tuple(r["columns"]), r["guarded"], r["seen_whole"]) for r in rows]


async def revision_of(connection: asyncpg.Connection) -> str | None:
    """The last migration; None where there are no tables."""
    if not await connection.fetchval("select to_regclass('public.alembic_version') is not null"):
        return None
    return str(await connection.fetchval("select version_num from alembic_version"))


async def copy_out(
    connection: asyncpg.Connection, writer: ArchiveWriter, advance: Callable[[int], None]
) -> dict[str, TableFacts]:
    """Write every table into an archive.

    Args:
        connection: a snapshot's.
        advance: told of each so many bytes of rows.

    Raises:
        CannotBackUp: the owner would not see all rows of a table.
    """
    tables = await find_tables(connection)
    hidden = [table.name for table in tables if not table.seen_whole]
    if hidden:
        raise CannotBackUp(
            f"Row-level security hides rows of {', '.join(hidden)} from the tables' owner, so a backup would "
            "miss them. Give the owner a policy `using (true)` on each."
        )
    return {table.name: await _copy_table_out(connection, writer, table, advance) for table in tables}


async def read_sequences(connection: asyncpg.Connection) -> dict[str, SequenceFacts]:
    """Where each sequence stands; call it after the snapshot began, so that none stands too low."""
    found = {}
    for row in await connection.fetch(_SEQUENCES):
        name = row["sequencename"]
        at = await connection.fetchrow(f"select last_value, is_called from {_quoted(name)}")  # noqa: S608 quoted
        found[name] = SequenceFacts(at["last_value"], at["is_called"])
    return found


async def read_counts(connection: asyncpg.Connection) -> dict[str, int]:
    """What people count."""
    return {name: int(await connection.fetchval(query)) for name, query in _COUNTS.items()}


async def count_sealed(connection: asyncpg.Connection) -> int:
    """How many values need a master key to be opened."""
    return int(await connection.fetchval(_SEALED))


async def holds_data(connection: asyncpg.Connection) -> bool:
    """Whether anything was ever done in this database: everything that is leaves an audit entry."""
    if await revision_of(connection) is None:
        return False
    query = "select exists (select from audit_entries) or exists (select from tenants)"
    return bool(await connection.fetchval(query))


async def clear(connection: asyncpg.Connection) -> None:
    """Take away all tables, so that migrations can make them at another revision."""
    await connection.execute(
        "drop schema public cascade; create schema public authorization pg_database_owner;"
        " grant usage on schema public to public"
    )


async def copy_in(
    connection: asyncpg.Connection,
    tables: Mapping[str, TableFacts],
    sequences: Mapping[str, SequenceFacts],
    pieces: Iterable[tuple[str, Iterator[bytes]]],
    stamp: str,
    advance: Callable[[int], None],
) -> None:
    """Fill empty tables, in one transaction: all of it is there afterwards, or nothing.

    Args:
        pieces: a table's name and rows each.
        stamp: kept as the schema's comment in the same transaction, see `stamp_of`.
        advance: told of each so many rows.

    Raises:
        NotRestorable: tables, columns or rows are not those that the manifest tells of.
    """
    present = {table.name: table for table in await find_tables(connection)}
    _require_fitting(tables, present)
    async with connection.transaction():
        keys = await connection.fetch(_FOREIGN_KEYS)
        await _open_tables(connection, present.values(), keys)
        rows = dict.fromkeys(tables, 0)
        for name, content in pieces:
            if name not in tables:
                raise NotRestorable(f"The backup holds rows of {name}, of which its manifest says nothing.")
            rows[name] += (more := await _copy_piece_in(connection, name, tables[name].columns, content))
            advance(more)
        _require_counts(tables, rows)
        for sequence, facts in sequences.items():
            setval = f"select setval('{_quoted(sequence)}', $1, $2)"
            await connection.fetchval(setval, facts.last, facts.called)
        await _close_tables(connection, present.values(), keys)
        await connection.execute(f"comment on schema public is '{stamp}'")
    await connection.execute("analyze")


async def stamp_of(connection: asyncpg.Connection) -> str | None:
    """What the last restore left as the schema's comment."""
    found = await connection.fetchval("select obj_description('public'::regnamespace, 'pg_namespace')")
    return None if found is None else str(found)


async def forget_stamp(connection: asyncpg.Connection) -> None:
    """Remove what a restore left."""
    await connection.execute("comment on schema public is null")


async def _copy_table_out(
    connection: asyncpg.Connection, writer: ArchiveWriter, table: Table, advance: Callable[[int], None]
) -> TableFacts:
    into = TableWriter(writer, table.name)

    async def take(rows: bytes) -> None:
        into.write(rows)
        advance(len(rows))

    columns = ", ".join(map(_quoted, table.columns))
    query = f"select {columns} from {_quoted(table.name)}"  # noqa: S608 quoted
    status = await connection.copy_from_query(query, output=take, format="text")
    into.close()
    return TableFacts(list(table.columns), _rows_in(status))


async def _copy_piece_in(
    connection: asyncpg.Connection, table: str, columns: list[str], content: Iterator[bytes]
) -> int:
    async def rows() -> AsyncIterator[bytes]:
        for chunk in content:
            yield chunk

    status = await connection.copy_to_table(table, source=rows(), columns=columns, format="text")
    return _rows_in(status)


def _require_fitting(tables: Mapping[str, TableFacts], present: Mapping[str, Table]) -> None:
    for name, facts in tables.items():
        if name not in present:
            raise NotRestorable(f"The backup holds the table {name}, which this version does not have.")
        unknown = sorted(set(facts.columns) - set(present[name].columns))
        if unknown:
            raise NotRestorable(
                f"The backup's table {name} has columns that are not here: {', '.join(unknown)}."
            )


def _require_counts(tables: Mapping[str, TableFacts], rows: Mapping[str, int]) -> None:
    for name, facts in tables.items():
        if rows[name] != facts.rows:
            raise NotRestorable(
                f"The backup holds {rows[name]:,} rows of {name}, its manifest says {facts.rows:,}."
            )


async def _open_tables(connection: asyncpg.Connection, tables: Iterable[Table], keys: list[Any]) -> None:
    """Let rows in as they were, in any order: guards, triggers and references are put back afterwards."""
    for key in keys:
        await connection.execute(f"alter table {key['target']} drop constraint {_quoted(key['name'])}")
    for table in tables:
        await connection.execute(f"alter table {_quoted(table.name)} disable trigger user")
        if table.guarded:
            # COPY FROM is refused where row-level security applies, for the owner too.
            await connection.execute(f"alter table {_quoted(table.name)} disable row level security")
    # Migrations may have put rows of their own there; the backup has them too.
    await connection.execute(f"truncate {', '.join(_quoted(table.name) for table in tables)}")


async def _close_tables(connection: asyncpg.Connection, tables: Iterable[Table], keys: list[Any]) -> None:
    for key in keys:
        # Adding a reference compares all rows with it.
        await connection.execute(
            f"alter table {key['target']} add constraint {_quoted(key['name'])} {key['rule']}"
        )
    for table in tables:
        await connection.execute(f"alter table {_quoted(table.name)} enable trigger user")
        if table.guarded:
            await connection.execute(f"alter table {_quoted(table.name)} enable row level security")
    for row in await connection.fetch(_DERIVED):
        await connection.execute(f"refresh materialized view {_quoted(row['matviewname'])}")


def _rows_in(status: str) -> int:
    """The number in COPY's answer, `COPY 12`."""
    return int(status.rpartition(" ")[2])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
