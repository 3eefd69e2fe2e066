"""`aei-marketplace tenant`: tenants are added, closed and opened."""

from typing import Annotated

import typer

from aei_marketplace.accounts import service as accounts
from aei_marketplace.commands.shell import Data, as_system, read_settings
from aei_marketplace.ground.work import Work

app = typer.Typer(help="Tenants.", no_args_is_help=True)


@app.command("add", epilog="Example: aei-marketplace tenant add acme 'Acme Robotics'")
def add_tenant(slug: str, name: str, data: Data = None) -> None:
    """Create a tenant."""
    tenant_id = as_system(read_settings(data=data), lambda work: accounts.create_tenant(work, slug, name))
    typer.echo(f"{slug} {tenant_id}")


@app.command("close", epilog="Example: aei-marketplace tenant close acme --reason 'They left'")
def close_tenant(
    slug: str,
    reason: Annotated[str, typer.Option(help="stands in the audit log, and its members are told it")],
    data: Data = None,
) -> None:
    """Close a tenant: its tokens and sessions stop working at once, and nothing in it runs any more."""

    async def close(work: Work) -> None:
        await accounts.close_tenant(work, await accounts.find_tenant(work, slug), reason)

    as_system(read_settings(data=data), close)
    typer.echo(f"{slug} is closed.")


@app.command("open", epilog="Example: aei-marketplace tenant open acme")
def open_tenant(slug: str, data: Data = None) -> None:
    """Open a closed tenant again; its tokens and sessions stay ended."""

    async def reopen(work: Work) -> None:
        await accounts.reopen_tenant(work, await accounts.find_tenant(work, slug))

    as_system(read_settings(data=data), reopen)
    typer.echo(f"{slug} is open.")
