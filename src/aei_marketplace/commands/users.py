"""`aei-marketplace user`: people come, go, and are erased."""

from pathlib import Path
from typing import Annotated, Any

import typer

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.rules import STAFF_ROLES, TENANT_ROLES
from aei_marketplace.audit import service as audit
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.commands.audit import audit_archives
from aei_marketplace.commands.shell import (
    Data,
    TenantSlug,
    as_system,
    failure,
    open_works,
    read_settings,
    run,
)
from aei_marketplace.ground.work import Work

app = typer.Typer(help="People and service accounts.", no_args_is_help=True)


@app.command(
    "add", epilog="Example: aei-marketplace user add ada@acme.example Ada --tenant acme --role Admin"
)
def add_user(
    email: str,
    name: str,
    role: Annotated[str, typer.Option(help=f"{', '.join(TENANT_ROLES)}; for staff {', '.join(STAFF_ROLES)}")],
    tenant: TenantSlug = None,
    with_password: Annotated[bool, typer.Option("--with-password", help="ask for a password")] = False,
    data: Data = None,
) -> None:
    """Create a user of a tenant, or without --tenant a member of staff."""

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if with_password else None

    async def add(work: Work) -> Any:
        user_id = await accounts.create_user(work, name=name, email=email, password=password)
        if tenant:
            await accounts.add_member(work, user_id, role, await accounts.find_tenant(work, tenant))
        else:
            await accounts.add_staff(work, user_id, role)
        return user_id

    typer.echo(f"{email} {as_system(read_settings(data=data), add)}")


@app.command("close", epilog="Example: aei-marketplace user close ada@acme.example")
def close_account(email: str, data: Data = None) -> None:
    """Close an account everywhere: its tokens and sessions stop working at once."""

    async def close(work: Work) -> None:
        await accounts.close_account(work, await accounts.find_user(work, email))

    as_system(read_settings(data=data), close)
    typer.echo(f"{email} is closed.")


@app.command("open", epilog="Example: aei-marketplace user open ada@acme.example")
def open_account(email: str, data: Data = None) -> None:
    """Open a closed account again; its tokens and sessions stay ended."""

    async def reopen(work: Work) -> None:
        await accounts.open_account(work, await accounts.find_user(work, email))

    as_system(read_settings(data=data), reopen)
    typer.echo(f"{email} is open.")


@app.command("erase", epilog="Example: aei-marketplace user erase ada@acme.example")
def erase_person(
    email: str,
    archives: Annotated[
        Path | None,
        typer.Option("--archives", help="where archives lie; else audit-archive in the data folder"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    data: Data = None,
) -> None:
    """Close an account for good and erase who it was, in the audit log too; every proof stays valid."""
    if not yes:
        typer.confirm(f"Erase {email} for good? This cannot be undone", abort=True)
    settings = read_settings(data=data)

    async def erase() -> int:
        async with open_works(settings) as works:
            return await audit.erase_person(works, audit_archives(settings, archives), email)

    try:
        erased = run(erase())
    except ArchiveRefused as error:
        raise failure(str(error), 1) from error
    typer.echo(
        f"{email} is erased, with {erased} values in the audit log. Backups made before still hold them."
    )


@app.command("forget-passkeys", epilog="Example: aei-marketplace user forget-passkeys ada@acme.example")
def forget_passkeys(email: str, data: Data = None) -> None:
    """Remove the passkeys of somebody who lost theirs; be sure who asks."""

    async def forget(work: Work) -> int:
        return await accounts.forget_passkeys(work, await accounts.find_user(work, email))

    typer.echo(f"{as_system(read_settings(data=data), forget)} passkeys of {email} are removed.")
