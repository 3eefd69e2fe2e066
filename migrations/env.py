"""Runs the migrations as the owner of the tables."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from aei_marketplace.ground.db import engine


def _run(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    owner = engine(context.config.attributes["url"])
    async with owner.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await owner.dispose()


asyncio.run(_main())
