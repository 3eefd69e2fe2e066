"""`aei-marketplace audit`: what operators do with the audit log from a shell."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress

from aei_inspection.notes import NoteMalformed, VerifyingKey
from aei_marketplace.adapters.archive_folder import ArchiveFolder
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.audit.service.archiving import Taken, archive_log
from aei_marketplace.audit.service.verifying import Verdict, verify_log
from aei_marketplace.catalog.service.release_log_verifying import ReleaseLogVerdict, verify_release_log
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings, SettingsError, load_settings
from aei_marketplace.wiring import (
    audit_log_keys,
    audit_log_shelf,
    database_urls,
    release_log_shelf,
    release_log_verifying_key,
)

#: Ends of `verify`: as written, not as written, could not be looked at.
AS_WRITTEN, TAMPERED, NOT_VERIFIED = 0, 1, 2

app = typer.Typer(help="The audit log: is it still what was written.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="the folder that holds all that lasts")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]


@app.command(epilog="Example: aei-marketplace audit verify --checkpoints /mnt/copy/checkpoints --json")
def verify(
    data: Data = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option("--checkpoints", help="a copy of the checkpoints that nobody here can change"),
    ] = None,
    archives: Annotated[
        Path | None,
        typer.Option("--archives", help="where archives lie; else audit-archive in the data folder"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", help="a key of the log as you wrote it down; else those in keys/audit-log.vkeys"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole log from its entries and compare it with every checkpoint.

    Ends with 0 when everything is as it was written, 1 when something was changed, 2 when it could not be
    looked at. The marketplace may run meanwhile; its database has to.
    """
    settings = _settings(data)
    shelf = CheckpointFolder(checkpoints, "audit") if checkpoints else audit_log_shelf(settings)
    keys = _keys(settings, key)
    try:
        with _bar(as_json) as progress:
            verdict = asyncio.run(
                _verify(settings, shelf, audit_archives(settings, archives), keys, progress)
            )
    except (PostgresError, asyncpg.PostgresError, OSError) as error:
        raise _failure(f"{error}\nThe log could not be looked at. Is the marketplace up?") from error
    typer.echo(json.dumps(_document(verdict)) if as_json else _in_words(verdict))
    raise typer.Exit(TAMPERED if verdict.findings else AS_WRITTEN)


@app.command("verify-releases", epilog="Example: aei-marketplace audit verify-releases --json")
def verify_releases(
    data: Data = None,
    checkpoints: Annotated[
        Path | None,
        typer.Option("--checkpoints", help="a copy of the checkpoints that nobody here can change"),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="the log's key as clients pinned it; else keys/release-log.key"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the public log of releases and compare it with every checkpoint.

    Ends as `verify` does: 0 as it was written, 1 changed, 2 could not be looked at.
    """
    settings = _settings(data)
    shelf = CheckpointFolder(checkpoints, "releases") if checkpoints else release_log_shelf(settings)
    try:
        verifying = VerifyingKey.parse(key) if key else release_log_verifying_key(settings)
        if verifying is None:
            raise _failure(f"{settings.keys / 'release-log.key'} does not exist: nothing was ever signed.")
        verdict = asyncio.run(_verify_releases(settings, shelf, verifying))
    except NoteMalformed as error:
        raise _failure(f"This is not a key of a log: {error}. It is written name+id+base64.") from error
    except (PostgresError, asyncpg.PostgresError, OSError) as error:
        raise _failure(f"{error}\nThe log could not be looked at. Is the marketplace up?") from error
    typer.echo(json.dumps(_release_document(verdict)) if as_json else _release_words(verdict))
    raise typer.Exit(TAMPERED if verdict.findings else AS_WRITTEN)


@app.command(epilog="Example: aei-marketplace audit archive --older-than-days 730 --to /mnt/archive")
def archive(
    older_than_days: Annotated[
        int, typer.Option("--older-than-days", min=1, help="entries of this age and older are archived")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="a folder; else audit-archive in the data folder")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Move old entries into a file. Their hashes stay, so that every proof stays what it was.

    Searches find archived entries no more. Keep the file: `audit verify` asks for it.
    """
    settings = _settings(data)
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    try:
        taken = asyncio.run(_archive(settings, audit_archives(settings, to), before))
    except ArchiveRefused as error:
        raise _failure(str(error), TAMPERED) from error
    except (PostgresError, asyncpg.PostgresError, OSError) as error:
        raise _failure(f"{error}\nNothing was archived. Is the marketplace up?") from error
    if as_json:
        typer.echo(json.dumps({"entries": taken.entries, "file": taken.place}))
    else:
        typer.echo(f"{taken.entries:,} entries {f'in {taken.place}' if taken.place else 'are old enough'}.")


async def _archive(settings: Settings, archives: ArchiveFolder, before: datetime) -> Taken:
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=2) as database:
        return await archive_log(Works(database, PostgresQueue()), archives, before)


def audit_archives(settings: Settings, given: Path | None) -> ArchiveFolder:
    """The folder of archives that a command was given, else the data folder's."""
    return ArchiveFolder(given or settings.data / "audit-archive")


async def _verify(
    settings: Settings,
    shelf: CheckpointFolder,
    archives: ArchiveFolder,
    keys: tuple[VerifyingKey, ...],
    progress: Callable[[int, int], None],
) -> Verdict:
    connection = await asyncpg.connect(database_urls(settings).system)
    try:
        return await verify_log(connection, shelf.all, archives, keys, progress)
    finally:
        await connection.close()


async def _verify_releases(
    settings: Settings, shelf: CheckpointFolder, key: VerifyingKey
) -> ReleaseLogVerdict:
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=2) as database:
        return await verify_release_log(Works(database, PostgresQueue()), shelf.all(), key)


def _settings(data: Path | None) -> Settings:
    try:
        return load_settings({"data": data})
    except SettingsError as error:
        raise _failure(str(error)) from error


def _keys(settings: Settings, given: list[str] | None) -> tuple[VerifyingKey, ...]:
    try:
        keys = tuple(VerifyingKey.parse(text) for text in given) if given else audit_log_keys(settings)
    except NoteMalformed as error:
        raise _failure(f"This is not a key of a log: {error}. It is written name+id+base64.") from error
    if not keys:
        raise _failure(
            f"{settings.keys / 'audit-log.vkeys'} holds no key, so no signature can be checked: nothing "
            "has been signed yet, or the file is gone. Give the key that you wrote down with --key."
        )
    return keys


@contextmanager
def _bar(hidden: bool) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=hidden or not console.is_terminal) as progress:
        task = progress.add_task("entries")
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _document(verdict: Verdict) -> dict[str, Any]:
    return {
        "as_written": not verdict.findings,
        "size": verdict.size,
        "proven": verdict.proven,
        "unprotected": verdict.unprotected,
        "erased": verdict.erased,
        "archived": verdict.archived,
        "checkpoints": verdict.checkpoints,
        "checkpoints_outside": verdict.checkpoints_outside,
        "findings": [
            {
                "kind": finding.kind,
                "sequence": finding.sequence,
                "entry": str(finding.entry) if finding.entry else None,
                "detail": finding.detail,
            }
            for finding in verdict.findings
        ],
    }


def _in_words(verdict: Verdict) -> str:
    lines = [f"{finding.kind:<26} {finding.detail}" for finding in verdict.findings]
    head = (
        f"{len(verdict.findings)} findings: the log is not what was written."
        if verdict.findings
        else f"{verdict.size:,} entries, all as they were written."
    )
    counts = (
        f"Checkpoints: {verdict.checkpoints:,} in the database, {verdict.checkpoints_outside:,} outside it. "
        f"Personal values erased: {verdict.erased:,}. Entries in archives: {verdict.archived:,}."
    )
    proven = f"Proven by a signature: the first {verdict.proven:,} entries."
    tail = (
        f"The {verdict.unprotected:,} after them have no checkpoint yet: who owns the database could "
        "change those unnoticed."
        if verdict.unprotected
        else "What comes next is not protected until its checkpoint, within a minute."
    )
    return "\n".join([*lines, head, counts, proven, tail])


def _release_document(verdict: ReleaseLogVerdict) -> dict[str, Any]:
    return {
        "as_written": not verdict.findings,
        "size": verdict.size,
        "proven": verdict.proven,
        "findings": [{"kind": finding.kind, "detail": finding.detail} for finding in verdict.findings],
    }


def _release_words(verdict: ReleaseLogVerdict) -> str:
    if verdict.findings:
        lines = [f"{finding.kind:<26} {finding.detail}" for finding in verdict.findings]
        return "\n".join([*lines, f"{len(lines)} findings: the log of releases is not what was written."])
    return (
        f"{verdict.size:,} leaves, all as they were written; the first {verdict.proven:,} are proven by a "
        "signature."
    )


def _failure(message: str, status: int = NOT_VERIFIED) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(status)
