"""Where the database is."""

from aei_marketplace.adapters.postgres import DatabaseUrls, PostgresError, read_urls
from aei_marketplace.settings import Settings


def database_urls(settings: Settings) -> DatabaseUrls:
    """The three database URLs that `migrate` kept.

    Raises:
        PostgresError: there are none yet.
    """
    urls = read_urls(settings.database_secrets)
    if urls is None:
        raise PostgresError(
            f"{settings.database_secrets} does not exist: the database has not been prepared. "
            "Run `aei-marketplace up` or `aei-marketplace migrate` with the same --data."
        )
    return urls
