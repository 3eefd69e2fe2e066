"""`aei-marketplace catalogue`: what operators do with the whole catalogue from a shell."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import NoSuchTenant
from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.catalog import service as catalog
from aei_marketplace.commands.shell import count_anew
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings, SettingsError, load_settings
from aei_marketplace.wiring import database_urls

TENANT = "catalogue"

app = typer.Typer(help="The catalogue as a whole.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="the folder that holds all that lasts")]


@app.command(epilog="Example: aei-marketplace catalogue load names.tsv --limit 100000 --data ./data")
def load(
    table: Annotated[
        Path, typer.Argument(help="columns `name`, `summary` and perhaps `rank…`, parted by tabs")
    ],
    limit: Annotated[int, typer.Option(min=1, help="at most so many listings")] = 1_000_000,
    data: Data = None,
) -> None:
    """Fill the catalogue with listings without packages, to try how it does with many.

    They are found, filtered and shown under the namespace `catalogue`, and can be neither installed nor
    taken away again: use a data folder of its own. The marketplace may run meanwhile; its database has to.
    """
    try:
        settings = load_settings({"data": data})
        added = asyncio.run(load_into(settings, table, limit))
    except (OSError, ValueError, SettingsError, PostgresError, Refusal) as error:
        typer.echo(f"Nothing more was loaded: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{added:,} listings were added.")


async def load_into(settings: Settings, table: Path, limit: int) -> int:
    """Load a table into the marketplace that the settings name; how many listings were added."""
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=2) as database:
        works = Works(database, PostgresQueue())
        async with works.system("catalogue") as work:
            try:
                tenant = await accounts.find_tenant(work, TENANT)
            except NoSuchTenant:
                tenant = await accounts.create_tenant(work, TENANT, "Catalogue")
        lines = (await asyncio.to_thread(table.read_text, "utf-8", "replace")).splitlines()
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("loading", total=min(limit, len(lines)))
            added = await catalog.load_listings(
                works, tenant, lines, limit, lambda seen: bar.update(task, completed=seen)
            )
    await count_anew(settings)
    return added
