"""Connections that are lost while nobody uses them."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground import db


async def test_pools_are_closed_although_a_connection_never_comes_back(
    urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_FAREWELL_SECONDS", 0.05)
    async with asyncio.timeout(30):
        async with db.open_database(urls.app, urls.system, size=1) as database:
            await database.quick.acquire()
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await database.quick.acquire()


async def test_a_statement_that_is_never_answered_is_given_up(
    urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_LONGEST_STATEMENT", 0.05)
    async with db.open_database(urls.app, urls.system, size=1) as database:
        with pytest.raises(TimeoutError):
            await database.quick.execute("select pg_sleep(3600)")


async def test_a_connection_that_was_lost_at_rest_is_replaced_and_nobody_notices(
    urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = db.engine(urls.system, 1), db.engine(urls.system, 1)
    try:
        async with engine.begin() as connection:
            lost = (await connection.execute(text("select pg_backend_pid()"))).scalar_one()
        async with other.begin() as connection:
            await connection.execute(
                text("select pg_terminate_backend(cast(:pid as integer), 5000)"), {"pid": lost}
            )
        monkeypatch.setattr(db, "_SURELY_ALIVE", 0.0)  # it has rested long enough
        async with engine.begin() as connection:
            assert (await connection.execute(text("select pg_backend_pid()"))).scalar_one() != lost
    finally:
        await engine.dispose()
        await other.dispose()
