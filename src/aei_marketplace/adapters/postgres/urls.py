"""The three URLs under which the marketplace enters its database, and the file that keeps them."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from aei_marketplace.adapters.postgres.errors import PostgresError

ROLES = ("owner", "app", "system")
_OF_A_LOGIN = {"user", "password", "dbname", "database"}


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One libpq URL for each role.

    Attributes:
        owner: runs migrations, owns every table.
        app: the web process; row-level security binds it.
        system: named jobs that work across tenants.
    """

    owner: str = field(repr=False)
    app: str = field(repr=False)
    system: str = field(repr=False)


def read_urls(path: Path) -> DatabaseUrls | None:
    """What `bootstrap` kept in this file, or None when there is no file yet.

    Raises:
        PostgresError: the file cannot be read or lacks a role.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return DatabaseUrls(**{role: str(content[role]) for role in ROLES})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PostgresError(
            f"{path} does not hold the three database URLs ({error!r}); restore it from a copy."
        ) from error


def write_urls(path: Path, urls: DatabaseUrls) -> None:
    """Keep the URLs, readable by their owner only; the file is whole or absent."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(".partial")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(urls), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)


@dataclass(frozen=True, slots=True)
class Login:
    """What a URL says about who enters which database."""

    role: str
    password: str = field(repr=False)
    database: str

    @classmethod
    def of(cls, url: str) -> "Login":
        """Read it from a libpq URL."""
        parts = urlsplit(url)
        return cls(
            unquote(parts.username or ""), unquote(parts.password or ""), unquote(parts.path.lstrip("/"))
        )

    def on(self, admin_url: str) -> str:
        """The URL with which this login enters the server of another URL."""
        parts = urlsplit(admin_url)
        server = parts.netloc.rpartition("@")[2]
        query = [item for item in parse_qsl(parts.query) if item[0] not in _OF_A_LOGIN]
        entry = f"{quote(self.role, safe='')}:{quote(self.password, safe='')}@{server}"
        path = f"/{quote(self.database, safe='')}"
        return urlunsplit((parts.scheme, entry, path, urlencode(query, safe="/"), ""))
