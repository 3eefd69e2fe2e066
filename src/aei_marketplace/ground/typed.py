"""What people type, made safe to store and to show to others."""

import unicodedata
from enum import StrEnum
from typing import TypeVar

from aei_marketplace.ground.errors import Fault, Invalid

Choice = TypeVar("Choice", bound=StrEnum)

#: Characters that turn the direction of the text around them (Unicode 16, UAX #9), and so can make a
#: line read other than it is stored.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = str.maketrans({"\r": "\n", "\u0085": "\n", "\u2028": "\n", "\u2029": "\n"})
#: Control characters, halves of characters, private and unassigned ones: none of them is a word.
_UNSEEN = frozenset({"Cc", "Cs", "Co", "Cn"})


def clean_typed(text: str, longest: int, pointer: str) -> str:
    """A text in one spelling (NFC) without what cannot be seen or turns the line round.

    Args:
        longest: the most characters it may have, before and after.
        pointer: what a refusal calls it, for example `/reason`.

    Raises:
        Invalid: nothing readable is left, or it is too long.
    """
    if len(text) > longest:
        raise Invalid("The text is too long.", faults=[Fault(pointer, f"at most {longest:,} characters")])
    lines = text.replace("\r\n", "\n").translate(_BREAKS)
    kept = "".join(c for c in lines if c in "\n\t" or _is_seen(c))
    clean = unicodedata.normalize("NFC", kept).strip()[:longest]
    if not any(c.isprintable() and not c.isspace() for c in clean):
        raise Invalid("The text is empty.", faults=[Fault(pointer, "say it in words")])
    return clean


def _is_seen(character: str) -> bool:
    return character not in TURNING and unicodedata.category(character) not in _UNSEEN


def read_choice(choices: type[Choice], typed: str, pointer: str, refusal: type[Invalid] = Invalid) -> Choice:
    """One of a few words.

    Args:
        choices: the enumeration of them.
        pointer: what a refusal calls it, for example `/kind`.
        refusal: of which class a refusal is.

    Raises:
        Invalid: it is none of them.
    """
    try:
        return choices(typed)
    except ValueError as error:
        fault = Fault(pointer, f"one of {', '.join(choices)}")
        raise refusal(f"There is no such {pointer.strip('/')}.", faults=[fault]) from error
