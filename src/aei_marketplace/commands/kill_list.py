"""`aei-marketplace kill-list`: what operators do with the kill list from a shell."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from aei_inspection.notes import NoteMalformed, NoteUnproven, VerifyingKey, parse_note
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.commands.shell import AsJson, Data, failure, open_works, read_settings, run
from aei_marketplace.ground.work import Work, Works
from aei_protocol.kill_list import MOST_BYTES, KillList, KillListMalformed, read_kill_list

T = TypeVar("T")

app = typer.Typer(help="Releases that must run nowhere.", no_args_is_help=True)

Origin = Annotated[str, typer.Argument(metavar="ORIGIN", help="whose list; the name of its key")]
PluginId = Annotated[str, typer.Argument(metavar="ID", help="the plugin, NAMESPACE.NAME")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="the release")]
Reason = Annotated[str, typer.Option(help="why; it is public, and told to who has it installed")]


@app.command("list", epilog="Example: aei-marketplace kill-list list --json")
def list_entries(data: Data = None, as_json: AsJson = False) -> None:
    """Show what stands on the list. Blocked releases of private plugins are stopped and not listed."""
    entries = _with_works(data, lambda works: _in_work(works, catalog.killed_releases))
    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    for entry in entries:
        typer.echo(f"{entry.plugin} {entry.version}  {entry.at}  {entry.sha256[:12]}  {entry.reason!r}")
    typer.echo(f"{len(entries)} on the list.")


@app.command(epilog="Example: aei-marketplace kill-list export kill-list.txt")
def export(file: Annotated[Path, typer.Argument(help="where to write it")], data: Data = None) -> None:
    """Write the list as it was signed last, for who takes no list over the network."""
    signed = _with_works(data, lambda works: _in_work(works, catalog.find_kill_list))
    file.write_text(signed.note, "utf-8")
    typer.echo(f"List {signed.serial} is in {file}. Its key: {signed.verifying_key}")


@app.command("import", epilog="Example: aei-marketplace kill-list import list.txt --key 'other.example+1a…'")
def import_list(
    file: Annotated[Path, typer.Argument(help="a signed list of another marketplace")],
    key: Annotated[str, typer.Option(help="its key as its operator told you; name+id+base64")],
    data: Data = None,
) -> None:
    """Block what another marketplace's list names, where the same package or component is here.

    The list is remembered in the place of that marketplace's last one: whatever it names is refused from now
    on. An older one is not taken. Nothing is let go, and what staff lifted is blocked again by a newer list.
    """
    listed = _read(file, key)
    blocked = _with_works(data, lambda works: catalog.import_kill_list(works, listed, key))
    for plugin_id, version in blocked:
        typer.echo(f"{plugin_id} {version} is blocked.")
    typer.echo(
        f"List {listed.serial} of {listed.origin}, made {listed.at}: {len(listed.entries)} entries,"
        f" {len(blocked)} blocked here now."
    )


@app.command("imported", epilog="Example: aei-marketplace kill-list imported --json")
def list_imported(data: Data = None, as_json: AsJson = False) -> None:
    """Show the lists of other marketplaces that new releases are held against."""
    known = _with_works(data, lambda works: _in_work(works, catalog.list_imported))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(known)).decode())
        return
    for each in known:
        typer.echo(f"{each.origin}  list {each.serial}, made {each.made_at}: {each.entries} entries")
    typer.echo(f"{len(known)} remembered.")


@app.command(epilog="Example: aei-marketplace kill-list forget other.example/kill-list")
def forget(origin: Origin, data: Data = None) -> None:
    """Hold nothing against another marketplace's list any more; what was blocked for it stays so."""
    _with_works(data, lambda works: _in_work(works, lambda work: catalog.forget_imported(work, origin)))
    typer.echo(f"The list of {origin} is forgotten.")


@app.command(epilog="Example: aei-marketplace kill-list add acme.counter 1.2.0 --reason 'steals keys'")
def add(plugin: PluginId, version: Version, reason: Reason, data: Data = None) -> None:
    """Block a release: it stops everywhere within seconds, and stands on the list."""
    _move(data, plugin, version, ReleaseState.BLOCKED, reason)
    typer.echo(f"{plugin} {version} is blocked.")


@app.command(epilog="Example: aei-marketplace kill-list lift acme.counter 1.2.0 --reason 'it was another'")
def lift(plugin: PluginId, version: Version, reason: Reason, data: Data = None) -> None:
    """Take a release off the list. It is quarantined then: staff look at it before it runs again."""
    _move(data, plugin, version, ReleaseState.QUARANTINED, reason, only_from=ReleaseState.BLOCKED)
    typer.echo(
        f"{plugin} {version} is off the list and quarantined; let it go at PATCH …/versions/{version}."
    )


def _move(
    data: Path | None,
    plugin: str,
    version: str,
    state: ReleaseState,
    reason: str,
    only_from: ReleaseState | None = None,
) -> None:
    async def move(work: Work) -> None:
        present = (await catalog.find_release(work, plugin, version)).state
        if only_from is not None and present is not only_from:
            raise failure(f"{plugin} {version} is {present}, and not on the list.", 1)
        await catalog.change_state(work, plugin, version, state, reason)

    _with_works(data, lambda works: _in_work(works, move))


def _read(file: Path, key: str) -> KillList:
    try:
        verifying = VerifyingKey.parse(key)
        note = parse_note(file.read_bytes(), MOST_BYTES)
        verifying.check(note)
        listed = read_kill_list(note.text)
    except (NoteMalformed, NoteUnproven, KillListMalformed, OSError) as error:
        raise failure(f"{error}\nNothing was blocked: this is no list that this key signed.", 1) from error
    if listed.origin != verifying.name:
        raise failure(f"The list is of {listed.origin}, and the key of {verifying.name}.", 1)
    return listed


async def _in_work(works: Works, do: Callable[[Work], Awaitable[T]]) -> T:
    async with works.system("aei-marketplace") as work:
        return await do(work)


def _with_works(data: Path | None, do: Callable[[Works], Awaitable[T]]) -> T:
    async def with_works() -> T:
        async with open_works(read_settings(data=data)) as works:
            return await do(works)

    return run(with_works())
