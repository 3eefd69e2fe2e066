"""`aei notices`: what the caller should know."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Inbox

_NOTICES = examples("aei notices", "aei notices --unread --read", "aei notices --json")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_NOTICES)(notices)


def notices(
    unread: Annotated[bool, typer.Option("--unread", help="Only what you have not read.")] = False,
    read: Annotated[
        bool, typer.Option("--read", help="Mark everything read that has occurred until now.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what you should know, the latest first."""
    with Screen(as_json) as screen:
        inbox = call(lambda client: client.notices.list(unread=unread, limit=limit))
        screen.show(inbox, lambda: _show(screen, inbox))
        if read and inbox["items"]:
            # Not later than what was shown: what comes meanwhile stays unread.
            until = inbox["items"][0]["last_at"]
            marked = call(lambda client: client.notices.mark_all_read(until))
            screen.note(f"Marked {marked} as read.")


def _show(screen: Screen, inbox: Inbox) -> None:
    if not inbox["items"]:
        screen.say("Nothing to know.")
        return
    for notice in inbox["items"]:
        often = f", {notice['count']} times" if notice["count"] > 1 else ""
        state = "" if notice["read"] else " · unread"
        screen.say(f"{notice['title']}", "bold")
        screen.say(f"  {notice['last_at']} · {notice['severity']}{often}{state}", "dim")
        for line in notice["text"].splitlines():
            screen.say(f"  {line}")
        screen.say("")
    screen.note(f"{len(inbox['items'])} of {inbox['total']}, {inbox['unread']} unread.")
