"""`aei-marketplace token`: bearer tokens from a shell."""

from datetime import timedelta
from typing import Annotated

import typer

from aei_marketplace.accounts import service as accounts
from aei_marketplace.commands.shell import Data, TenantSlug, as_system, read_settings
from aei_marketplace.ground.work import Work

app = typer.Typer(help="Bearer tokens.", no_args_is_help=True)


@app.command("issue", epilog="Example: aei-marketplace token issue ada@acme.example --tenant acme --days 7")
def issue_token(
    email: str,
    tenant: TenantSlug = None,
    name: Annotated[str, typer.Option(help="what it is for")] = "issued by the operator",
    scope: Annotated[list[str] | None, typer.Option(help="an action; may be given several times")] = None,
    days: Annotated[int, typer.Option(min=1, max=366)] = 30,
    data: Data = None,
) -> None:
    """Issue a token for a user and print it once."""

    async def issue(work: Work) -> str:
        owner = await accounts.find_user(work, email)
        tenant_id = await accounts.find_tenant(work, tenant) if tenant else None
        token = await accounts.issue_token(
            work,
            name=name,
            scopes=scope or ["*"],
            lifetime=timedelta(days=days),
            owner=owner,
            tenant=tenant_id,
        )
        return token.secret or ""

    typer.echo(as_system(read_settings(data=data), issue))
