"""A throwaway server for tests and measurements."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aei_marketplace.adapters.postgres.server import EmbeddedPostgres


@contextmanager
def temporary_server() -> Iterator[EmbeddedPostgres]:
    """Run a server without fsync in a new folder, and leave nothing of it."""
    folder = Path(tempfile.mkdtemp(prefix="aei-pg-"))
    folder.chmod(0o711)  # root's server runs as another user
    server = EmbeddedPostgres(
        folder / "postgres", folder / "s", folder / "password", folder / "postgres.log", durable=False
    )
    try:
        server.start()
        yield server
    finally:
        server.stop(hurry=True)
        shutil.rmtree(folder)
