"""`aei-marketplace`: what operators do from a shell."""

import json
from pathlib import Path
from typing import Annotated

import typer

from aei_marketplace.backup import commands as backups
from aei_marketplace.backup.key_commands import keys
from aei_marketplace.commands import (
    advisories,
    audit,
    billing,
    catalogue,
    kill_list,
    ledger,
    mail,
    payouts,
    tenants,
    tokens,
    users,
)
from aei_marketplace.commands.shell import AsJson, Data, read_settings, run
from aei_marketplace.examination import Finding, examine
from aei_marketplace.launcher import run_up
from aei_marketplace.launcher.database import prepare_database
from aei_marketplace.seed import seed_from

app = typer.Typer(
    help="Run and look after an AEI Marketplace. Settings come from flags, AEI_* variables and aei.toml.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(tenants.app, name="tenant")
app.add_typer(mail.app, name="mail")
app.add_typer(advisories.app, name="advisories")
app.add_typer(audit.app, name="audit")
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


def main() -> None:
    """The entry of the command `aei-marketplace`."""
    app()


def _line(finding: Finding) -> str:
    return f"{'ok  ' if finding.fine else 'LOOK'} {finding.what:<12} {finding.detail}"


if __name__ == "__main__":
    main()
