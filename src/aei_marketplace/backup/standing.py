"""The database that a command works on: of the marketplace that runs, or started for the command alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from aei_marketplace.backup.errors import BackupError
from aei_marketplace.launcher.database import embedded_postgres
from aei_marketplace.launcher.errors import AlreadyRunning
from aei_marketplace.launcher.folders import leave_runtime, make_folders
from aei_marketplace.launcher.instance import sole_instance
from aei_marketplace.settings import Settings


@contextmanager
def standing_database(settings: Settings) -> Iterator[None]:
    """Have the database answer for as long as the block runs; call it from the main thread.

    Raises:
        PostgresError: it does not start.
    """
    if not settings.run.is_dir():
        raise BackupError(f"{settings.data} is not the data folder of a marketplace. Name it with --data.")
    try:
        with sole_marketplace(settings):
            yield
    except AlreadyRunning:
        yield  # its database answers


@contextmanager
def sole_marketplace(settings: Settings) -> Iterator[None]:
    """Hold the data folder as `up` does, with the database running.

    Raises:
        AlreadyRunning: the marketplace runs.
        PostgresError: the database does not start.
    """
    with sole_instance(settings.run / "up.lock"):
        make_folders(settings)
        server = embedded_postgres(settings) if settings.database_url is None else None
        try:
            if server:
                server.start()
            yield
        finally:
            if server:
                server.stop()
            leave_runtime(settings)
