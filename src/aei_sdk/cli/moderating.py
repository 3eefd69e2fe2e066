"""`aei review moderate`: what staff decide about what people wrote."""

from enum import StrEnum
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Happened, Page, ReviewBatch, WaitingReply, WaitingReview
from aei_sdk.errors import ExitCode

app = typer.Typer(help="Staff: decide about what people wrote.", no_args_is_help=True)


class FlagName(StrEnum):
    """A reason to look closer."""

    NEAR_DUPLICATE = "near_duplicate"
    BURST = "burst"
    NEW_ACCOUNTS = "new_accounts"
    LINKS = "links"


class Verdict(StrEnum):
    """What staff decide."""

    APPROVED = "approved"
    REJECTED = "rejected"
    HIDDEN = "hidden"


@app.command(
    epilog=examples(
        "aei review moderate queue",
        "aei review moderate queue --flag links --json",
        "aei review moderate queue --replies",
    )
)
def queue(
    flag: Annotated[FlagName | None, typer.Option(help="Only with this flag.")] = None,
    plugin: Annotated[str | None, typer.Option(metavar="ID", help="Only about this plugin.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    replies: Annotated[bool, typer.Option("--replies", help="Publishers' replies instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what waits, what is due first."""
    if replies and (flag or plugin):
        raise typer.BadParameter("Replies are not chosen by --flag or --plugin.")
    with Screen(as_json) as screen:
        if replies:
            answers = call(lambda client: client.reviews.waiting_replies(limit=limit))
            screen.show(answers, lambda: _show_replies(screen, answers))
            return
        wanted = flag.value if flag else None
        page = call(lambda client: client.reviews.queue(flag=wanted, plugin_id=plugin, limit=limit))
        screen.show(page, lambda: _show_queue(screen, page))


@app.command(
    epilog=examples(
        "aei review moderate decide 01a2… 01a3… --state approved",
        'aei review moderate decide 01a2… --state rejected --reason "It is about another plugin."',
    )
)
def decide(
    reviews: Annotated[list[str], typer.Argument(metavar="REVIEW…", help="As the queue shows them.")],
    state: Annotated[Verdict, typer.Option(help="What they become.")],
    reason: Annotated[str | None, typer.Option(help="The writers read it; not needed to approve.")] = None,
    replies: Annotated[
        bool, typer.Option("--replies", help="About the publishers' replies to these reviews instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide about reviews alike; exit status 5 when one of them could not be decided so."""
    with Screen(as_json) as screen:
        batch = call(lambda client: client.reviews.decide(reviews, state.value, reason, replies=replies))
        screen.show(batch, lambda: _show_batch(screen, batch))
    _end(batch["items"])


@app.command(epilog=examples("aei review moderate undo 01a4…"))
def undo(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="As `decide` showed it.")],
    as_json: AsJson = False,
) -> None:
    """Take your own decision back, within ten minutes; exit status 5 when a review has changed since."""
    with Screen(as_json) as screen:
        happened = call(lambda client: client.reviews.undo(batch))
        screen.show({"items": happened}, lambda: _show_happened(screen, happened))
    _end(happened)


def _end(happened: list[Happened]) -> None:
    if any(one["problem"] for one in happened):
        raise typer.Exit(int(ExitCode.REFUSED))


def _show_queue(screen: Screen, page: Page[WaitingReview]) -> None:
    for review in page["items"]:
        screen.say(
            f"{review['id']}  {review['plugin_id']} {review['version']}, {review['rating']} of 5", "bold"
        )
        reports = f" · {len(review['reports'])} reports" if review["reports"] else ""
        screen.say(f"  {review['author']} · due {review['due_at']}{reports}", "dim")
        if obstacle := review["obstacle"]:
            screen.say(f"  {obstacle['detail']}", "yellow")
        for flag in review["flags"]:
            screen.say(f"  {flag['kind']}: {flag['reason']}", "yellow")
        screen.say(f"  {review['text']}")
    screen.note(f"{len(page['items'])} of {page['total']}.")


def _show_replies(screen: Screen, page: Page[WaitingReply]) -> None:
    for reply in page["items"]:
        screen.say(f"{reply['review_id']}  {reply['plugin_id']}, by {reply['author']}", "bold")
        if answers := reply["answers"]:
            screen.say(f"  to {answers['author']}, {answers['rating']} of 5: {answers['text']}", "dim")
        if obstacle := reply["obstacle"]:
            screen.say(f"  {obstacle['detail']}", "yellow")
        screen.say(f"  {reply['text']}")
    screen.note(f"{len(page['items'])} of {page['total']}.")


def _show_batch(screen: Screen, batch: ReviewBatch) -> None:
    _show_happened(screen, batch["items"])
    if batch["undo_until"]:
        screen.note(f"Take it back until {batch['undo_until']} with: aei review moderate undo {batch['id']}")


def _show_happened(screen: Screen, happened: list[Happened]) -> None:
    rows = [(one["id"], one["state"], (one["problem"] or {}).get("detail")) for one in happened]
    screen.table(("ID", "STATE", "PROBLEM"), rows)
