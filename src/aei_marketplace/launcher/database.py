"""The database behind the marketplace: the embedded server or an external one, prepared either way."""

import asyncio
import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

from aei_marketplace.adapters.postgres import DatabaseUrls, EmbeddedPostgres, PostgresError
from aei_marketplace.launcher.clone import CLONE, MIGRATIONS
from aei_marketplace.settings import Settings, SettingsError, load_settings

# Whoever moves the tables to another migration by hand makes the comment untrue, and so invisible.
_KEPT_SHAPE = """
    SELECT split_part(obj_description('alembic_version'::regclass), ' at ', 1)
    FROM alembic_version
    WHERE split_part(obj_description('alembic_version'::regclass), ' at ', 2) = version_num
"""


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """The server of this data folder, not started."""
    return EmbeddedPostgres(
        folder=settings.postgres,
        sockets=settings.postgres_sockets,
        password_file=settings.keys / "database-superuser",
        log=settings.logs / "postgres.log",
    )


async def prepare_roles(settings: Settings) -> DatabaseUrls:
    """Make roles and database where they are missing, and leave the tables alone.

    Raises:
        PostgresError: the server cannot be entered, or refuses.
    """
    from aei_marketplace.adapters.postgres.bootstrap import bootstrap

    admin_url = settings.database_url or embedded_postgres(settings).admin_url
    return await bootstrap(admin_url, settings.database_secrets, own_server=settings.database_url is None)


async def prepare_database(settings: Settings) -> None:
    """Make roles and database where they are missing, and bring the tables to this version's shape.

    Raises:
        PostgresError: the server cannot be entered, or refuses.
    """
    urls = await prepare_roles(settings)
    shape = tables_fingerprint(MIGRATIONS)
    if await _kept_shape(urls.owner) != shape:
        await _bring_up_to_date(urls.owner)
        await _keep_shape(urls.owner, shape)


async def _bring_up_to_date(owner_url: str) -> None:
    # Loaded only where there is something to do: this takes most of a second.
    from aei_marketplace.adapters.queue import install_queue
    from aei_marketplace.ground.migrate import migrate

    await migrate(owner_url)
    await install_queue(owner_url)


def tables_fingerprint(migrations: Path) -> str:
    """A digest of all that decides about the tables: the migrations, and what the queue brings."""
    digest = hashlib.sha256(version("pgqueuer").encode())
    for path in (*sorted(migrations.rglob("*.py")), *sorted(migrations.rglob("*.sql")), *_queue_adapter()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _queue_adapter() -> list[Path]:
    return sorted((CLONE / "src" / "aei_marketplace" / "adapters").glob("queue*"))


async def _kept_shape(owner_url: str) -> str | None:
    """The fingerprint in the database, or None when the tables were changed or never made."""
    import asyncpg

    connection = await asyncpg.connect(owner_url)
    try:
        kept = await connection.fetchval(_KEPT_SHAPE)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return kept if kept is None else str(kept)


async def _keep_shape(owner_url: str, shape: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(owner_url)
    try:
        at = await connection.fetchval("SELECT version_num FROM alembic_version")
        # Stands with the table that says which migration was the last, so that they are copied together.
        await connection.execute(f"COMMENT ON TABLE alembic_version IS '{shape} at {at}'")
    finally:
        await connection.close()


def main() -> int:
    """Prepare the database that the environment names; what goes wrong is said on standard error."""
    try:
        asyncio.run(prepare_database(load_settings()))
    except (PostgresError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
