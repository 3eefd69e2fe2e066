"""`aei certification`: the policy that certification stands on, and the exceptions to it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, Yes, checked_id, examples, read_json
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused

_WAIVER = "0193b2c4-0000-7000-8000-000000000000"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=examples("aei certification policies"))(policies)
    app.command(epilog=examples("aei certification policy", "aei certification policy 2 --json"))(policy)
    app.command("change-policy", epilog=examples("aei certification change-policy policy.json"))(
        change_policy
    )
    app.command(epilog=examples("aei certification waivers", "aei certification waivers acme.echo"))(waivers)
    app.command(
        epilog=examples(
            "aei certification waive acme.echo network undeclared-host --days 90 --reason 'their own host'"
        )
    )(waive)
    app.command("end-waiver", epilog=examples(f"aei certification end-waiver {_WAIVER}"))(end_waiver)


def policies(as_json: AsJson = False) -> None:
    """List every version of the policy, the one in force first."""
    with Screen(as_json) as screen:
        found = call(lambda client: client.certification.policies())
        rows = [
            (p["number"], p["decision"], len(p["required"]), p["valid_days"], p["since"] or "built in")
            for p in found
        ]
        headings = ("POLICY", "DECIDES", "REQUIRED", "DAYS", "SINCE")
        screen.show(found, lambda: screen.table(headings, rows))


def policy(
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Else the one in force.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a version of the policy as JSON, in the form that `aei certification change-policy` takes."""
    with Screen(as_json) as screen:
        chosen = number
        if chosen is None:
            chosen = call(lambda client: client.certification.policies())[0]["number"]
        found = call(lambda client: client.certification.policy(chosen))
        screen.show(found, lambda: screen.json_block(found))


def change_policy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy as JSON, whole.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Operators: put the next policy in force. What waits has to be scanned again under it.

    With a `number`, as `aei certification policy` shows it, it is refused when another is in force by now.
    """
    with Screen(as_json) as screen:
        terms = read_json(f"@{file}", "the policy")
        if not isinstance(terms, dict):
            raise UsageRefused("The policy is not an object", "A policy is a JSON object.")
        for name in ("digest", "since", "in_force"):
            terms.pop(name, None)
        screen.require_yes("Put this policy in force?", yes)
        made = call(lambda client: client.certification.change_policy(terms))
        screen.show(made, lambda: screen.say(f"Policy {made['number']} is in force."))


def waivers(
    plugin: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of one plugin; Certifiers see all without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the exceptions in force: findings that do not count for one plugin."""
    with Screen(as_json) as screen:
        plugin_id = None if plugin is None else checked_id(plugin)
        page = call(lambda client: client.certification.waivers(plugin_id))
        rows = [
            (w["id"], w["plugin_id"], f"{w['check']}/{w['rule']}", w["place"] or "anywhere", w["expires_at"])
            for w in page["items"]
        ]
        headings = ("ID", "PLUGIN", "FINDING", "WHERE", "UNTIL")
        screen.show(page, lambda: screen.table(headings, rows))


def waive(
    plugin: PluginArgument,
    check: Annotated[str, typer.Argument(metavar="CHECK", help="As the report names it.")],
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Of the finding, as the report names it.")],
    reason: Annotated[str, typer.Option(help="Why; the publisher and other Certifiers read it.")],
    days: Annotated[int, typer.Option(help="For how long, 1 to 366.", min=1, max=366)],
    place: Annotated[str, typer.Option(help="Only there; else anywhere in the plugin.")] = "",
    as_json: AsJson = False,
) -> None:
    """Certifiers: except findings of one kind in one plugin, for a time and with a reason."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        wanted: dict[str, Any] = {
            "check": check, "rule": rule, "place": place, "reason": reason, "days": days,
        }  # fmt: skip
        made = call(lambda client: client.certification.waive(plugin_id, wanted))
        screen.show(made, lambda: screen.say(f"{check}/{rule} does not count until {made['expires_at']}."))


def end_waiver(
    waiver_id: Annotated[str, typer.Argument(metavar="ID", help="As `aei certification waivers` shows it.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Certifiers: end an exception before its time; the finding counts again."""
    with Screen(as_json) as screen:
        screen.require_yes("End this exception?", yes)
        call(lambda client: client.certification.end_waiver(waiver_id))
        screen.show({"id": waiver_id, "ended": True}, lambda: screen.say(f"{waiver_id} has ended."))
