"""What operators' commands share: settings, the database, and how a failure is said."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.settings import Settings, SettingsError, load_settings
from aei_marketplace.wiring import database_urls

T = TypeVar("T")

Data = Annotated[Path | None, typer.Option("--data", help="the folder that holds all that lasts")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]
TenantSlug = Annotated[str | None, typer.Option("--tenant", help="short name of the tenant; none for staff")]


def read_settings(**flags: object) -> Settings:
    """The settings under these flags; a command ends with 2 where they cannot be read."""
    try:
        return load_settings(flags)
    except SettingsError as error:
        raise failure(str(error), 2) from error


@asynccontextmanager
async def open_works(settings: Settings) -> AsyncIterator[Works]:
    """Works on the marketplace's database."""
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=2) as database:
        yield Works(database, PostgresQueue())


async def count_anew(settings: Settings, *tables: str) -> None:
    """Have the database learn how many rows there are; it chooses its ways by what it last counted.

    Args:
        tables: whose; all when none is named.
    """
    connection = await asyncpg.connect(database_urls(settings).owner)
    try:
        await connection.execute(f"analyze {', '.join(tables)}")
    finally:
        await connection.close()


def as_system(settings: Settings, do: Callable[[Work], Awaitable[T]]) -> T:
    """What a step gives that is done in one work of the operator's shell; ends as `run` does."""

    async def done() -> T:
        async with open_works(settings) as works, works.system("aei-marketplace") as work:
            return await do(work)

    return run(done())


def run(doing: Coroutine[Any, Any, T]) -> T:
    """What it gives; a command ends with 1 and what to do where it is refused or nobody answers."""
    try:
        return asyncio.run(doing)
    except Refusal as refusal:
        faults = "".join(f"\n  {f.pointer}: {f.message}" for f in refusal.faults)
        raise failure(f"{refusal.detail} {refusal.next_step}{faults}", 1) from refusal
    except (PostgresError, OSError) as error:
        raise failure(f"{error}\nIs the marketplace up? `aei-marketplace doctor` looks.", 1) from error


def failure(message: str, status: int) -> typer.Exit:
    """The end of a command that failed, said on standard error."""
    typer.echo(message, err=True)
    return typer.Exit(status)
