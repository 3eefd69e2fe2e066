"""Secrets in texts: what has the form of one, and what makes it doubtful.

What looks made up is left out:
placeholders, sequences, text with little chance in it. A secret itself never leaves this module.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from aei_inspection.content.secret_forms import FORMS, Form

#: What is shown of a secret.
SHOWN = 4


@dataclass(frozen=True)
class Secret:
    """A secret that was found.

    Attributes:
        offset: where it begins in the text, in bytes.
        masked: its first characters and its length.
    """

    form: Form
    offset: int
    masked: str


#: Asked of the byte before a match: a pattern that began with it would lose its search by fixed letters.
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


_PLACEHOLDER = re.compile(
    rb"example|placeholder|change_?me|changeit|dummy|sample|your[_-]?|my[_-]?(?:secret|token|key|password)|insert|replace|redacted|removed|xxxx|"
    rb"\*{3,}|\.{3}|<[^>]+>|\{\{|\$\{|%\(|%s|todo|fixme|not[_-]?a[_-]?|fake|foobar|lorem|deadbeef|12345678|abcdefgh|hunter2|tiger|correcthorse|"
    rb"p[a4][s5]{2}w[o0]rd|secret_?(?:key|token)?$|process\.env|os\.environ|getenv|config\.|self\.|this\.|test[_-]?(?:key|token|secret|password)",
    re.IGNORECASE,
)
_SEQUENCES = (
    b"abcdefghijklmnopqrstuvwxyz",
    b"0123456789",
    b"zyxwvutsrqponmlkjihgfedcba",
    b"9876543210",
    b"qwertyuiop",
)
#: Passwords that manuals print.
_DOCUMENTED = frozenset(
    {
        b"postgres",
        b"password",
        b"secret",
        b"anonymous",
        b"guest",
        b"mysecretpassword",
        b"admin",
        b"example",
        b"tiger",
    }
)
#: Documented keys of issuers' own manuals, by the bytes in their middle.
_FROM_MANUALS = (
    b"4eC39HqLyjWDarjtT1zdp7dc",
    b"wJalrXUtnFEMI",
    b"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    b"IOSFODNN7",
)


def secrets_in(text: bytes) -> Iterator[Secret]:
    """The secrets of a text, each place once: forms of their own before values known by a name alone."""
    lower = text.lower()
    taken: list[tuple[int, int]] = []
    for form in FORMS:
        if form.hint not in lower:
            continue
        for match in form.pattern.finditer(text):
            start, end = match.span("secret")
            value = match["secret"]
            if form.edged and start and text[start - 1] in _WORD:
                continue
            if any(start < e and s < end for s, e in taken) or not _is_genuine(form, value):
                continue
            taken.append((start, end))
            yield Secret(form, start, masked(value))


def masked(value: bytes) -> str:
    """The first characters of a secret and its length; nothing else of it."""
    return f"{value[:SHOWN].decode('ascii', 'replace')}… ({len(value)} characters)"


def _is_genuine(form: Form, value: bytes) -> bool:
    if any(known in value for known in _FROM_MANUALS):
        return False
    if form.id.endswith("private-key"):
        return _is_key(value) and entropy(value) >= form.entropy
    if _PLACEHOLDER.search(value) or value.lower() in _DOCUMENTED or _is_sequence(value):
        return False
    if form.id == "assigned-secret" and not _is_mixed(value):
        return False
    return entropy(value) >= form.entropy


def _is_key(value: bytes) -> bool:
    """Whether between the lines of a key lies one: enough of base64, and not one letter again and again."""
    body = re.sub(rb"-----[A-Z ]+-----|\\[nr]|\s", b"", value)
    return len(body) >= 60 and len(set(body)) > 20 and not _PLACEHOLDER.search(body[:40])


def _is_sequence(value: bytes) -> bool:
    lower = value.lower()
    runs = any(sequence[at : at + 8] in lower for sequence in _SEQUENCES for at in range(len(sequence) - 7))
    return runs or bool(re.search(rb"(.)\1{5,}", value))


def _is_mixed(value: bytes) -> bool:
    """Letters and digits together, and no path, sentence, identifier or dotted name."""
    if re.fullmatch(rb"[A-Za-z]+(?:[_.-][A-Za-z]+)*\d{0,3}", value) or (
        value.count(b"/") > 2 and b"+" not in value
    ):
        return False
    kinds = (rb"[a-z]", rb"[A-Z]", rb"[0-9]")
    return sum(bool(re.search(kind, value)) for kind in kinds) >= 2 and len(re.findall(rb"[0-9]", value)) >= 2


@lru_cache(maxsize=4_096)
def entropy(value: bytes) -> float:
    """Shannon's entropy in bits for each byte."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
