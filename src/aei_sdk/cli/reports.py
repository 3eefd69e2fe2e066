"""Reporting plugins to the operator's staff."""

from enum import StrEnum
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Report

_REPORT = examples(
    'aei report acme.counter --kind malicious --reason "it sends what it counts to evil.example"',
    'aei report acme.counter --version 1.2.0 --kind broken --reason "it answers nothing since 1.2.0"',
)


class Kind(StrEnum):
    """What is wrong with it."""

    MALICIOUS = "malicious"
    BROKEN = "broken"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_REPORT)(report)


def report(
    plugin: PluginArgument,
    kind: Annotated[Kind, typer.Option(help="What is wrong with it.")],
    reason: Annotated[str, typer.Option(help="What you saw; the operator's staff read it.")],
    version: Annotated[str | None, typer.Option(help="This release; all of them otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Report a plugin that does harm or does not work; the publisher does not learn who reported it."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        filed = call(lambda client: client.reports.file(plugin_id, kind.value, reason, version=version))
        screen.show(filed, lambda: _show(screen, filed))


def _show(screen: Screen, filed: Report) -> None:
    what = " ".join(part for part in (filed["plugin_id"], filed["version"]) if part)
    screen.say(f"Reported {what}; your report is {filed['id']}.")
    if filed["quarantines"]:
        screen.say("You are trusted: it is quarantined until staff decide.")
    else:
        screen.say(f"Staff will look at it; the case is {filed['case_id']}.")
