"""`aei-marketplace advisories`: the database of advisories about packages inside of plugins."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import Progress

from aei_marketplace.adapters.advisory_mirrors import AdvisoryMirrorClient
from aei_marketplace.certification.service.advisories import (
    AdvisorySource,
    Imported,
    Told,
    import_export,
    list_advisory_sources,
    refresh,
)
from aei_marketplace.commands.shell import AsJson, Data, count_anew, failure, open_works, read_settings, run
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from aei_protocol.addresses import read_internal_hosts

_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
#: What an import changes much of, and what is then read by what the database last counted.
_TABLES = ("package_advisories", "advised_packages", "advisory_origins")

app = typer.Typer(help="Known vulnerabilities of packages that plugins contain.", no_args_is_help=True)

Source = Annotated[
    str | None,
    typer.Option(help="the name under which the next one replaces this; by default that of the place"),
]


@app.command("import", epilog="Example: aei-marketplace advisories import PyPI/all.zip --source pypi")
def import_advisories(
    path: Annotated[Path, typer.Argument(help="a folder, .zip, .json, .jsonl or .jsonl.zst of OSV records")],
    source: Source = None,
    force: Annotated[bool, typer.Option("--force", help="even if it is older or much smaller")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take the advisories of an export, in the place of what the same source brought before.

    All of it is taken, or nothing. The marketplace may run meanwhile; its database has to.
    """
    if not path.exists():
        raise failure(f"{path} does not exist.", 2)
    place = path.absolute()
    name = _named(source, place.parent.name if place.name == "all.zip" else place.name.partition(".")[0])

    async def take(works: Works, _: Settings, told: Told) -> Imported:
        return await import_export(works, path, name, told, even_if_older=force)

    _say(_bring(data, take), as_json)


@app.command("refresh", epilog="Example: aei-marketplace advisories refresh https://mirror.example/osv/PyPI")
def refresh_advisories(
    url: Annotated[
        str, typer.Argument(help="the folder that holds modified_id.csv and a .json for each record")
    ],
    source: Source = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what a mirror changed since, over HTTPS or from this machine, and take it."""
    name = _named(source, urlsplit(url).path.rstrip("/").rpartition("/")[2])

    async def take(works: Works, settings: Settings, told: Told) -> Imported:
        mirror = AdvisoryMirrorClient(read_internal_hosts(settings.egress_hosts))
        return await refresh(works, mirror, url, name, told)

    _say(_bring(data, take), as_json)


@app.command("status", epilog="Example: aei-marketplace advisories status --json")
def show_status(data: Data = None, as_json: AsJson = False) -> None:
    """Show where advisories come from and how new they are; exit status 1 when there are none."""
    sources = run(_read_sources(read_settings(data=data)))
    if as_json:
        typer.echo(json.dumps([asdict(source) for source in sources], default=str, indent=2))
    for source in [] if as_json else sources:
        newest = f"{source.dated:%Y-%m-%d}" if source.dated else "no known day"
        typer.echo(
            f"{source.name}  {source.records:,} advisories, the newest of {newest};"
            f" brought up to date {source.imported_at:%Y-%m-%d %H:%M} UTC"
        )
    if not sources:
        typer.echo("There are no advisories: nothing can be compared. Import some.", err=True)
        raise typer.Exit(1)


async def _read_sources(settings: Settings) -> list[AdvisorySource]:
    async with open_works(settings) as works, works.system("aei-marketplace") as work:
        return await list_advisory_sources(work)


def _named(source: str | None, place: str) -> str:
    name = source or re.sub(r"[^a-z0-9._-]+", "-", place.lower()).strip("-._")[:63]
    if not _SOURCE.fullmatch(name):
        raise failure(
            "Name the source with --source: small letters, digits, `.`, `_` and `-`; the place gives none.", 2
        )
    return name


def _bring(data: Path | None, take: Callable[[Works, Settings, Told], Awaitable[Imported]]) -> Imported:
    settings = read_settings(data=data)

    async def bring() -> Imported:
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("advisories", total=None)
            async with open_works(settings) as works:
                imported = await take(
                    works, settings, lambda done, of: bar.update(task, completed=done, total=of)
                )
        await count_anew(settings, *_TABLES)
        return imported

    return run(bring())


def _say(imported: Imported, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(imported), default=str))
        return
    typer.echo(
        f"{imported.source}: {imported.records:,} advisories, {imported.changed:,} of them new or changed,"
        f" {imported.removed:,} gone. What releases contain is held against them now."
    )
    for name in imported.left_out:
        typer.echo(f"Left out, for it holds something else than advisories: {name}", err=True)
