"""Where code names hosts, and how: asked for, as a whole text, in passing, or hidden."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from aei_inspection.content.addresses import Address, bare_host, onions, urls
from aei_inspection.content.decoding import decoded, is_asset
from aei_inspection.content.files import is_curly, is_prose, is_python
from aei_inspection.content.literals import literals
from aei_inspection.content.python_constants import Unreadable, constants
from aei_inspection.extract.memory import Region
from aei_inspection.extract.texts import Extract


class Manner(IntEnum):
    """How a host is named, from the weakest to the strongest hint that it is asked."""

    PASSING = 0
    WHOLE = 1
    CALLED = 2
    HIDDEN = 3


@dataclass(frozen=True)
class Mention:
    """One naming of a host.

    Attributes:
        place: with the line, for sources.
        how: for hidden ones, what it is hidden by.
    """

    address: Address
    manner: Manner
    place: str
    how: str = ""


#: Functions and names that something is asked through, or that say where to.
_ASKING = re.compile(
    r"^(fetch|request|requests|get|post|put|patch|delete|head|urlopen|urlretrieve|connect|create_connection|open_connection"
    r"|send|sendall|sendto|sendbeacon|axios|websocket|webhook|download|upload|exfil\w*|c2|beacon|http|https|httpx|aiohttp"
    r"|session|client|getaddrinfo|gethostbyname|resolve)$",
    re.IGNORECASE,
)
_ASKING_BEFORE = re.compile(
    r"\b(fetch|request|get|post|put|patch|urlopen|connect|createConnection|sendBeacon|axios|WebSocket|EventSource|open|send|curl\w*)\s*"
    r"\(\s*(\{\s*)?([\w$]+\s*:\s*)?[^()]{0,40}$"
)
#: Names of what is only shown or compared.
_SHOWING = re.compile(
    r"^(home_?page|docs?(_?url)?|documentation\w*|licen[cs]e\w*|help\w*|\$?schema\w*|\$id|id|\$ref|xmlns\w*|ns\w*|\w*namespaces?|"
    r"see\w*|references?|referrer|referer|credits?|source_?url|author\w*|repository|bugs|support\w*|info_?url|about\w*|"
    r"context|@context|vocab\w*|doctype|user_?agent|print|log|debug|info|warn|warning|error|format_help|deprecated|citation|bibtex|register_namespace|"
    r"raises?|\w*error|\w*exception)$",
    re.IGNORECASE,
)
_SHOWING_BEFORE = re.compile(
    r"(home_?page|documentation|docs?|licen[cs]e|\$schema|\$id|xmlns\w*|namespace\w*|NS|see|reference|repository|bugs|support|console\.\w+|Error|createElementNS|setAttributeNS)['\"]?\s*[:=(]\s*$",
    re.IGNORECASE,
)
_TEXT_RUN = re.compile(rb"[\x20-\x7e\t\n\r]{6,}")
_TOKEN_PART = re.compile(rb"\A\s*\{\"(?:alg|typ|iss|sub|aud|kid|iat|exp)\"")
_LONGEST_HIDDEN = 4_096


def in_sources(sources: Iterable[Extract]) -> Iterator[Mention]:
    """The hosts that sources name; prose and data are left out, but for what they hide."""
    for source in sources:
        if is_prose(source.place):
            continue
        text = source.content.decode("utf-8", "replace")
        if is_python(source.place):
            yield from _in_python(source, text)
        elif is_curly(source.place):
            yield from _in_curly(source.place, text)
        yield from hidden(source)


def in_scripts(scripts: Iterable[Extract]) -> Iterator[Mention]:
    """The hosts that JavaScript out of a component names."""
    for script in scripts:
        yield from _in_curly(script.place, script.content.decode("utf-8", "replace"))


def in_memory(regions: Iterable[Region]) -> Iterator[Mention]:
    """The hosts that strings of a memory name; one that is nothing else is a whole text of the code."""
    for region in regions:
        for text in _runs(region.content):
            yield from _in_run(region.place, text.decode("ascii"))


def hidden(extract: Extract) -> Iterator[Mention]:
    """The hosts behind encodings."""
    for piece in decoded(extract.content):
        if is_asset(extract.content, piece.at) or _TOKEN_PART.match(piece.content):
            continue
        line = extract.content.count(b"\n", 0, piece.at) + 1
        place = f"{extract.place}:{line}" if extract.place.startswith("source/") else extract.place
        text = piece.content[:_LONGEST_HIDDEN].decode("latin-1")
        found = [address for at, address in urls(text) if _stands_out(text, at)]
        for hidden_one in (*found, *_listed(bare_host(text)), *onions(text)):
            yield Mention(hidden_one, Manner.HIDDEN, place, piece.how)


def _in_python(source: Extract, text: str) -> Iterator[Mention]:
    try:
        found = constants(source.content)
    except Unreadable:
        yield from _in_curly(source.place, text)
        return
    for constant in found:
        place = f"{source.place}:{constant.line}"
        for address, whole in _addresses(constant.text):
            if constant.docstring or not whole:
                yield Mention(address, Manner.PASSING, place)
            elif not constant.plain and address.host not in text:
                yield Mention(address, Manner.HIDDEN, place, "an expression")
            else:
                yield Mention(address, _manner(constant.named), place)


def _manner(named: tuple[str, ...]) -> Manner:
    if any(_SHOWING.fullmatch(name) for name in named[:2]):
        return Manner.PASSING
    return Manner.CALLED if any(_ASKING.match(name) for name in named) else Manner.WHOLE


def _in_curly(place: str, text: str) -> Iterator[Mention]:
    for literal in literals(text):
        where = f"{place}:{literal.line}" if place.startswith("source/") else place
        for address, whole in _addresses(literal.text):
            if not whole or _SHOWING_BEFORE.search(literal.before):
                yield Mention(address, Manner.PASSING, where)
            elif not literal.plain and address.host not in text:
                yield Mention(address, Manner.HIDDEN, where, "an expression")
            else:
                asked = _ASKING_BEFORE.search(literal.before)
                yield Mention(address, Manner.CALLED if asked else Manner.WHOLE, where)


def _in_run(place: str, text: str) -> Iterator[Mention]:
    if "://" in text or ".onion" in text:
        for address, whole in _addresses(text):
            yield Mention(address, Manner.WHOLE if whole else Manner.PASSING, place)
    elif len(text) < 120 and "." in text and (name := bare_host(text, among_names=True)):
        yield Mention(name, Manner.WHOLE, place)


def _addresses(text: str) -> Iterator[tuple[Address, bool]]:
    """Each host of a text, and whether the text is an address and nothing else."""
    stripped = text.strip()
    for at, address in urls(stripped):
        rest = stripped[at:]
        yield address, at == 0 and not re.search(r"\s", rest)
    for address in (*_listed(bare_host(stripped)), *onions(stripped)):
        yield address, True


def _listed(address: Address | None) -> tuple[Address, ...]:
    return () if address is None else (address,)


def _stands_out(text: str, at: int) -> bool:
    """Whether an address in a decoded text is there to be used: alone, quoted, or in a short one."""
    if text.lstrip().startswith("<"):
        return False
    return at == 0 or text[at - 1] in "\"'`=" or len(text) < 300


def _runs(content: bytes) -> Iterator[bytes]:
    """The texts of a memory; of those in wider characters the ones that hold an address, for a search for all
    would cost as much as the rest of the check."""
    yield from (run.group() for run in _TEXT_RUN.finditer(content))
    yield from _wide_runs(content, 2)
    yield from _wide_runs(content, 4)


def _wide_runs(content: bytes, width: int) -> Iterator[bytes]:
    """The texts around `://` in characters of so many bytes, little endian."""
    filling = bytes(width - 1)
    needle = b"".join(bytes([c]) + filling for c in b"://")
    at = content.find(needle)
    while at >= 0:
        start, end = at, at + len(needle)
        while start >= width and _is_wide(content, start - width, filling):
            start -= width
        while end + width <= len(content) and _is_wide(content, end, filling):
            end += width
        yield content[start:end:width]
        at = content.find(needle, end)


def _is_wide(content: bytes, at: int, filling: bytes) -> bool:
    return 0x20 <= content[at] < 0x7F and content[at + 1 : at + 1 + len(filling)] == filling
