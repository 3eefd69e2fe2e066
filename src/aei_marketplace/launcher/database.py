"""The database behind the marketplace: the embedded server or an external one, prepared either way."""

import asyncio
import sys

from aei_marketplace.adapters.postgres import EmbeddedPostgres, PostgresError
from aei_marketplace.settings import Settings, SettingsError, load_settings


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """The server of this data folder, not started."""
    return EmbeddedPostgres(
        folder=settings.postgres,
        sockets=settings.postgres_sockets,
        password_file=settings.keys / "database-superuser",
        log=settings.logs / "postgres.log",
    )


async def prepare_database(settings: Settings) -> None:
    """Make roles and database where they are missing, and bring the tables to this version's shape.

    Raises:
        PostgresError: the server cannot be entered, or refuses.
    """
    # Loaded here, since only the short-lived process that prepares should pay for them.
    from aei_marketplace.adapters.postgres.bootstrap import bootstrap
    from aei_marketplace.adapters.queue import install_queue
    from aei_marketplace.ground.migrate import migrate

    admin_url = settings.database_url or embedded_postgres(settings).admin_url
    urls = await bootstrap(admin_url, settings.database_secrets, own_server=settings.database_url is None)
    await migrate(urls.owner)
    await install_queue(urls.owner)


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
