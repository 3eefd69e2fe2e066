"""Bringing the database to this version's shape, once, under an advisory lock."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
_LOCK = 0x4145_494D  # "AEIM": two processes that start together migrate one after the other


async def migrate(owner_url: str, revision: str = "head") -> None:
    """Apply every migration that is missing.

    Args:
        owner_url: asyncpg DSN of the role that owns the tables.
        revision: the last one to apply.
    """
    lock = await asyncpg.connect(owner_url)
    try:
        await lock.execute("select pg_advisory_lock($1)", _LOCK)
        await asyncio.to_thread(_upgrade, owner_url, revision)
    finally:
        await lock.close()


def known_revisions() -> list[str]:
    """The revisions that this version can bring a database to, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _upgrade(owner_url: str, revision: str) -> None:
    config = _config()
    config.attributes["url"] = owner_url
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("prepend_sys_path", str(MIGRATIONS.parent))
    return config
