"""Roles and database: made once on any server, bound by row-level security, never taken over."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from aei_marketplace.adapters.postgres import DatabaseUrls, PostgresError, read_urls, temporary_server
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.postgres.scram import scram_verifier
from aei_marketplace.adapters.postgres.urls import Login, write_urls


@pytest.fixture(scope="module")
def admin_url() -> Iterator[str]:
    """A server of its own: roles belong to the whole server."""
    with temporary_server() as server:
        yield server.admin_url


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_each_role_enters_its_database_and_has_no_power_beyond_it(
    admin_url: str, tmp_path: Path
) -> None:
    urls = await bootstrap(admin_url, tmp_path / "k" / "database.json", database="one", suffix="_one")
    for role in ("owner", "app", "system"):
        url = getattr(urls, role)
        assert await run(url, "SELECT current_user || '/' || current_database()") == f"aei_{role}_one/one"
        powers = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
        assert await run(url, f"SELECT {powers} FROM pg_roles WHERE rolname = current_user") is False
    assert await run(urls.owner, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'one'") == (
        "aei_owner_one"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.app, "CREATE TABLE mine (x int)")


async def test_a_second_call_changes_nothing(admin_url: str, tmp_path: Path) -> None:
    file = tmp_path / "database.json"
    first = await bootstrap(admin_url, file, database="two", suffix="_two")
    before = file.read_bytes()
    assert await bootstrap(admin_url, file, database="two", suffix="_two") == first
    assert file.read_bytes() == before


async def test_two_at_once_make_one_database(admin_url: str, tmp_path: Path) -> None:
    file = tmp_path / "database.json"
    await bootstrap(admin_url, file, database="three", suffix="_three")
    await run(admin_url, "DROP DATABASE three")
    both = [bootstrap(admin_url, file) for _ in range(2)]
    first, second = await asyncio.gather(*both)
    assert first == second
    assert await run(first.app, "SELECT 1") == 1


async def test_passwords_are_kept_from_other_users(admin_url: str, tmp_path: Path) -> None:
    file = tmp_path / "k" / "database.json"
    urls = await bootstrap(admin_url, file, database="four", suffix="_four")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert Login.of(urls.app).password not in repr(urls)


async def test_another_marketplaces_roles_are_not_taken_over(admin_url: str, tmp_path: Path) -> None:
    theirs = await bootstrap(admin_url, tmp_path / "theirs.json", database="five", suffix="_five")
    with pytest.raises(PostgresError, match=r"copy keys/database\.json"):
        await bootstrap(admin_url, tmp_path / "ours.json", database="five", suffix="_five")
    assert await run(theirs.app, "SELECT 1") == 1


async def test_on_a_server_of_our_own_lost_passwords_are_replaced(admin_url: str, tmp_path: Path) -> None:
    lost = await bootstrap(admin_url, tmp_path / "lost.json", database="six", suffix="_six")
    found = await bootstrap(admin_url, tmp_path / "new.json", database="six", suffix="_six", own_server=True)
    assert await run(found.app, "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(lost.app, "SELECT 1")


async def test_an_administrator_who_is_no_superuser_suffices(admin_url: str, tmp_path: Path) -> None:
    await run(admin_url, "CREATE ROLE landlord LOGIN CREATEROLE CREATEDB PASSWORD 'p'")
    landlord = Login("landlord", "p", "postgres").on(admin_url)
    urls = await bootstrap(landlord, tmp_path / "database.json", database="seven", suffix="_seven")
    assert await run(urls.owner, "CREATE TABLE t (x int)") is None


async def test_without_the_right_to_make_roles_the_refusal_says_what_to_do(
    admin_url: str, tmp_path: Path
) -> None:
    await run(admin_url, "CREATE ROLE lodger LOGIN PASSWORD 'p'")
    lodger = Login("lodger", "p", "postgres").on(admin_url)
    with pytest.raises(PostgresError, match=r'ALTER ROLE "lodger" CREATEROLE CREATEDB.*keys/database\.json'):
        await bootstrap(lodger, tmp_path / "database.json", database="eight", suffix="_eight")


async def test_roles_prepared_by_hand_need_no_administrator(admin_url: str, tmp_path: Path) -> None:
    await run(admin_url, "CREATE ROLE \"it's me\" LOGIN PASSWORD 'p@/:'")
    await run(admin_url, 'CREATE DATABASE "by hand" OWNER "it\'s me"')
    url = Login("it's me", "p@/:", "by hand").on(admin_url)
    write_urls(tmp_path / "database.json", DatabaseUrls(url, url, url))
    nobody = Login("nobody", "wrong", "postgres").on(admin_url)
    urls = await bootstrap(nobody, tmp_path / "database.json")
    assert await run(urls.app, "SELECT current_database()") == "by hand"


async def test_a_role_above_row_level_security_is_refused(admin_url: str, tmp_path: Path) -> None:
    file = tmp_path / "database.json"
    await bootstrap(admin_url, file, database="nine", suffix="_nine")
    await run(admin_url, "ALTER ROLE aei_app_nine BYPASSRLS")
    with pytest.raises(PostgresError, match="would not bind aei_app_nine"):
        await bootstrap(admin_url, file)


async def test_a_server_that_is_not_there_is_named_as_the_cause(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="Is PostgreSQL running"):
        await bootstrap("postgresql://a:b@127.0.0.1:1/postgres", tmp_path / "database.json")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"owner": "x", "app": "y"}'])
def test_a_damaged_secrets_file_is_refused_and_not_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "database.json"
    file.write_text(content)
    with pytest.raises(PostgresError, match="does not hold the three database URLs"):
        read_urls(file)
    assert file.read_text() == content


def test_no_file_yet_means_no_urls(tmp_path: Path) -> None:
    assert read_urls(tmp_path / "none.json") is None


_names = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=20)


@given(role=_names, password=_names, database=_names)
def test_a_login_reads_back_from_its_own_url_and_sqlalchemy_agrees(
    role: str, password: str, database: str
) -> None:
    login = Login(role, password, database)
    url = login.on("postgresql://admin:secret@/postgres?host=/run/x%20y&sslmode=disable&user=other")
    assert Login.of(url) == login
    parsed = make_url(url)
    assert (parsed.username, parsed.password) == (role, password)
    assert parsed.query["host"] == "/run/x y"
    assert "user" not in parsed.query


def test_the_server_of_a_url_stays_what_it_was() -> None:
    url = Login("r", "p", "d").on("postgres://admin:a@db.example:6432/postgres?sslmode=require")
    assert url == "postgres://r:p@db.example:6432/d?sslmode=require"


async def test_the_verifier_is_what_the_server_accepts_as_the_password(admin_url: str) -> None:
    await run(admin_url, f"CREATE ROLE checked LOGIN PASSWORD '{scram_verifier('right')}'")
    assert await run(Login("checked", "right", "postgres").on(admin_url), "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(Login("checked", "wrong", "postgres").on(admin_url), "SELECT 1")
    stored = await run(admin_url, "SELECT rolpassword FROM pg_authid WHERE rolname = 'checked'")
    assert "right" not in json.dumps(stored)
