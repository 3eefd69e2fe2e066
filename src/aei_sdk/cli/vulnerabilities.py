"""`aei vulnerabilities`: what is known against the packages inside of a plugin."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Vulnerabilities, Vulnerability

_VULNERABILITIES = examples(
    "aei vulnerabilities acme.counter", "aei vulnerabilities acme.counter --version 1.2.0 --json"
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_VULNERABILITIES)(vulnerabilities)


def vulnerabilities(
    plugin: PluginArgument,
    version: Annotated[str | None, typer.Option(help="This release; the latest otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show known vulnerabilities of the packages inside of a plugin, and the versions that mend them."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        found = call(lambda client: client.advisories.vulnerabilities(plugin_id, version))
        screen.show(found, lambda: _show(screen, found))


def _show(screen: Screen, found: Vulnerabilities) -> None:
    what = f"{found['plugin_id']} {found['version']}"
    if found["advisories_at"] is None:
        screen.say(f"Nothing was compared: the marketplace has no advisories about packages ({what}).")
    elif found["scanned_at"] is None:
        screen.say(f"Nothing was compared: what {what} contains has not been read yet.")
    elif not found["items"]:
        screen.say(f"Nothing is known against the {found['components']} components inside of {what}.")
    else:
        screen.table(("Severity", "Package", "Advisory", "Mended in"), map(_row, found["items"]))


def _row(each: Vulnerability) -> tuple[str, str, str, str]:
    package = each["package"]
    severity = each["informational"] or each["severity"] or "not rated"
    certain = "" if each["standing"] == "affected" else "perhaps "
    where = f"{package['ecosystem']} {package['name']} {package['version']}"
    return f"{certain}{severity}", where, each["advisory"], ", ".join(each["fixed"]) or "no version yet"
