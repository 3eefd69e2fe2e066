"""What installations keep: SQLite databases, copied whole while the sandbox host writes to them."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg

from aei_marketplace.backup.archive import ArchiveWriter, Part
from aei_marketplace.backup.errors import CannotBackUp

_DATABASE = "files.sqlite3"
_BUSY_SECONDS = 30.0
_KEPT = """
select tenant_id::text as tenant, id::text as installation from installations
where files_forgotten_at is null order by tenant_id::text collate "C", id::text collate "C"
"""


async def find_areas(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    """Tenant and id of every installation that may keep files."""
    return [(row["tenant"], row["installation"]) for row in await connection.fetch(_KEPT)]


def copy_areas_out(
    folder: Path,
    areas: list[tuple[str, str]],
    writer: ArchiveWriter,
    workplace: Path,
    advance: Callable[[int], None],
) -> None:
    """Write areas into an archive; an installation without files has none.

    Args:
        folder: of all areas.
        workplace: a folder with room for the largest of them.
        advance: told of each area.

    Raises:
        CannotBackUp: one cannot be read whole.
    """
    for tenant, installation in areas:
        source = folder / tenant / installation / _DATABASE
        if source.exists():
            with tempfile.NamedTemporaryFile(dir=workplace, prefix=".area-") as copy:
                _copy_database(source, Path(copy.name))
                with open(copy.name, "rb") as content:
                    writer.add_file(f"files/{tenant}/{installation}.sqlite3", content)
        advance(1)


def copy_area_in(folder: Path, part: Part) -> None:
    """Put an area of an archive into its place; whoever finds it finds it whole."""
    _, tenant, name = part.name.split("/")
    place = folder / tenant / name.removesuffix(".sqlite3")
    for path in (folder, folder / tenant, place):
        path.mkdir(mode=0o700, exist_ok=True)
    half = place / f".{_DATABASE}.partial"
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in part.chunks():
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    half.rename(place / _DATABASE)


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(source, timeout=_BUSY_SECONDS)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
            # A copy in one file: where it is opened again, it goes back to writing ahead.
            writing.execute("pragma journal_mode = delete").fetchall()
            _require_whole(writing, source)
    except sqlite3.Error as error:
        raise CannotBackUp(
            f"The files in {source} cannot be copied: {error}. If the database is damaged, look at it with "
            "sqlite3, or have its installation purged."
        ) from error


def _require_whole(copy: sqlite3.Connection, source: Path) -> None:
    verdict = copy.execute("pragma quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise CannotBackUp(f"The files in {source} are damaged: {verdict}. Have the installation purged.")
