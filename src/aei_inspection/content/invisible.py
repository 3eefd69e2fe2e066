"""Characters that a reader does not see, or sees elsewhere than they stand; and orders to models in them.

After Boucher and Anderson, "Trojan Source" (2021), and Unicode 16, chapter 23.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Embeddings, overrides and isolates: they change the order in which code is shown.
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"
#: A copy of ASCII that is never shown.
_TAGS = "\U000e0001\U000e0020-\U000e007f"
#: Width zero, fillers, selectors; joiners are left out where a script or an emoji needs them.
_WIDTHLESS = "\u200b\u2060-\u2064\ufeff\u115f\u1160\u3164\uffa0\u180e\U000e0100-\U000e01ef"
_DIRECTION = re.compile(f"[{_DIRECTIONS}]")
_TAG_RUN = re.compile(f"[{_TAGS}]{{3,}}")
_WIDTHLESS_RUN = re.compile(f"[{_WIDTHLESS}]{{2,}}|(?<=[A-Za-z0-9_])[{_WIDTHLESS}](?=[A-Za-z0-9_])")
#: Identifiers of Latin letters with one that only looks Latin.
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0400-\u04ff])\w{2,}\b")
#: Flags of regions are written with tags.
_BLACK_FLAG = "\U0001f3f4"


@dataclass(frozen=True)
class Unseen:
    """A place with such characters.

    Attributes:
        rule: `direction`, `tags`, `widthless` or `mixed-letters`.
        offset: in characters.
        shown: what stands there, the unseen made visible.
    """

    rule: str
    offset: int
    shown: str


def unseen(text: str) -> Iterator[Unseen]:
    """The places of a text with characters that deceive; mixed letters are for code alone."""
    # A mark at the very beginning says that the text is UTF-8.
    start = 1 if text.startswith("\ufeff") else 0
    for match in _TAG_RUN.finditer(text, start):
        if text[match.start() - 1 : match.start()] != _BLACK_FLAG:
            hidden = "".join(chr(ord(c) - 0xE0000) for c in match[0])
            yield Unseen("tags", match.start(), hidden)
    for rule, pattern in (("direction", _DIRECTION), ("widthless", _WIDTHLESS_RUN)):
        for match in pattern.finditer(text, start):
            around = text[max(0, match.start() - 20) : match.end() + 20]
            yield Unseen(rule, match.start(), around)


def mixed_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each name of a Python source that mixes Latin letters with Cyrillic ones."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case _:
                continue
        if _MIXED.search(name):
            yield getattr(node, "lineno", 1), name


def mixed_words(code: str) -> Iterator[Unseen]:
    """Words of a source that mix Latin letters with Cyrillic ones. Greek is left out: `Δx` is mathematics."""
    for match in _MIXED.finditer(code):
        yield Unseen("mixed-letters", match.start(), match[0])


_WORDS_BETWEEN = r"(?:the\s+|all\s+|any\s+|your\s+|my\s+|full\s+|entire\s+)*"
_CONFIDENTIAL = (
    r"(?:conversation|system\s+prompt|chat\s+history|api\s*keys?|secrets|credentials"
    r"|environment\s+variables)\b"
)
_STORES = (
    r"(?:\.ssh|\.env|id_rsa|credentials?|api\s*keys?|secrets?|conversation|system\s+prompt"
    r"|passwords?|tokens?)"
)
#: Orders that somebody else's model is meant to follow.
ORDERS = re.compile(
    rf"(?:ignore|disregard|forget|override)\s+{_WORDS_BETWEEN}"
    r"(?:previous|prior|above|earlier|preceding|system|other)\s+"
    r"(?:instructions?|prompts?|rules?|messages?|directions?|guidelines?)"
    r"|(?:do\s+not|don't|never)\s+(?:tell|inform|mention\s+(?:this|it)\s+to|reveal\s+(?:this|it)\s+to|alert"
    r"|notify)"
    r"\s+(?:the\s+)?(?:user|human|operator|admin)"
    r"|<\s*/?\s*(?:important|system|instructions?|hidden)\s*>"
    r"|you\s+are\s+now\s+(?:in\s+)?(?:developer|dan|jailbreak|unrestricted|admin)"
    r"|(?:before|when)\s+(?:using|calling|you\s+use|you\s+call)\s+this\s+(?:tool|plugin|function|agent)"
    rf"[^.]{{0,120}}(?:read|send|include|attach|pass|upload)\b[^.]{{0,120}}{_STORES}"
    r"|(?<!never )(?<!not )(?<!n't )(?<!cannot )(?:send|include|attach|append|forward|exfiltrate)\s+"
    rf"{_WORDS_BETWEEN}{_CONFIDENTIAL}",
    re.IGNORECASE,
)
