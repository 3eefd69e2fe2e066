"""`aei-marketplace backup` and `restore`."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.backup.archive import Archive, Manifest, open_archive
from aei_marketplace.backup.bars import Bars
from aei_marketplace.backup.errors import BackupError
from aei_marketplace.backup.restoring import require_restorable
from aei_marketplace.backup.restoring import restore as restore_archive
from aei_marketplace.backup.standing import sole_marketplace, standing_database
from aei_marketplace.backup.taking import Wanted, take_backup
from aei_marketplace.backup.wrapped_keys import Keys, unwrap_keys
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.folders import make_folders
from aei_marketplace.settings import SettingsError, load_settings

BACKUP_EXAMPLE = "Example: aei-marketplace backup --to /mnt/backups --with-master-key"
RESTORE_EXAMPLE = (
    "Example: aei-marketplace restore /mnt/backups/aei-backup-20261122T210000Z.tar --data ./data"
)

Data = Annotated[Path | None, typer.Option("--data", help="the folder that holds all that lasts")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="an existing PostgreSQL instead of the embedded one")
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="whose first line is the passphrase; else it is asked for"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]


def backup(
    to: Annotated[Path, typer.Option("--to", help="a new file, or a folder for one")],
    with_master_key: Annotated[
        bool, typer.Option("--with-master-key", help="also the keys, under a passphrase")
    ] = False,
    passphrase_file: PassphraseFile = None,
    leave_out_damaged: Annotated[
        bool, typer.Option("--leave-out-damaged", help="go on without packages that are missing or damaged")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Back up everything into one file, while the marketplace runs or not."""
    with failures_told():
        settings = load_settings({"data": data, "database_url": database_url})
        passphrase = ask_passphrase(passphrase_file, new=True) if with_master_key else None
        wanted = Wanted(to.absolute(), passphrase, leave_out_damaged)
        with standing_database(settings), Bars() as bars:
            taken = asyncio.run(take_backup(settings, wanted, bars))
    if as_json:
        typer.echo(json.dumps({"path": str(taken.path), "bytes": taken.bytes, **_summary(taken.manifest)}))
        return
    typer.echo(f"{taken.path}  {taken.bytes / 2**20:,.1f} MiB")
    typer.echo(_in_words(taken.manifest))
    if not with_master_key and taken.manifest.sealed:
        typer.echo("It holds no keys: keep a copy of the master key elsewhere (`aei-marketplace keys copy`).")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="what `backup` wrote")],
    passphrase_file: PassphraseFile = None,
    without_master_key: Annotated[
        bool, typer.Option("--without-master-key", help="accept that sealed values stay shut for now")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty data folder; interrupted, run it again."""
    with failures_told(), Bars() as bars, ExitStack() as stack:
        settings = load_settings({"data": data, "database_url": database_url})
        advance = bars.stage("verifying", source.stat().st_size)
        archive = stack.enter_context(open_archive(source, advance))
        with bars.paused():
            keys = _unwrapped(archive, passphrase_file, without_master_key)
        resume = require_restorable(settings, archive, keys, without_keys=without_master_key)
        make_folders(settings)
        with sole_marketplace(settings):
            restored = asyncio.run(restore_archive(settings, archive, keys, source.absolute(), bars))
    if as_json:
        typer.echo(json.dumps({**_summary(restored.manifest), "keys": restored.keys, "resumed": resume}))
        return
    typer.echo(f"Restored into {settings.data}, every digest and the audit log verified.")
    typer.echo(_in_words(restored.manifest))
    typer.echo(f"Start it: ./market up --data {settings.data}")


@contextmanager
def failures_told() -> Iterator[None]:
    """Tell what went wrong and end with 1; with 2 for a setting."""
    try:
        yield
    except SettingsError as error:
        raise failure(str(error), 2) from error
    except FileNotFoundError as error:
        raise failure(f"{error.filename} does not exist.") from error
    except (BackupError, PostgresError, LaunchError) as error:
        raise failure(str(error)) from error
    except OSError as error:
        raise failure(
            f"{error}. Nothing that was there before was changed; see to it and run the command again."
        ) from error
    except asyncpg.PostgresError as error:
        raise failure(
            f"The database refused: {error}. See logs/postgres.log, then run the command again."
        ) from error


def failure(message: str, status: int = 1) -> typer.Exit:
    """The end of a command that did not do what it should."""
    typer.echo(message, err=True)
    return typer.Exit(status)


def ask_passphrase(file: Path | None, *, new: bool) -> str:
    """The passphrase from a file's first line, or from whoever sits there."""
    if file is not None:
        lines = file.read_text("utf-8").splitlines()
        return lines[0] if lines else ""
    return str(typer.prompt("Passphrase of the keys", hide_input=True, confirmation_prompt=new, err=True))


def _unwrapped(archive: Archive, file: Path | None, without: bool) -> Keys | None:
    if archive.keys is None or without:
        return None
    return unwrap_keys(archive.keys, ask_passphrase(file, new=False))


def _summary(manifest: Manifest) -> dict[str, object]:
    return {
        "id": manifest.head.id,
        "made_at": manifest.head.made_at,
        "revision": manifest.head.revision,
        "counts": manifest.counts,
        "log": {"size": manifest.log.size, "root": manifest.log.root},
        "left_out": manifest.left_out,
    }


def _in_words(manifest: Manifest) -> str:
    shown = ", ".join(f"{number:,} {name}" for name, number in manifest.counts.items() if number)
    log = f"audit log of {manifest.log.size:,} entries, root {manifest.log.root[:16]}…"
    left_out = f"; {len(manifest.left_out)} damaged objects left out" if manifest.left_out else ""
    return f"{shown}; {log}{left_out}"
