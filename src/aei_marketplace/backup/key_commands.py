"""`aei-marketplace keys`."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from aei_marketplace.backup import key_rotation
from aei_marketplace.backup.archive import open_archive
from aei_marketplace.backup.bars import Bars
from aei_marketplace.backup.commands import AsJson, Data, PassphraseFile, ask_passphrase, failures_told
from aei_marketplace.backup.errors import BackupError, NotABackup
from aei_marketplace.backup.key_folder import put_file, read_keys
from aei_marketplace.backup.standing import sole_marketplace, standing_database
from aei_marketplace.backup.wrapped_keys import unwrap_keys, wrap_keys
from aei_marketplace.launcher.unfinished import require_finished
from aei_marketplace.settings import Settings, load_settings

keys = typer.Typer(help="The keys that seal secrets.", no_args_is_help=True)
#: A wrapped copy by itself is some kilobytes.
_LARGEST_COPY = 1024 * 1024


@keys.command("check", epilog="Example: aei-marketplace keys check --json")
def check(data: Data = None, as_json: AsJson = False) -> None:
    """Open everything that is sealed; exit status 1 when something does not open."""
    with failures_told():
        settings = _settings(data)
        with standing_database(settings):
            use = asyncio.run(key_rotation.find_use(settings))
    if as_json:
        shown = {"keys": use.keys, "data_keys": use.data_keys, "journals": use.journals}
        left = {"outdated": use.outdated, "due": use.due}
        typer.echo(json.dumps({**shown, "values": use.values, "shut": use.shut, **left}))
    else:
        for number, key in enumerate(use.keys):
            word = "older" if number else "present"
            typer.echo(f"{word:<8} {key}  {use.data_keys[key]} data keys, {use.journals[key]} journals")
        typer.echo(f"{use.values} values opened")
        if use.outdated:
            typer.echo(
                f"LOOK {use.outdated} data keys are not under the present key: aei-marketplace keys rotate"
            )
        if use.due:
            typer.echo(
                f"LOOK {use.due} data keys are still to be replaced: aei-marketplace keys rotate --data-keys"
            )
        for name in use.shut:
            typer.echo(f"SHUT {name}")
    raise typer.Exit(1 if use.shut else 0)


@keys.command("rotate", epilog="Example: aei-marketplace keys rotate")
def rotate(
    data_keys: Annotated[
        bool,
        typer.Option(
            "--data-keys", help="instead give every tenant a fresh key, and seal all its values again"
        ),
    ] = False,
    data: Data = None,
) -> None:
    """Make a new master key and wrap every tenant's key with it, while the marketplace runs."""
    if data_keys:
        _replace_data_keys(data)
        return
    with failures_told():
        settings = _settings(data)
        with standing_database(settings), Bars() as bars:
            done = asyncio.run(key_rotation.rotate(settings, bars))
    began = "The interrupted rotation is finished" if done.resumed else "A new master key was made"
    typer.echo(f"{began}: {done.present}. {done.done} data keys were wrapped again.")
    typer.echo(
        "The old key stays beside it for journals (30 days); then, stopped: aei-marketplace keys prune"
    )
    typer.echo("Older copies of the key do not open what is sealed from now on: aei-marketplace keys copy")


@keys.command("copy", epilog="Example: aei-marketplace keys copy --to /media/usb/aei-keys.json")
def copy(
    to: Annotated[Path, typer.Option("--to", help="a new file, best on a medium of its own")],
    passphrase_file: PassphraseFile = None,
    data: Data = None,
) -> None:
    """Copy all keys into one file, under a passphrase."""
    with failures_told():
        settings = _settings(data)
        wrapped = wrap_keys(found := read_keys(settings), ask_passphrase(passphrase_file, new=True))
        with standing_database(settings):
            asyncio.run(key_rotation.record_copy(settings, found))
        if not put_file(to, wrapped):
            raise BackupError(f"{to} exists already, and is not written over. Choose another name.")
    typer.echo(
        f"{to}: {len(found.master)} master keys, {len(found.others)} others. Keep the passphrase elsewhere."
    )


@keys.command("recover", epilog="Example: aei-marketplace keys recover /media/usb/aei-keys.json")
def recover(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="what `keys copy` wrote, or a backup with keys")
    ],
    passphrase_file: PassphraseFile = None,
    data: Data = None,
) -> None:
    """Bring keys back from a wrapped copy; what is there stays as it is."""
    with failures_told():
        settings = _settings(data)
        found = unwrap_keys(_wrapped_in(source), ask_passphrase(passphrase_file, new=False))
        with standing_database(settings):
            put = asyncio.run(key_rotation.recover(settings, found))
    typer.echo(f"Put in place: {', '.join(put)}." if put else "Every key of the copy is there already.")
    typer.echo("Now look: aei-marketplace keys check")


@keys.command("prune", epilog="Example: aei-marketplace keys prune")
def prune(data: Data = None) -> None:
    """Delete older master keys that nothing needs any more; the marketplace must be stopped."""
    with failures_told():
        settings = _settings(data)
        with sole_marketplace(settings):
            gone = asyncio.run(key_rotation.prune(settings))
    typer.echo(
        f"Deleted: {', '.join(gone)}" if gone else "Every older key is still needed, or there is none."
    )


def _replace_data_keys(data: Path | None) -> None:
    with failures_told():
        settings = _settings(data)
        with standing_database(settings), Bars() as bars:
            done = asyncio.run(key_rotation.replace_data_keys(settings, bars))
    began = "The interrupted replacement is finished: " if done.resumed else ""
    typer.echo(f"{began}{done.keys} data keys were replaced, and {done.values} values sealed again.")
    typer.echo(
        "Backups from before hold the values under the old keys. Take a new one: aei-marketplace backup"
    )


def _settings(data: Path | None) -> Settings:
    settings = load_settings({"data": data})
    require_finished(settings)
    return settings


def _wrapped_in(source: Path) -> bytes:
    """The wrapped keys of a copy or of a backup."""
    if source.stat().st_size <= _LARGEST_COPY:
        content = source.read_bytes()
        if content.lstrip().startswith(b"{"):
            return content
    with open_archive(source) as archive:
        if archive.keys is None:
            raise NotABackup(f"{source} holds no keys: it was taken without --with-master-key.")
        return archive.keys
