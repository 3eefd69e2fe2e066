"""Canaries: texts that belong to one tenant and one channel, and the search for them.

A document is searched as it is, and once more with everything but letters and digits removed: what
was split by separators, line ends or escapes stands together again there. Fragments of
`SHORTEST_FRAGMENT` characters are found too, so a canary in two or three pieces is seen.
"""

import re
import secrets
import string
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aei_marketplace.bench.hostile.forms import Form, forms_of

#: Where a tenant's own words pass or rest.
CHANNELS = ("secret", "file", "config", "task", "prompt", "result", "log")
LENGTH = 48
#: A piece of a canary of so many characters is found in every form.
SHORTEST_FRAGMENT = 16

_ALPHABET = string.ascii_letters + string.digits
_CERTAIN = 12
_WINDOW = 8
_OTHERS = bytes(byte for byte in range(256) if chr(byte) not in _ALPHABET)
_JSON_ESCAPE = re.compile(rb"\\(?:[bfnrt]|u[0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Canary:
    """A text that only its tenant may see."""

    tenant: str
    channel: str
    text: str

    def __str__(self) -> str:
        return f"{self.tenant}'s {self.channel}"


def hatch(tenant: str) -> dict[str, Canary]:
    """A fresh canary for each channel of a tenant."""
    return {channel: Canary(tenant, channel, _random_text()) for channel in CHANNELS}


def _random_text() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A canary, or a piece of one, was found; `form` says how it was spelled."""

    canary: Canary
    form: str


class CanaryIndex:
    """Finds many canaries at once.

    Every window of eight bytes of every form is known by its number; a document is read in steps of
    eight bytes, so whatever is 15 bytes long meets one of them. What was met is then compared.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._places: dict[int, list[tuple[Canary, Form, int]]] = {}
        for canary in canaries:
            for form in forms_of(canary.text):
                self._add(canary, form)

    def find(self, document: bytes) -> set[Sighting]:
        """The canaries in a document, each in one form."""
        found = self._find(document, {})
        joined = _JSON_ESCAPE.sub(b"", document).translate(None, _OTHERS)
        found |= dict.fromkeys(self._find(joined, found), "split")
        return {Sighting(canary, form) for canary, form in found.items()}

    def _add(self, canary: Canary, form: Form) -> None:
        content = form.content
        for at in range(len(content) - _WINDOW + 1):
            number = int.from_bytes(content[at : at + _WINDOW], sys.byteorder)
            self._places.setdefault(number, []).append((canary, form, at))

    def _find(self, document: bytes, already: Mapping[Canary, str]) -> dict[Canary, str]:
        """Canaries beside those already found, and how each is spelled."""
        steps = len(document) // _WINDOW
        numbers = memoryview(document)[: steps * _WINDOW].cast("Q") if steps else ()
        if self._places.keys().isdisjoint(numbers):
            return {}
        found: dict[Canary, str] = {}
        for step, number in enumerate(numbers):
            for canary, form, at in self._places.get(number, ()):
                if canary in found or canary in already:
                    continue
                if _common(document, step * _WINDOW, form.content, at) >= _CERTAIN * form.bytes_per_character:
                    found[canary] = form.name
        return found


def _common(document: bytes, here: int, content: bytes, there: int) -> int:
    """How many bytes around two places are the same."""
    before = 0
    while before < min(here, there) and document[here - before - 1] == content[there - before - 1]:
        before += 1
    after, most = 0, min(len(document) - here, len(content) - there)
    while after < most and document[here + after] == content[there + after]:
        after += 1
    return before + after
