"""An entry of the queue with the words that it is shown in, and what came of decisions, in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.reviews.pages.words import FLAGS, LANGUAGES, MODERATION, REASONS, REPORT_KINDS
from aei_marketplace.reviews.service import FlagKind, Happened
from aei_marketplace.web.shell.flashes import Flash

#: Of reviews that were left, so many are named.
_NAMED = 3
_REVIEWS = ("review", "reviews")
_DONE = {"approved": "approved", "rejected": "rejected", "hidden": "hidden"}


@dataclass(frozen=True, slots=True)
class EntryWords:
    """How entries call things."""

    flags: Mapping[FlagKind, str]
    reports: Mapping[str, str]
    languages: Mapping[str, str]
    reasons: tuple[str, ...]


WORDS = EntryWords(FLAGS, dict(REPORT_KINDS), LANGUAGES, REASONS)


def tabs_of(path: str) -> tuple[tuple[str, str, bool], ...]:
    """The pages of moderation; which of them this is."""
    pages = (
        ("Reviews", MODERATION),
        ("Replies", f"{MODERATION}/replies"),
        ("Appeals", "/decisions?kind=review_appeal"),
        ("Policy", f"{MODERATION}/policy"),
    )
    return tuple((label, place, place == path) for label, place in pages)


def read_ids(texts: Sequence[str]) -> list[UUID]:
    """The reviews that were chosen.

    Raises:
        Invalid: none was, or one is no id.
    """
    if not texts:
        raise Invalid("Choose the reviews first: tick the box at the beginning of each.")
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise Invalid("The form names nothing that exists.") from error


def told(happened: Sequence[Happened], verdict: str, noun: tuple[str, str] = _REVIEWS) -> Flash:
    """What became of what was decided together; those that were left are named with the reason.

    Args:
        noun: what one of them is called, and several.
    """
    done = sum(one.refusal is None for one in happened)
    return _flash(f"{_counted(done, noun)} {_DONE[verdict]}.", happened)


def told_undone(happened: Sequence[Happened], noun: tuple[str, str] = _REVIEWS) -> Flash:
    """What became of decisions that were taken back; the arguments are those of `told`."""
    done = sum(one.refusal is None for one in happened)
    return _flash(f"{_counted(done, noun)} as before.", happened)


def _flash(said: str, happened: Sequence[Happened]) -> Flash:
    left = [one for one in happened if one.refusal is not None]
    if not left:
        return Flash(said)
    more = f" And {len(left) - _NAMED} more." if len(left) > _NAMED else ""
    reasons = " ".join(_why(one) for one in left[:_NAMED])
    return Flash(
        f"{said} {len(left)} left as {'it is' if len(left) == 1 else 'they are'}: {reasons}{more}", "warn"
    )


def _why(one: Happened) -> str:
    what = f"{one.stands.plugin_id} by {one.stands.author}" if one.stands else str(one.review_id)
    return f"{what}. {one.refusal.detail}" if one.refusal else what


def _counted(count: int, noun: tuple[str, str]) -> str:
    return f"{count} {noun[0] if count == 1 else noun[1]}"
