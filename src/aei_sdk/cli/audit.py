"""Searching the audit log."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import AuditEntry

_AUDIT = examples(
    "aei audit", "aei audit --action permission.denied --since 2030-01-01T00:00:00Z", "aei audit --json"
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_AUDIT)(audit)


def audit(
    actor: Annotated[str | None, typer.Option(help="Only by this actor's id.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, for example plugin.publish.")] = None,
    resource: Annotated[str | None, typer.Option(help="Only about this id.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this time on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time (RFC 3339).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what, newest first."""
    with Screen(as_json) as screen:
        page = call(
            lambda client: client.audit.search(
                actor=actor, action=action, resource=resource, since=since, until=until, limit=limit
            )
        )
        screen.show(page, lambda: _show(screen, page["items"]))


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
