"""`aei-marketplace billing`: tax rates and the reconciliation, from a shell."""

import json
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from aei_marketplace.billing.rules.tax import ELSEWHERE, TaxRate
from aei_marketplace.billing.service import taxes
from aei_marketplace.billing.service.reconciling import Report, read_period, reconcile
from aei_marketplace.commands.shell import AsJson, Data, open_works, read_settings, run
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.settings import Settings
from aei_marketplace.web.shell.formats import money
from aei_marketplace.wiring import open_billing

JOB = "billing commands"
app = typer.Typer(help="Tax rates, and the provider's books against ours.", no_args_is_help=True)

Month = Annotated[str, typer.Option("--period", help="a month in UTC, such as 2026-11")]


@app.command("reconcile", epilog="Example: aei-marketplace billing reconcile --period 2026-11")
def reconcile_month(period: Month, data: Data = None, as_json: AsJson = False) -> None:
    """Compare a month of the provider's books with invoices and ledger.

    Ends with 0 when nothing differs, 1 when something does, 2 when the settings cannot be read. The
    marketplace may run meanwhile; its database has to.
    """
    report = run(_reconcile(read_settings(data=data), period))
    typer.echo(json.dumps(report.shape()) if as_json else _in_words(report))
    raise typer.Exit(1 if report.differences else 0)


@app.command("tax-rates", epilog="Example: aei-marketplace billing tax-rates --json")
def list_rates(data: Data = None, as_json: AsJson = False) -> None:
    """List every rate in the order in which they were recorded."""
    rates = run(_rates(read_settings(data=data)))
    if as_json:
        typer.echo(json.dumps([asdict(rate) | {"from_day": rate.from_day.isoformat()} for rate in rates]))
        return
    for rate in rates:
        typer.echo(f"{rate.from_day}  {rate.country:2}  {rate.category}  {rate.rate_bps / 100:g} %")


@app.command("set-rate", epilog="Example: aei-marketplace billing set-rate DE 1900 --from 2027-01-01")
def set_rate(
    country: Annotated[str, typer.Argument(help=f"two letters of ISO 3166-1, or {ELSEWHERE} for all others")],
    rate_bps: Annotated[int, typer.Argument(help="basis points: 1900 are 19 %")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="today or later, UTC")],
    category: Annotated[str, typer.Option(help="tax category of plugins")] = "digital",
    data: Data = None,
) -> None:
    """Have a tax rate apply from a day on; what stood before stays on record."""
    rate = TaxRate(category, country.upper(), since.date(), rate_bps)
    run(_set_rate(read_settings(data=data), rate))
    typer.echo(f"From {rate.from_day} on, {rate.category} in {rate.country} is charged {rate_bps / 100:g} %.")


async def _reconcile(settings: Settings, period: str) -> Report:
    async with open_works(settings) as works, AsyncExitStack() as ports:
        provider = open_billing(settings, ports)
        return await reconcile(works, provider, system_actor(JOB), read_period(period))


async def _rates(settings: Settings) -> list[TaxRate]:
    async with open_works(settings) as works, works.system(JOB) as work:
        return await taxes.list_rates(work)


async def _set_rate(settings: Settings, rate: TaxRate) -> None:
    async with open_works(settings) as works, works.system(JOB) as work:
        await taxes.set_rate(work, rate)


def _in_words(report: Report) -> str:
    compared = f"{report.invoices} paid invoices and {report.transactions} movements of {report.provider}"
    if not report.differences:
        return f"Nothing differs in {report.period}: {compared}."
    lines = [f"{len(report.differences)} differences in {report.period} ({compared}):"]
    for each in report.differences:
        ours, theirs = (_side(each.currency, amount) for amount in (each.ours, each.theirs))
        said = f"  {each.kind}  {each.what} {each.subject}: ours {ours}, theirs {theirs}  {each.label}"
        lines.append(said.rstrip())
    return "\n".join(lines)


def _side(currency: str | None, amount: int | None) -> str:
    return "nothing" if amount is None or currency is None else money(amount, currency)
