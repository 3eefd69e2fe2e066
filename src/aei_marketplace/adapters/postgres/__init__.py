"""PostgreSQL as a supervised child of our own, and the roles that the marketplace needs in it."""

from aei_marketplace.adapters.postgres.errors import PostgresError
from aei_marketplace.adapters.postgres.server import EmbeddedPostgres
from aei_marketplace.adapters.postgres.temporary import temporary_server
from aei_marketplace.adapters.postgres.urls import DatabaseUrls, read_urls

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "PostgresError", "read_urls", "temporary_server"]
