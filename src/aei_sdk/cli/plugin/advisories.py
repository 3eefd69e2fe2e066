"""`aei plugin advisory`: what is wrong with releases of a plugin, told to whoever runs them."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Advisory

app = typer.Typer(
    help="Say what is wrong with releases of a plugin; who runs one is told.", no_args_is_help=True
)

AdvisoryArgument = Annotated[
    str, typer.Argument(metavar="ADVISORY", help="As `aei plugin advisory list` shows it.")
]
Affected = Annotated[str | None, typer.Option(help="Which versions, for example '>=1.0.0 <1.4.2'.")]
Fixed = Annotated[str | None, typer.Option(metavar="VERSION", help="The version that mends it.")]
Title = Annotated[str | None, typer.Option(help="What it is, in one line.")]
Details = Annotated[str | None, typer.Option(help="What it means, and what to do until it is mended.")]
References = Annotated[
    list[str] | None, typer.Option("--reference", metavar="URL", help="Where more stands; again for more.")
]


class Severity(StrEnum):
    """How much harm it does."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


_FILE = examples(
    "aei plugin advisory file acme.counter --severity high --title 'Counts can be read by others' "
    "--details 'Whoever asks gets them.' --affected '>=1.0.0 <1.4.2' --fixed 1.4.2",
)


@app.command(epilog=_FILE)
def file(
    plugin: PluginArgument,
    severity: Annotated[Severity, typer.Option(help="How much harm it does.")],
    title: Annotated[str, typer.Option(help="What it is, in one line.")],
    details: Annotated[str, typer.Option(help="What it means, and what to do until it is mended.")],
    affected: Annotated[str, typer.Option(help="Which versions, for example '>=1.0.0 <1.4.2'.")],
    fixed: Fixed = None,
    reference: References = None,
    as_json: AsJson = False,
) -> None:
    """File an advisory about your plugin. It is public as far as the plugin is."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        said = _said(severity, title, details, affected, fixed, reference)
        advisory = call(lambda client: client.advisories.file(plugin_id, said))
        screen.show(advisory, lambda: _show(screen, advisory))


@app.command("list", epilog=examples("aei plugin advisory list acme.counter", "aei plugin advisory list"))
def list_advisories(
    plugin: Annotated[str | None, typer.Argument(metavar="ID", help="One plugin; all otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """List advisories, the latest first, withdrawn ones too."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin) if plugin else None
        page = call(lambda client: client.advisories.list(plugin_id))
        rows = [
            (a["id"], a["plugin_id"], a["severity"], a["affected"], a["fixed"], _standing(a))
            for a in page["items"]
        ]
        heads = ("ADVISORY", "PLUGIN", "SEVERITY", "AFFECTED", "FIXED", "TITLE")
        screen.show(page, lambda: screen.table(heads, rows) if rows else screen.say("There is none."))


@app.command(epilog=examples("aei plugin advisory change AEI-2c3d-4f5g-6h7j --fixed 1.4.2"))
def change(
    advisory: AdvisoryArgument,
    severity: Annotated[Severity | None, typer.Option(help="How much harm it does.")] = None,
    title: Title = None,
    details: Details = None,
    affected: Affected = None,
    fixed: Fixed = None,
    reference: References = None,
    as_json: AsJson = False,
) -> None:
    """Change what an advisory says; what is left out stays."""
    with Screen(as_json) as screen:
        said = _said(severity, title, details, affected, fixed, reference)
        changed = call(lambda client: client.advisories.change(advisory, said))
        screen.show(changed, lambda: _show(screen, changed))


@app.command(epilog=examples("aei plugin advisory withdraw AEI-2c3d-4f5g-6h7j --reason 'another plugin'"))
def withdraw(
    advisory: AdvisoryArgument,
    reason: Annotated[str, typer.Option(help="Why; it is public.")],
    as_json: AsJson = False,
) -> None:
    """Take an advisory back; it stays in the list with the reason."""
    with Screen(as_json) as screen:
        taken = call(lambda client: client.advisories.withdraw(advisory, reason))
        screen.show(taken, lambda: screen.say(f"{taken['id']} is withdrawn."))


@app.command(epilog=examples("aei plugin advisory affected AEI-2c3d-4f5g-6h7j"))
def affected(advisory: AdvisoryArgument, as_json: AsJson = False) -> None:
    """Show who has an affected release installed; as its publisher you see how many."""
    with Screen(as_json) as screen:
        found = call(lambda client: client.advisories.affected(advisory))
        rows = [((e["tenant"] or {}).get("slug"), e["version"], e["installations"]) for e in found["items"]]
        heads = ("TENANT", "VERSION", "INSTALLATIONS")
        screen.show(found, lambda: screen.table(heads, rows) if rows else screen.say("Nobody you may see."))


def _said(
    severity: Severity | None,
    title: str | None,
    details: str | None,
    affected: str | None,
    fixed: str | None,
    references: list[str] | None,
) -> dict[str, Any]:
    said = {
        "severity": severity.value if severity else None,
        "title": title,
        "details": details,
        "affected": affected,
        "fixed": fixed,
        "references": references or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _show(screen: Screen, advisory: Advisory) -> None:
    versions = ", ".join(advisory["versions"]) or "none"
    screen.say(f"{advisory['id']} stands. It concerns {advisory['plugin_id']} {versions}.")
    screen.say(f"Who has one of them is told. See how many: aei plugin advisory affected {advisory['id']}")


def _standing(advisory: Advisory) -> str:
    return f"{'(withdrawn) ' if advisory['withdrawn_at'] else ''}{advisory['title']}"
