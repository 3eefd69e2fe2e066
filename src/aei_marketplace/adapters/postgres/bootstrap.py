"""The marketplace's own database and its three roles, made once on any PostgreSQL."""

import secrets
from pathlib import Path

import asyncpg

from aei_marketplace.adapters.postgres.binaries import OLDEST_MAJOR
from aei_marketplace.adapters.postgres.errors import PostgresError
from aei_marketplace.adapters.postgres.scram import scram_verifier
from aei_marketplace.adapters.postgres.urls import (
    ROLES,
    DatabaseUrls,
    Login,
    read_urls,
    write_urls,
)

# Any number does, as long as two bootstraps on one server use the same.
_ADVISORY_LOCK = 0x61656970
_CONNECT_SECONDS = 20


async def bootstrap(
    admin_url: str, secrets_file: Path, *, database: str = "aei", suffix: str = "", own_server: bool = False
) -> DatabaseUrls:
    """Make the database and its roles where they are missing; a second call changes nothing.

    Roles are named `aei_owner`, `aei_app` and `aei_system` with the suffix. Without the right to make
    them, prepare them by hand and write their URLs into `secrets_file` as `{"owner", "app", "system"}`.

    Args:
        admin_url: a libpq URL whose user may create roles and databases.
        secrets_file: keeps the URLs with their passwords, 0600.
        database: the database's name.
        suffix: tells the roles of several marketplaces on one server apart.
        own_server: the server is ours alone, so that a lost password may be replaced.

    Raises:
        PostgresError: no connection, no right, a role with too much power, or a server too old.
    """
    logins = _logins(read_urls(secrets_file), database, suffix)
    urls = DatabaseUrls(**{role: login.on(admin_url) for role, login in logins.items()})
    # Written first: a password that is in the database and nowhere else would be lost.
    write_urls(secrets_file, urls)
    if not await _all_enter(urls):
        await _make(admin_url, logins, own_server)
        await _require_entry(urls)
    await _check_powers(urls.app, [login.role for login in logins.values()])
    return urls


def _logins(kept: DatabaseUrls | None, database: str, suffix: str) -> dict[str, Login]:
    if kept:
        return {role: Login.of(getattr(kept, role)) for role in ROLES}
    return {role: Login(f"aei_{role}{suffix}", secrets.token_urlsafe(32), database) for role in ROLES}


async def _all_enter(urls: DatabaseUrls) -> bool:
    for role in ROLES:
        try:
            connection = await asyncpg.connect(getattr(urls, role), timeout=_CONNECT_SECONDS)
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
            return False
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise PostgresError(f"The database does not answer: {error}. Is PostgreSQL running?") from error
        await connection.close()
    return True


async def _require_entry(urls: DatabaseUrls) -> None:
    if not await _all_enter(urls):
        raise PostgresError(
            "The database is there, but the marketplace's roles cannot enter it. If they are older than this "
            "data folder, bring their passwords: copy keys/database.json from where they were made, or drop "
            "the roles. "
            "Otherwise let them in with a password in pg_hba.conf (scram-sha-256)."
        )


async def _make(admin_url: str, logins: dict[str, Login], own_server: bool) -> None:
    admin = await _enter_as_admin(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        await _require_rights(admin)
        for login in logins.values():
            await _make_role(admin, login, own_server)
        await _make_database(admin, logins)
    except asyncpg.PostgresError as error:
        raise PostgresError(f"The roles and the database could not be made: {error}") from error
    finally:
        await admin.close()


async def _enter_as_admin(admin_url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(admin_url, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise PostgresError(
            f"The database server refused its administrator: {error}. "
            "Check the URL; its user must be able to create roles and databases."
        ) from error


async def _require_rights(admin: asyncpg.Connection) -> None:
    if admin.get_server_version().major < OLDEST_MAJOR:
        raise PostgresError(
            f"The server is PostgreSQL {admin.get_server_version().major}; {OLDEST_MAJOR} or newer is needed."
        )
    user = await admin.fetchrow(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    if not (user["rolsuper"] or (user["rolcreaterole"] and user["rolcreatedb"])):
        raise PostgresError(
            f"The database user {user['rolname']} may not create roles and databases. "
            f'Run ALTER ROLE "{user["rolname"]}" CREATEROLE CREATEDB as an administrator, or let one prepare '
            "aei_owner, aei_app, aei_system and the database, and write their URLs into keys/database.json "
            'in the data folder as {"owner": …, "app": …, "system": …}.'
        )


async def _make_role(admin: asyncpg.Connection, login: Login, own_server: bool) -> None:
    exists = await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", login.role)
    name, verifier = _quoted(login.role), scram_verifier(login.password)
    if not exists:
        await admin.execute(
            f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
            f"PASSWORD '{verifier}'"
        )
    elif own_server:
        await admin.execute(f"ALTER ROLE {name} PASSWORD '{verifier}'")


async def _make_database(admin: asyncpg.Connection, logins: dict[str, Login]) -> None:
    owner, app, system = (_quoted(logins[role].role) for role in ROLES)
    database = _quoted(logins["owner"].database)
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", logins["owner"].database):
        if not await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            # Only a member may give a database away.
            await admin.execute(f"GRANT {owner} TO CURRENT_USER")
        await admin.execute(f"CREATE DATABASE {database} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")
    await admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {app}, {system}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _check_powers(url: str, roles: list[str]) -> None:
    """Refuse a role to which row-level security would not apply."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        mighty = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY($1) AND (rolsuper OR rolbypassrls) ORDER BY 1",
            roles,
        )
    finally:
        await connection.close()
    if mighty:
        names = ", ".join(row["rolname"] for row in mighty)
        raise PostgresError(
            f"Row-level security would not bind {names}, so tenants would not be apart. "
            "Run ALTER ROLE … NOSUPERUSER NOBYPASSRLS for each."
        )
