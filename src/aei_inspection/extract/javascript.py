"""JavaScript inside a component: engines keep the text of each function beside its compiled form."""

import re
from collections.abc import Iterable, Iterator

from aei_inspection.extract.memory import Region
from aei_inspection.extract.texts import Extract

_SHORTEST = 60
_KINDS = bytes(b"a"[0] if byte in b"\t\n\r" or 0x20 <= byte != 0x7F else 0 for byte in range(256))
_TEXT = re.compile(b"a" * _SHORTEST + b"a*")
#: Forms of which prose and other languages rarely have two at once.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rb"\bfunction\b\s{0,20}\*?\s{0,20}[\w$]{0,100}\s{0,20}\(",
        rb"(?:\)|[\w$])\s*=>\s*[\w$({\[`'\"]",
        rb"\b(?:const|let|var)\s+[\w$\[{]",
        rb"\bclass\s+[\w$]+(?:\s+extends\s+[\w$.]+)?\s*\{",
        rb"\b(?:import|export)\s+(?:default\b|\*|\{|const\b|function\b|class\b|['\"])",
        rb"\breturn\b[^\n]{0,200};",
        rb"\bnew\s+[A-Z][\w$.]*\(",
        rb"===|!==|\?\.|\?\?",
        rb"\bthis\.[\w$]+",
    )
)
_ENOUGH = 2


def scripts(memory: Iterable[Region]) -> tuple[Extract, ...]:
    """The texts that read like JavaScript, each once."""
    found: dict[bytes, Extract] = {}
    for region in memory:
        for text in _texts(region.content):
            found.setdefault(text, Extract(region.place, text))
    return tuple(found.values())


def _texts(content: bytes) -> Iterator[bytes]:
    for run in _TEXT.finditer(content.translate(_KINDS)):
        text = content[run.start() : run.end()]
        if b"{" in text and sum(bool(form.search(text)) for form in _FORMS) >= _ENOUGH:
            yield text
