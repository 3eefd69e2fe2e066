"""The generated icon of a plugin or a person: letters on a colour, always the same for the same id."""

import hashlib
import re
from dataclasses import dataclass

#: How many colours `tokens.css` has for icons.
HUES = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """One or two letters and the number of a colour."""

    letters: str
    hue: int


def plugin_mark(plugin_id: str) -> Mark:
    """The icon of a plugin: the first letters of its name's words."""
    name = plugin_id.rpartition(".")[2]
    return Mark(_letters(re.split(r"[-_\s]+", name)), _hue(plugin_id))


def person_mark(name: str) -> Mark:
    """The icon of a person or a service: their initials."""
    return Mark(_letters(name.split()), _hue(name))


def _letters(words: list[str]) -> str:
    letters = [letter for word in words if (letter := next(filter(str.isalnum, word), ""))]
    picked = letters if len(letters) <= 2 else [letters[0], letters[-1]]
    if len(picked) == 1:
        word = next(word for word in words if picked[0] in word)
        picked = [letter for letter in word if letter.isalnum()][:2]
    return "".join(picked).upper()[:2] or "?"


def _hue(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4]) % HUES
