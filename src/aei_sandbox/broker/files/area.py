"""One area of files: a small SQLite database, so that every change is whole or absent.

The database is written ahead (WAL) and synchronised when it is settled, not with each write: what a
killed host wrote is kept, what a machine wrote that lost its power may miss the last writes of
executions that had not ended.
"""

import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Largest file, in bytes: what one argument of a host call can carry.
LARGEST_FILE = 1024 * 1024
#: Most files of one area.
MOST_FILES = 4096
#: What the smallest file counts: its place in the database is not free.
LEAST_COST = 1024

_FORMAT = 1
_BUSY_SECONDS, _PAUSE_SECONDS = 5.0, 0.01
_KEPT = ("journal_mode = wal", "synchronous = normal", f"journal_size_limit = {4 * LARGEST_FILE}")
_SCRATCH = ("locking_mode = exclusive", "journal_mode = memory", "synchronous = off")
#: Triggers keep the totals, so that no change can miss them, and a killed host leaves them true.
_SCHEMA = (
    "create table files (name text primary key, size integer not null, cost integer not null,"
    " content text not null)",
    "create table totals (files integer not null, bytes integer not null)",
    "insert into totals values (0, 0)",
    "create trigger added after insert on files begin"
    " update totals set files = files + 1, bytes = bytes + new.cost; end",
    "create trigger changed after update on files begin"
    " update totals set bytes = bytes + new.cost - old.cost; end",
    "create trigger removed after delete on files begin"
    " update totals set files = files - 1, bytes = bytes - old.cost; end",
    f"pragma user_version = {_FORMAT}",
)
_WRITE = (
    "insert into files (name, size, cost, content) values (?, ?, ?, ?) on conflict (name) do update"
    " set size = excluded.size, cost = excluded.cost, content = excluded.content"
)
_LIST = "select name, size from files where name >= ? and name < ? order by name"


class NoSuchFile(LookupError):
    """There is no file of this name."""


class TooLarge(ValueError):
    """The content is larger than a file can be."""


class QuotaExceeded(Exception):
    """The area has no room for it."""


class AreaEnded(Exception):
    """The area is gone, and is not opened again."""


class Area:
    """The files of one area; calls may come from several threads, and take turns.

    Args:
        connect: opens the database; called with the first use.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._ended = False
        self._turn = threading.Lock()

    def read(self, name: str) -> str:
        """A file's content.

        Raises:
            NoSuchFile: there is none.
        """
        with self._opened() as connection:
            row = connection.execute("select content from files where name = ?", (name,)).fetchone()
        if row is None:
            raise NoSuchFile
        return str(row[0])

    def write(self, name: str, content: str, quota: int) -> None:
        """Create or replace a file.

        Args:
            quota: bytes that the area may take, as `cost_of` counts. Where it is exceeded already, a
                write that makes it no worse is done.

        Raises:
            TooLarge: the content is larger than any file can be.
            QuotaExceeded: it would take the area beyond its quota, or its number of files.
        """
        size = len(content.encode())
        if size > LARGEST_FILE:
            raise TooLarge
        cost = cost_of(name, size)
        with self._opened() as connection, _transaction(connection):
            before = connection.execute("select cost from files where name = ?", (name,)).fetchone()
            files, taken = connection.execute("select files, bytes from totals").fetchone()
            growth = cost - (before[0] if before else 0)
            if growth > 0 and taken + growth > quota:
                raise QuotaExceeded(f"the area has {max(0, quota - taken)} of its {quota} bytes left")
            if before is None and files >= MOST_FILES:
                raise QuotaExceeded(f"the area has {MOST_FILES} files already")
            connection.execute(_WRITE, (name, size, cost, content))

    def list(self, prefix: str) -> list[tuple[str, int]]:
        """Name and size of the files whose names begin so, by name; the prefix is empty or ends in `/`."""
        # The character after `/` is `0`; no name has a character beyond the last one of Unicode.
        end = f"{prefix[:-1]}0" if prefix else chr(sys.maxunicode)
        with self._opened() as connection:
            return connection.execute(_LIST, (prefix, end)).fetchall()

    def delete(self, name: str) -> None:
        """Remove a file.

        Raises:
            NoSuchFile: there is none.
        """
        with self._opened() as connection, _transaction(connection):
            if connection.execute("delete from files where name = ?", (name,)).rowcount == 0:
                raise NoSuchFile

    def settle(self) -> None:
        """Have the disk hold all that was written."""
        with self._turn:
            self._settle()

    def close(self) -> None:
        """Settle, and let go of the database; the next call opens it again."""
        with self._turn:
            try:
                self._settle()
            finally:
                self._let_go()

    def end(self) -> None:
        """Let go of the database for good: every later call raises AreaEnded."""
        with self._turn:
            self._ended = True
            self._let_go()

    def _settle(self) -> None:
        if self._connection is not None:
            self._connection.execute("pragma wal_checkpoint(full)").fetchall()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            if self._ended:
                raise AreaEnded
            if self._connection is None:
                self._connection = self._connect()
            yield self._connection


def cost_of(name: str, size: int) -> int:
    """The bytes that a file counts against its area's quota: name and content, and a least."""
    return max(LEAST_COST, len(name.encode()) + size)


def open_kept(folder: Path) -> sqlite3.Connection:
    """The database of an area that lasts, in a folder of its own; it and its parent are made when missing.

    Raises:
        OSError: the folder cannot be made.
        sqlite3.Error: the database cannot be opened, or is damaged.
    """
    new = not folder.exists()
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)
    connection = _open(folder / "files.sqlite3", _KEPT)
    if new:
        for each in (folder, folder.parent, folder.parent.parent):
            synchronise(each)
    return connection


def open_scratch(folder: Path | None) -> sqlite3.Connection:
    """An empty database that is gone when it is closed, or when the host ends.

    Its file has lost its name before a guest's first word is in it.

    Args:
        folder: where its pages go; the system's temporary folder without.

    Raises:
        OSError, sqlite3.Error: it cannot be made.
    """
    descriptor, path = tempfile.mkstemp(prefix="scratch-", dir=folder)
    os.close(descriptor)
    try:
        return _open(Path(path), _SCRATCH)
    finally:
        Path(path).unlink(missing_ok=True)


def synchronise(folder: Path) -> None:
    """Have the disk hold a folder's entries."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, settings: tuple[str, ...]) -> sqlite3.Connection:
    # Transactions are begun here, not by the module; threads take turns, see `Area`.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for setting in ("trusted_schema = off", *settings):
            _set(connection, setting)
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set(connection: sqlite3.Connection, setting: str) -> None:
    """Make a setting; of connections that switch the journal together SQLite has one give up at once."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute(f"pragma {setting}").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)


def _prepare(connection: sqlite3.Connection) -> None:
    if _format_of(connection) == 0:
        with _transaction(connection):
            # Looked at again: another process may have been faster.
            for statement in _SCHEMA if _format_of(connection) == 0 else ():
                connection.execute(statement)
    if _format_of(connection) != _FORMAT:
        raise sqlite3.DatabaseError("the area was written by a newer version")


def _format_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; waits for another process that writes."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
