"""`aei-marketplace`: what operators do from a shell."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.rules import STAFF_ROLES, TENANT_ROLES
from aei_marketplace.audit import service as audit
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.backup import commands as backups
from aei_marketplace.backup.key_commands import keys
from aei_marketplace.commands import advisories, billing, catalogue, kill_list, ledger, payouts
from aei_marketplace.commands import audit as audit_commands
from aei_marketplace.commands.audit import audit_archives
from aei_marketplace.commands.shell import Data, failure, open_works, read_settings, run
from aei_marketplace.examination import Finding, examine
from aei_marketplace.ground.work import Work
from aei_marketplace.launcher import run_up
from aei_marketplace.launcher.database import prepare_database
from aei_marketplace.seed import seed_from
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import open_mail

T = TypeVar("T")

app = typer.Typer(
    help="Run and look after an AEI Marketplace. Settings come from flags, AEI_* variables and aei.toml.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="People and service accounts.", no_args_is_help=True)
tokens = typer.Typer(help="Bearer tokens.", no_args_is_help=True)
mails = typer.Typer(help="Mail.", no_args_is_help=True)
tenants = typer.Typer(help="Tenants.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(tokens, name="token")
app.add_typer(tenants, name="tenant")
app.add_typer(mails, name="mail")
app.add_typer(advisories.app, name="advisories")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(billing.app, name="billing")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(kill_list.app, name="kill-list")
app.add_typer(ledger.app, name="ledger")
app.add_typer(payouts.app, name="payouts")
app.add_typer(keys, name="keys")
app.command("backup", epilog=backups.BACKUP_EXAMPLE)(backups.backup)
app.command("restore", epilog=backups.RESTORE_EXAMPLE)(backups.restore)

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="an existing PostgreSQL instead of the embedded one")
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]
TenantSlug = Annotated[str | None, typer.Option("--tenant", help="short name of the tenant; none for staff")]


@app.command(epilog="Example: aei-marketplace up --data ./data --port 0 --seed demo")
def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="the address to listen on (127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="the port (8420); 0 picks a free one")] = None,
    seed: Annotated[str | None, typer.Option(help="demo or none")] = None,
    database_url: DatabaseUrl = None,
    ready_file: Annotated[Path | None, typer.Option(help="written when ready: url, tokens, pids")] = None,
    development_without_walls: Annotated[
        bool, typer.Option(help="run plugins even where walls of the operating system are missing")
    ] = False,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    flags = {"data": data, "host": host, "port": port, "seed": seed, "database_url": database_url}
    settings = read_settings(**flags, development_without_walls=development_without_walls or None)
    raise typer.Exit(run_up(settings, ready_file))


@app.command(epilog="Example: aei-marketplace migrate --database-url postgresql://admin@db.example/postgres")
def migrate(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Prepare the database: roles, tables, queue. A second run changes nothing."""
    run(prepare_database(read_settings(data=data, database_url=database_url)))
    typer.echo("The database is prepared.")


@app.command(epilog="Example: aei-marketplace seed --data ./data")
def seed(
    data: Data = None, kind: Annotated[str, typer.Option("--seed", help="demo or none")] = "demo"
) -> None:
    """Fill an empty marketplace and print the tokens as JSON."""
    typer.echo(json.dumps(run(seed_from(read_settings(data=data, seed=kind))), indent=2))


@app.command(epilog="Example: aei-marketplace doctor --json")
def doctor(
    data: Data = None,
    backup_days: Annotated[int, typer.Option(min=1, help="how old the last backup may be")] = 7,
    as_json: AsJson = False,
) -> None:
    """Say what stands and what is not safe; exit status 1 when something is not."""
    findings = run(examine(read_settings(data=data), backup_days))
    if as_json:
        typer.echo(json.dumps([{"what": f.what, "fine": f.fine, "detail": f.detail} for f in findings]))
    else:
        for finding in findings:
            typer.echo(_line(finding))
    raise typer.Exit(0 if all(f.fine for f in findings) else 1)


@tenants.command("add", epilog="Example: aei-marketplace tenant add acme 'Acme Robotics'")
def add_tenant(slug: str, name: str, data: Data = None) -> None:
    """Create a tenant."""
    tenant_id = _as_system(read_settings(data=data), lambda work: accounts.create_tenant(work, slug, name))
    typer.echo(f"{slug} {tenant_id}")


@tenants.command("close", epilog="Example: aei-marketplace tenant close acme --reason 'They left'")
def close_tenant(
    slug: str,
    reason: Annotated[str, typer.Option(help="stands in the audit log, and its members are told it")],
    data: Data = None,
) -> None:
    """Close a tenant: its tokens and sessions stop working at once, and nothing in it runs any more."""

    async def close(work: Work) -> None:
        await accounts.close_tenant(work, await accounts.find_tenant(work, slug), reason)

    _as_system(read_settings(data=data), close)
    typer.echo(f"{slug} is closed.")


@tenants.command("open", epilog="Example: aei-marketplace tenant open acme")
def open_tenant(slug: str, data: Data = None) -> None:
    """Open a closed tenant again; its tokens and sessions stay ended."""

    async def reopen(work: Work) -> None:
        await accounts.reopen_tenant(work, await accounts.find_tenant(work, slug))

    _as_system(read_settings(data=data), reopen)
    typer.echo(f"{slug} is open.")


@users.command(
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

    typer.echo(f"{email} {_as_system(read_settings(data=data), add)}")


@users.command("close", epilog="Example: aei-marketplace user close ada@acme.example")
def close_account(email: str, data: Data = None) -> None:
    """Close an account everywhere: its tokens and sessions stop working at once."""

    async def close(work: Work) -> None:
        await accounts.close_account(work, await accounts.find_user(work, email))

    _as_system(read_settings(data=data), close)
    typer.echo(f"{email} is closed.")


@users.command("open", epilog="Example: aei-marketplace user open ada@acme.example")
def open_account(email: str, data: Data = None) -> None:
    """Open a closed account again; its tokens and sessions stay ended."""

    async def reopen(work: Work) -> None:
        await accounts.open_account(work, await accounts.find_user(work, email))

    _as_system(read_settings(data=data), reopen)
    typer.echo(f"{email} is open.")


@users.command("erase", epilog="Example: aei-marketplace user erase ada@acme.example")
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


@users.command("forget-passkeys", epilog="Example: aei-marketplace user forget-passkeys ada@acme.example")
def forget_passkeys(email: str, data: Data = None) -> None:
    """Remove the passkeys of somebody who lost theirs; be sure who asks."""

    async def forget(work: Work) -> int:
        return await accounts.forget_passkeys(work, await accounts.find_user(work, email))

    typer.echo(f"{_as_system(read_settings(data=data), forget)} passkeys of {email} are removed.")


@tokens.command(
    "issue", epilog="Example: aei-marketplace token issue ada@acme.example --tenant acme --days 7"
)
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

    typer.echo(_as_system(read_settings(data=data), issue))


@mails.command("test", epilog="Example: aei-marketplace mail test you@example.org")
def send_test_mail(address: str, data: Data = None) -> None:
    """Send one mail as notices are sent, and say how it went."""
    settings = read_settings(data=data)
    text = "This marketplace can send mail: this one was asked for with `aei-marketplace mail test`."
    run(open_mail(settings).send(address, "A test of the marketplace's mail", text))
    where = settings.smtp_server or f"written into {settings.mail}, for no mail server is named"
    typer.echo(f"Handed over: {where}.")


def main() -> None:
    """The entry of the command `aei-marketplace`."""
    app()


def _as_system(settings: Settings, do: Callable[[Work], Awaitable[T]]) -> T:
    async def as_system() -> T:
        async with open_works(settings) as works, works.system("aei-marketplace") as work:
            return await do(work)

    return run(as_system())


def _line(finding: Finding) -> str:
    return f"{'ok  ' if finding.fine else 'LOOK'} {finding.what:<12} {finding.detail}"


if __name__ == "__main__":
    main()
