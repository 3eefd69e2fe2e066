"""Searching, exporting and proving the audit log."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from aei_sdk.cli.audit_proof import prove
from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.audit import AuditFilter
from aei_sdk.client.values import AuditEntry
from aei_sdk.errors import UsageRefused

_AUDIT = examples(
    "aei audit",
    "aei audit --action permission.denied --since 2030-01-01T00:00:00Z",
    "aei audit --format csv --out audit.csv",
    "aei audit proof 0190c2a1-0000-7000-8000-000000000000",
)


class Form(StrEnum):
    """Forms of an export."""

    CSV = "csv"
    JSONL = "jsonl"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    commands = typer.Typer(invoke_without_command=True)
    commands.callback(epilog=_AUDIT)(audit)
    commands.command(
        "proof", epilog=examples("aei audit proof ENTRY", "aei audit proof ENTRY --log-key KEY")
    )(prove)
    app.add_typer(commands, name="audit")


def audit(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="Only by this actor's id.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, for example plugin.publish.")] = None,
    resource: Annotated[str | None, typer.Option(help="Only about this id.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this time on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time (RFC 3339).")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant's id; for staff.")] = None,
    q: Annotated[str | None, typer.Option("--q", help="Only with this in its text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    form: Annotated[Form | None, typer.Option("--format", help="Export everything that matches.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to export to, else standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who did what, newest first; or export it; or prove that an entry was written down."""
    if context.invoked_subcommand:
        return
    wanted = AuditFilter(
        actor=actor, action=action, resource=resource, since=since, until=until, tenant=tenant, q=q
    )
    with Screen(as_json) as screen:
        if out and not form:
            raise UsageRefused(
                "--out is for an export", "No form is given.", advice="Add --format csv or jsonl."
            )
        if form:
            _export(screen, wanted, form, out)
            return
        page = call(lambda client: client.audit.search(limit=limit, **wanted))
        screen.show(page, lambda: _show(screen, page["items"]))


def _export(screen: Screen, wanted: AuditFilter, form: Form, out: Path | None) -> None:
    with _target(out) as file:
        written = call(lambda client: _write(client.audit.export(form.value, **wanted), file))
    if out:
        screen.show({"file": str(out), "bytes": written}, lambda: screen.say(f"{written:,} bytes in {out}"))


async def _write(pieces: AsyncIterator[bytes], file: BinaryIO) -> int:
    written = 0
    async for piece in pieces:
        written += await asyncio.to_thread(file.write, piece)
    return written


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """The file to write to: it is there whole, or not at all."""
    if out is None:
        yield sys.stdout.buffer
        return
    half = out.with_name(f".{out.name}.part")
    try:
        with half.open("wb") as file:
            yield file
        half.replace(out)
    except OSError as error:
        raise UsageRefused(f"{out} cannot be written", str(error)) from error
    finally:
        half.unlink(missing_ok=True)


def _show(screen: Screen, entries: list[AuditEntry]) -> None:
    if not entries:
        screen.say("No entry matches.")
        return
    rows = [
        (
            e["sequence"],
            e["at"],
            e["actor"],
            e["action"],
            f"{e['resource_type']} {e['resource_id']}",
            e["outcome"],
        )
        for e in entries
    ]
    screen.table(("SEQUENCE", "AT", "ACTOR", "ACTION", "RESOURCE", "OUTCOME"), rows)
