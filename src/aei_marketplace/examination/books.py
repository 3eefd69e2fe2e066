"""The database and the audit log in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import asyncpg

from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.examination.finding import Finding
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls

#: The sequencer is late when an entry has waited for so long, the signer when one has stood unsigned.
LATE_S, UNSIGNED_S = 5, 180
_SAFE = ("fsync", "full_page_writes")
_RIGHTS = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
_LINE = """
select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
       host(inet_server_addr()) as address
"""
_WAITED = """
select extract(epoch from now() - min(e.at)) from audit_pending p join audit_entries e on e.id = p.entry_id
"""
_UNSIGNED = """
select extract(epoch from now() - min(at)) from audit_heads
where size > coalesce((select max(size) from audit_checkpoints), 0)
"""
UNREACHABLE = (PostgresError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


async def look_at_books(settings: Settings) -> list[Finding]:
    """Whether the database answers, binds its roles, keeps what it is told, and is reached in private."""
    try:
        async with entered(database_urls(settings).app) as connection:
            found = [await _roles(connection), await _durability(connection), await _line(connection)]
    except UNREACHABLE as error:
        return [Finding("database", False, f"does not answer: {error}")]
    return [*found, await _log(settings)]


@asynccontextmanager
async def entered(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is given up after five seconds."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        await connection.close()


async def _roles(connection: asyncpg.Connection) -> Finding:
    version = await connection.fetchval("show server_version")
    if await connection.fetchval(_RIGHTS):
        detail = "the app role may bypass row-level security: take that right away"
        return Finding("database", False, detail)
    return Finding("database", True, f"PostgreSQL {version}, the app role is bound by row-level security")


async def _durability(connection: asyncpg.Connection) -> Finding:
    off = [name for name in _SAFE if await connection.fetchval(f"show {name}") != "on"]
    if await connection.fetchval("show synchronous_commit") == "off":
        off.append("synchronous_commit")
    if off:
        detail = f"{', '.join(off)} is off: what was answered can be lost with the power; switch it on"
        return Finding("durability", False, detail)
    return Finding("durability", True, "what is committed is on the disk")


async def _line(connection: asyncpg.Connection) -> Finding:
    found = await connection.fetchrow(_LINE)
    if found["address"] is None or ip_address(found["address"]).is_loopback:
        return Finding("db line", True, "the database is on this machine")
    if found["encrypted"]:
        return Finding("db line", True, f"encrypted to {found['address']}")
    detail = f"plain to {found['address']}: add sslmode=verify-full to the URLs in keys/database.json"
    return Finding("db line", False, detail)


async def _log(settings: Settings) -> Finding:
    try:
        async with entered(database_urls(settings).system) as connection:
            size = await connection.fetchval("select coalesce(max(sequence) + 1, 0) from audit_leaves")
            waited = await connection.fetchval(_WAITED)
            unsigned = await connection.fetchval(_UNSIGNED)
    except UNREACHABLE as error:
        return Finding("audit log", False, f"cannot be read: {error}")
    if waited is not None and waited > LATE_S:
        return Finding("audit log", False, f"an entry has waited {waited:.0f} s for its number: see jobs.log")
    if unsigned is not None and unsigned > UNSIGNED_S:
        detail = f"no checkpoint for {unsigned:.0f} s: jobs.log says why, `aei-marketplace audit verify` what"
        return Finding("audit log", False, detail)
    return Finding("audit log", True, f"{size} entries in the tree, signed up to the last minutes")
