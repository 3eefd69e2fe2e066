"""What `aei-marketplace doctor` looks at: is everything there, and is it safe."""

import stat
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.ground.ports import SandboxGone
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls, open_deps
from aei_protocol.walls import REQUIRED_WALLS

#: The sequencer is late when an entry has waited for so many seconds.
LATE_S = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    detail: str


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; never raises for what is wrong, it says so."""
    return [_keys(settings), await _database(settings), await _log(settings), await _sandbox(settings)]


def _keys(settings: Settings) -> Finding:
    loose = [path.name for path in _files(settings.keys) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        return Finding("keys", False, f"others can read {', '.join(loose)}: chmod 600 them")
    return Finding("keys", True, f"{settings.keys}: readable by their owner only")


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []


async def _database(settings: Settings) -> Finding:
    try:
        connection = await asyncpg.connect(database_urls(settings).app, timeout=5)
    except (PostgresError, OSError, asyncpg.PostgresError, TimeoutError) as error:
        return Finding("database", False, f"does not answer: {error}")
    try:
        version = await connection.fetchval("show server_version")
        free = await connection.fetchval(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        )
    finally:
        await connection.close()
    if free:
        return Finding("database", False, "the app role may bypass row-level security: take that right away")
    return Finding("database", True, f"PostgreSQL {version}, the app role is bound by row-level security")


async def _log(settings: Settings) -> Finding:
    try:
        connection = await asyncpg.connect(database_urls(settings).system, timeout=5)
    except (PostgresError, OSError, asyncpg.PostgresError, TimeoutError) as error:
        return Finding("audit log", False, f"cannot be read: {error}")
    try:
        size = await connection.fetchval("select coalesce(max(sequence) + 1, 0) from audit_leaves")
        waited = await connection.fetchval(
            "select extract(epoch from now() - min(e.at)) from audit_pending p"
            " join audit_entries e on e.id = p.entry_id"
        )
    finally:
        await connection.close()
    if waited is not None and waited > LATE_S:
        return Finding("audit log", False, f"an entry has waited {waited:.0f} s for its number: see jobs.log")
    return Finding("audit log", True, f"{size} entries in the tree")


async def _sandbox(settings: Settings) -> Finding:
    try:
        async with open_deps(settings, connections=1) as deps:
            hello = await deps.sandbox.hello()
    except (SandboxGone, PostgresError, OSError, asyncpg.PostgresError) as error:
        return Finding("sandbox", False, f"does not answer: {error}")
    missing = [wall for wall in REQUIRED_WALLS if wall not in hello.walls]
    if missing:
        return Finding("sandbox", False, f"walls missing: {', '.join(missing)}")
    mode = " (development mode: walls are not required)" if hello.development else ""
    return Finding(
        "sandbox", not hello.development, f"{hello.runtime}, walls: {', '.join(hello.walls)}{mode}"
    )
