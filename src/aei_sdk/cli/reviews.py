"""`aei review`: what people say about plugins."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.moderating import app as moderating
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import OwnReview, Page, ReviewList

app = typer.Typer(help="Read and write reviews of plugins.", no_args_is_help=True)
app.add_typer(moderating, name="moderate")

ReviewId = Annotated[str, typer.Argument(metavar="REVIEW", help="As `aei review list` shows it.")]
Stars = Annotated[int, typer.Option("--rating", min=1, max=5, help="From 1 to 5.")]
Words = Annotated[str, typer.Option("--text", help="What there is to say; `-` reads it from standard input.")]


class Sort(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    HELPFUL = "helpful"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Wrong(StrEnum):
    """What is wrong with a review."""

    SPAM = "spam"
    ABUSIVE = "abusive"
    OFF_TOPIC = "off_topic"
    PERSONAL_DATA = "personal_data"
    PAID = "paid"


@app.command(
    "list", epilog=examples("aei review list acme.counter", "aei review list acme.counter --sort helpful")
)
def list_reviews(
    plugin: PluginArgument,
    sort: Annotated[Sort, typer.Option(help="What comes first.")] = Sort.NEWEST,
    rating: Annotated[int | None, typer.Option(min=1, max=5, help="Only with this rating.")] = None,
    version: Annotated[str | None, typer.Option(help="Only of this version.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what people say about a plugin, and what their ratings come to."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        page = call(
            lambda client: client.reviews.list(
                plugin_id, sort=sort.value, version=version, rating=rating, limit=limit
            )
        )
        screen.show(page, lambda: _show_list(screen, page))


@app.command(epilog=examples("aei review mine", "aei review mine --json"))
def mine(as_json: AsJson = False) -> None:
    """Show your own reviews and where they stand."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.reviews.mine(limit=200))
        screen.show(page, lambda: _show_own(screen, page))


@app.command(epilog=examples("aei review export > reviews.json"))
def export() -> None:
    """Write all that is kept of you as JSON: reviews with history, reports, what you found helpful."""
    with Screen(True) as screen:
        own = call(lambda client: client.reviews.export())
        screen.show(own, lambda: None)


@app.command(
    epilog=examples(
        'aei review write acme.counter --rating 4 --text "It counts what it should."',
        "aei review write acme.counter --version 1.2.0 --rating 2 --text - < review.txt",
    )
)
def write(
    plugin: PluginArgument,
    rating: Stars,
    text: Words,
    version: Annotated[str | None, typer.Option(help="The installed one otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Review a plugin that your tenant installed; staff decide before others read it."""
    with Screen(as_json) as screen:
        plugin_id, words = checked_id(plugin), _read(text)
        review = call(lambda client: client.reviews.write(plugin_id, rating, words, version=version))
        screen.show(review, lambda: _show_written(screen, review))


@app.command(epilog=examples('aei review edit 01a2… --rating 5 --text "Better since 1.3."'))
def edit(review: ReviewId, rating: Stars, text: Words, as_json: AsJson = False) -> None:
    """Say something else; what was approved before is read until staff decide."""
    with Screen(as_json) as screen:
        words = _read(text)
        edited = call(lambda client: client.reviews.edit(review, rating, words))
        screen.show(edited, lambda: _show_written(screen, edited))


@app.command(epilog=examples("aei review confirm 01a2…"))
def confirm(review: ReviewId, as_json: AsJson = False) -> None:
    """Say that your review holds for the version that your tenant has now."""
    with Screen(as_json) as screen:
        confirmed = call(lambda client: client.reviews.confirm(review))
        screen.show(confirmed, lambda: screen.say(f"Your review holds for {confirmed['version']}."))


@app.command(epilog=examples('aei review appeal 01a2… --reason "Nobody is named in it."'))
def appeal(
    review: ReviewId,
    reason: Annotated[str, typer.Option(help="Why staff should look once more.")],
    as_json: AsJson = False,
) -> None:
    """Have somebody else of the staff look at a decision against your review, once."""
    with Screen(as_json) as screen:
        appealed = call(lambda client: client.reviews.appeal(review, reason))
        screen.show(appealed, lambda: screen.say("Appealed; somebody else of the staff will look at it."))


@app.command(epilog=examples("aei review helpful 01a2…", "aei review helpful 01a2… --undo"))
def helpful(
    review: ReviewId,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a review helped you."""
    with Screen(as_json) as screen:
        if undo:
            call(lambda client: client.reviews.unmark_helpful(review))
            screen.show({"unmarked": review}, lambda: screen.say("Taken back."))
            return
        many = call(lambda client: client.reviews.mark_helpful(review))
        screen.show({"helpful": many}, lambda: screen.say(f"{many} found it helpful."))


@app.command(epilog=examples('aei review report 01a2… --kind spam --note "It praises another shop."'))
def report(
    review: ReviewId,
    kind: Annotated[Wrong, typer.Option(help="What is wrong with it.")],
    note: Annotated[str, typer.Option(help="More about it, for staff to read.")] = "",
    as_json: AsJson = False,
) -> None:
    """Complain about a review; enough of it hides the review until staff decide."""
    with Screen(as_json) as screen:
        filed = call(lambda client: client.reviews.report(review, kind.value, note))
        screen.show(filed, lambda: screen.say("Reported; staff will look at it."))


@app.command(epilog=examples('aei review reply 01a2… --text "Thank you; 1.3 mends it."'))
def reply(review: ReviewId, text: Words, as_json: AsJson = False) -> None:
    """Answer a review of your own plugin, once; staff decide before others read it."""
    with Screen(as_json) as screen:
        words = _read(text)
        answer = call(lambda client: client.reviews.reply(review, words))
        screen.show(answer, lambda: screen.say("Your reply waits for staff."))


def _read(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _show_list(screen: Screen, page: ReviewList) -> None:
    rating = page["rating"]
    if rating["average"] is None:
        screen.say("Nobody has reviewed it yet.")
        return
    screen.say(f"{rating['average']} of 5 from {rating['count']}", "bold")
    for review in page["items"]:
        ran = f", ran it {review['executions']} times" if review["executions"] else ""
        screen.say("")
        screen.say(f"{'★' * review['rating']}{'☆' * (5 - review['rating'])}  {review['version']}", "bold")
        screen.say(
            f"  {review['author']}{ran} · {review['helpful']} found it helpful · {review['id']}", "dim"
        )
        screen.say(f"  {review['text']}")
        if answer := review["reply"]:
            screen.say(f"  {answer['author']} replies: {answer['text']}")
    screen.note(f"{len(page['items'])} of {page['total']}.")


def _show_own(screen: Screen, page: Page[OwnReview]) -> None:
    rows = [
        (one["id"], one["plugin_id"], one["version"], one["rating"], one["state"], one["reason"])
        for one in page["items"]
    ]
    screen.table(("ID", "PLUGIN", "VERSION", "RATING", "STATE", "REASON"), rows)


def _show_written(screen: Screen, review: OwnReview) -> None:
    told = "is read by everybody now" if review["state"] == "approved" else "waits for staff"
    screen.say(f"Your review of {review['plugin_id']} {review['version']} {told}; it is {review['id']}.")
