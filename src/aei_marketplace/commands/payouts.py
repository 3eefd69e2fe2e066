"""`aei-marketplace payouts`: close months, list payouts, write the payout report."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from aei_marketplace.commands.shell import AsJson, Data, open_works, read_settings, run
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.rules.reports import position_after, whole_lines
from aei_marketplace.payouts.service import Payout, State, Wanted
from aei_marketplace.settings import Settings
from aei_marketplace.web.shell.formats import money

app = typer.Typer(help="Statements and payouts: close months, list and export.", no_args_is_help=True)

_JOB = "aei-marketplace payouts"
Month = Annotated[str | None, typer.Option("--period", help="a month, as 2026-11")]


@app.command(epilog="Example: aei-marketplace payouts close --period 2026-11")
def close(period: Month = None, data: Data = None, as_json: AsJson = False) -> None:
    """Close every month that is due, or one; the marketplace does the same by itself on day 3.

    What was interrupted is carried on, and nothing happens twice. The marketplace may run meanwhile; its
    database has to.
    """
    settings = read_settings(data=data)
    closed = run(_close(settings, period, as_json))
    if as_json:
        typer.echo(json.dumps({"closed": closed}))
    else:
        typer.echo(
            f"Closed: {', '.join(closed)}." if closed else "No month is due that is not closed already."
        )


@app.command("list", epilog="Example: aei-marketplace payouts list --period 2026-11 --state tax_check")
def list_payouts(
    period: Month = None,
    state: Annotated[State | None, typer.Option(help="only those in this state")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Payouts, the newest months first."""
    wanted = Wanted(period=_month(period), state=state)
    for line in run(_list(read_settings(data=data), wanted, as_json)):
        typer.echo(line)


@app.command(epilog="Example: aei-marketplace payouts export payouts-2026-11.csv --period 2026-11")
def export(
    path: Annotated[Path, typer.Argument(help="the file that is written")],
    period: Month = None,
    bom: Annotated[bool, typer.Option("--bom", help="begin with a byte order mark")] = False,
    data: Data = None,
) -> None:
    """Write the payout report as CSV, a line for each statement.

    The file appears when it is whole. An interrupted export is carried on after its last whole line by the
    same command; the beginning waits beside the file under a name that ends in .part.
    """
    lines = run(_export(read_settings(data=data), path, Wanted(period=_month(period)), bom))
    typer.echo(f"{path} holds {lines} lines.")


def _month(written: str | None) -> Period | None:
    return None if written is None else Period.read(written)


async def _close(settings: Settings, period: str | None, hidden: bool) -> list[str]:
    with _bar(hidden) as progress:
        async with open_works(settings) as works:
            if period is None:
                return [str(each) for each in await service.close_due(works, progress)]
            month = Period.read(period)
            return [period] if await service.close_month(works, month, progress=progress) else []


@contextmanager
def _bar(hidden: bool) -> Iterator[Callable[[str, int, int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=hidden or not console.is_terminal) as progress:
        task = progress.add_task("closing", total=None)

        def show(step: str, done: int, of: int) -> None:
            progress.update(task, description=step, completed=done, total=of or None)

        yield show


async def _list(settings: Settings, wanted: Wanted, as_json: bool) -> list[str]:
    lines: list[str] = []
    page: PageWanted | None = PageWanted(LARGEST_LIMIT)
    async with open_works(settings) as works:
        while page is not None:
            async with works.system(_JOB) as work:
                found = await service.list_payouts(work, wanted, page)
                names = await service.names_of(work, {each.creator for each in found.items})
            lines += [_line(each, names[each.creator].slug, as_json) for each in found.items]
            page = None if found.next_cursor is None else PageWanted.read(LARGEST_LIMIT, found.next_cursor)
    return lines


def _line(payout: Payout, creator: str, as_json: bool) -> str:
    if not as_json:
        held = "  held" if payout.held_reason is not None else ""
        amount = money(payout.amount, payout.currency)
        return f"{payout.id}  {payout.period}  {creator:<20} {amount:>20}  {payout.state}{held}"
    return json.dumps(
        {
            "id": str(payout.id),
            "period": str(payout.period),
            "creator": creator,
            "amount": {"amount_minor": payout.amount, "currency": payout.currency},
            "state": payout.state,
            "held": payout.held_reason is not None,
        }
    )


async def _export(settings: Settings, path: Path, wanted: Wanted, bom: bool) -> int:
    part = path.with_name(f".{path.name}.{wanted.period or 'all'}.part")
    kept = whole_lines(part.read_bytes()) if part.exists() else b""
    async with open_works(settings) as works:
        await _write(works, part, kept, wanted, bom)
    lines = part.read_bytes().count(b"\r\n") - 1
    part.replace(path)
    return lines


async def _write(works: Works, part: Path, kept: bytes, wanted: Wanted, bom: bool) -> None:
    """Carry on after what is kept; each piece is on the disk before the next one is read."""
    position = position_after(kept)
    async with works.system(_JOB) as work:
        after = await service.begin_report(work, wanted, position)
        trace_id = work.trace_id
    begun = kept if position is not None else b""
    with part.open("wb") as file:
        file.write(begun)
        async for piece in service.report(works, system_actor(_JOB), trace_id, wanted, after, bom=bom):
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
