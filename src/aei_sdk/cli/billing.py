"""`aei buy`, `aei purchases`, `aei usage`: what plugins cost, and checking it."""

from typing import Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, Yes, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Charge, CountedRun, Offer, Purchase
from aei_sdk.errors import AeiError, ExitCode
from aei_sdk.receipts import Reckoned, reckon

_BUY = examples("aei buy acme.summarise", "aei buy acme.summarise --yes --json")
_PURCHASES = examples(
    "aei purchases", "aei purchases --cancel 0193b2c4-…", "aei purchases --resume 0193b2c4-…"
)
_USAGE = examples(
    "aei usage acme.summarise --period 2026-11", "aei usage acme.summarise --period 2026-11 --json"
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_BUY)(buy)
    app.command(epilog=_PURCHASES)(purchases)
    app.command(epilog=_USAGE)(usage)


def buy(plugin: PluginArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Buy a plugin for your tenant, at the price that is shown."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        offer = call(lambda client: client.billing.offer(plugin_id))
        if not offer.get("price"):
            raise AeiError(f"{plugin_id} costs nothing", advice=f"Install it: aei install {plugin_id}")
        screen.require_yes(f"Buy {plugin_id} for {_price(offer)} without tax?", yes)
        bought = call(lambda client: client.billing.buy(plugin_id, offer))
        screen.show(bought, lambda: _bought(screen, bought))


def purchases(
    cancel: Annotated[str | None, typer.Option(metavar="ID", help="End this one with its period.")] = None,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Take its cancellation back.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what your tenant has bought; or end one of them."""
    with Screen(as_json) as screen:
        if cancel is not None:
            ended = call(lambda client: client.billing.cancel(cancel))
            screen.show(ended, lambda: _bought(screen, ended))
        elif resume is not None:
            resumed = call(lambda client: client.billing.resume(resume))
            screen.show(resumed, lambda: _bought(screen, resumed))
        else:
            page = call(lambda client: client.billing.purchases())
            rows = [(p["plugin_id"], p["state"], _price(p), p["period_end"], p["id"]) for p in page["items"]]
            screen.show(page, lambda: screen.table(("PLUGIN", "STATE", "PRICE", "UNTIL", "ID"), rows))


def usage(
    plugin: PluginArgument,
    period: Annotated[str, typer.Option(metavar="YYYY-MM", help="A month, in UTC.")],
    as_json: AsJson = False,
) -> None:
    """Check what a plugin's runs of a month were charged; ends with 1 when the invoice says otherwise."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        runs, charges = call(lambda client: _read(client, plugin_id, period))
        found = reckon(runs)
        wrong = [charge["net"]["currency"] for charge in charges if not _is_borne_out(charge, found)]
        answer = {"runs": len(runs), "charges": charges, "differs": wrong}
        screen.show(answer, lambda: _checked(screen, found, charges))
        if wrong:
            raise typer.Exit(int(ExitCode.FAILED))


async def _read(client: Any, plugin_id: str, period: str) -> tuple[list[CountedRun], list[Charge]]:
    charges = await client.billing.charges(plugin_id, period)
    return [run async for run in client.billing.usage(plugin_id, period)], charges


def _is_borne_out(charge: Charge, found: list[Reckoned]) -> bool:
    """Whether the runs come to what was charged: nothing is charged for a month without any."""
    net = charge["net"]
    said = (net["currency"], net["amount_minor"], charge["receipt_root"], charge["quantity"])
    return any(said == (each.currency, each.minor, each.root, each.runs) for each in found)


def _checked(screen: Screen, found: list[Reckoned], charges: list[Charge]) -> None:
    if not found:
        screen.say("No run of it is counted in this month.")
    for each in found:
        screen.say(f"{each.runs:,} runs, {each.micros / 1_000_000:,.6f} {each.currency} together", "bold")
        screen.say(f"  receipt {each.root}")
        if each.currency not in {charge["net"]["currency"] for charge in charges}:
            screen.say("  It is not charged, or not yet.", "dim")
    for charge in charges:
        if _is_borne_out(charge, found):
            screen.say("  The invoice holds this very receipt.")
        else:
            screen.say(
                f"  Invoice {charge['invoice_id']} holds another receipt: tell the operator.", "bold red"
            )


def _bought(screen: Screen, bought: Purchase) -> None:
    screen.say(f"{bought['plugin_id']}: {bought['state']}, {_price(bought)}", "bold")
    if bought["state"] == "pending_payment":
        screen.say("It runs when its invoice is paid.")
    elif bought["state"] == "cancelled_at_period_end":
        screen.say(f"It runs until {bought['period_end']}.")
    screen.note(f"purchase {bought['id']}")


def _price(what: Offer | Purchase) -> str:
    return str(what.get("words", ""))
