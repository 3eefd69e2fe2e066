"""How a collection's standing and times read on pages."""

from dataclasses import dataclass
from datetime import UTC, datetime

from aei_marketplace.collections.service import Collection, State
from aei_marketplace.ground.errors import Fault, Invalid


@dataclass(frozen=True, slots=True)
class Word:
    """A badge and the sentence that explains it."""

    badge: str
    meaning: str
    sentence: str


_DRAFT = Word("Draft", "note", "Nobody but curators sees it.")
_ARCHIVED = Word("Archived", "", "It is kept with its counts, and shown to nobody.")
_SHOWN = Word("Shown", "ok", "Visitors see it on the first page now.")
_TO_COME = Word("To come", "note", "It is published, and its time begins later.")
_OVER = Word("Over", "warn", "It is published, and its time is over.")
_WAITS = Word(
    "Waits its turn", "note", "It is published; another one of its rotation is shown to visitors this week."
)


def standing_of(collection: Collection, now: datetime, *, shown: bool) -> Word:
    """Where a collection stands for visitors, in a word.

    Args:
        shown: whether the first page shows it to visitors.
    """
    content = collection.content
    if content.state is State.DRAFT:
        return _DRAFT
    if content.state is State.ARCHIVED:
        return _ARCHIVED
    if content.shown_from is not None and now < content.shown_from:
        return _TO_COME
    if content.shown_until is not None and content.shown_until <= now:
        return _OVER
    return _SHOWN if shown else _WAITS


def typed_time(moment: datetime | None) -> str:
    """A moment as a field of the type `datetime-local` takes it, in UTC; empty for none."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") if moment else ""


def read_time(text: str, name: str) -> datetime | None:
    """What was typed into such a field.

    Args:
        name: the field's.

    Raises:
        Invalid: it is no time.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("The form has a problem.", faults=[Fault(name, "a date and a time")]) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def read_number(text: str, name: str) -> int | None:
    """What was typed into a field for a whole number; None when it is empty.

    Raises:
        Invalid: it is no such number.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid("The form has a problem.", faults=[Fault(name, "a whole number")])
    return int(text)
