"""What people type into a review, a reply or a report."""

import unicodedata
from itertools import groupby

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.reviews.errors import ReviewUnfit

LONGEST_TEXT, LONGEST_REASON, LONGEST_NOTE = 5000, 2000, 1000
LOWEST, HIGHEST = 1, 5
#: Written languages put fewer marks on one letter; a pile of them runs over the lines around it.
MOST_MARKS = 5
#: Embeddings, overrides and isolates (Unicode 16, UAX #9, section 2) have text read other than it is stored.
_REVERSING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\n\r\t\u0085")


def check_rating(rating: object) -> int:
    """A rating.

    Raises:
        ReviewUnfit: it is not a whole number from 1 to 5.
    """
    if isinstance(rating, bool) or not isinstance(rating, int) or not LOWEST <= rating <= HIGHEST:
        fault = Fault("/rating", f"a whole number from {LOWEST} to {HIGHEST}")
        raise ReviewUnfit("A rating is a whole number of stars.", faults=[fault])
    return rating


def check_text(text: str, longest: int = LONGEST_TEXT, pointer: str = "/text") -> str:
    """A text in one spelling (NFC), fit to be stored and shown; markup in it stays text.

    Args:
        longest: in characters.
        pointer: what a refusal calls it.

    Raises:
        Invalid: it is empty or too long, turns lines round, or holds control characters or piles of marks.
    """
    fault = None if len(text) > longest else _fault_of(text)
    if fault is not None:
        raise ReviewUnfit("The text holds what cannot be shown.", faults=[Fault(pointer, fault)])
    return clean_typed(text, longest, pointer)


def _fault_of(text: str) -> str | None:
    for place, character in enumerate(text):
        unseen = unicodedata.category(character) == "Cc" and character not in _BREAKS
        if unseen or character in _REVERSING:
            return f"U+{ord(character):04X} at character {place + 1} is a control character; leave it out"
    marked = groupby(unicodedata.normalize("NFC", text), lambda c: unicodedata.category(c) in ("Mn", "Me"))
    if any(is_mark and sum(1 for _ in marks) > MOST_MARKS for is_mark, marks in marked):
        return f"more than {MOST_MARKS} marks on one character"
    return None
