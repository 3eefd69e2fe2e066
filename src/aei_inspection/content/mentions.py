"""Where code names hosts, and how: asked for, as a whole text, in passing, or hidden."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from aei_inspection.content.addresses import Address, bare_address, bare_host, onions, urls
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
#: Names of what holds a host to be asked.
_HOLDING = re.compile(
    r"(?:host|server|endpoint|collector|beacon|c2|c_c|upstream|target|gateway|addr|url|uri|remote|peer|pool|sink|drop)s?\W*$",
    re.IGNORECASE,
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
_LONGEST_ADDRESS = 22
_BEFORE = 120
_GIVEN_BEFORE = re.compile(
    r"(?:\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|CONNECT)\s+|\b(?:curl|wget)\b[^\n]*[\s'\"]"
    r"|\b(?:url|uri|endpoint|webhook|server|host|callback|target|base_?url|api_?url|collector|upload_?url)[\"']?\s*[:=]\s*[\"']?)$",
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?<=[A-Za-z0-9])((?:https?|wss?)://[^\s\"'<>`]{4,300})")
#: Files in which packages say where they live.
_ABOUT = re.compile(
    r"(?:^|/)(?:package(?:-lock)?|composer|bower|manifest|tsconfig|openapi|swagger)\.(?:json|ya?ml)$|\.lock$"
)


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
        elif not _ABOUT.search(source.place):
            yield from _in_settings(source, text)
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


def put_together(source: Extract) -> Iterator[Extract]:
    """The strings that a source makes of several, each with its place."""
    if is_python(source.place):
        try:
            found = [(c.text, c.line) for c in constants(source.content) if not c.plain]
        except Unreadable:
            return
    elif is_curly(source.place):
        text = source.content.decode("utf-8", "replace")
        found = [(literal.text, literal.line) for literal in literals(text) if not literal.plain]
    else:
        return
    for text, line in found:
        yield Extract(f"{source.place}, line {line}", text.encode("utf-8", "replace"))


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
                yield Mention(address, _manner(constant.named, address), place)


def _manner(named: tuple[str, ...], address: Address) -> Manner:
    if any(_SHOWING.fullmatch(name) for name in named[:2]):
        return Manner.PASSING
    if any(_ASKING.match(name) for name in named):
        return Manner.CALLED
    # Lists of names are mostly of hosts to look for, not to ask.
    asked = bool(address.scheme) or any(_HOLDING.search(name) for name in named)
    return Manner.WHOLE if asked else Manner.PASSING


def _in_curly(place: str, text: str) -> Iterator[Mention]:
    for literal in literals(text):
        where = f"{place}:{literal.line}" if place.startswith("source/") else place
        for address, whole in _addresses(literal.text):
            if not whole or _SHOWING_BEFORE.search(literal.before):
                yield Mention(address, Manner.PASSING, where)
            elif not literal.plain and address.host not in text:
                yield Mention(address, Manner.HIDDEN, where, "an expression")
            else:
                yield Mention(address, _manner_after(literal.before, address), where)


def _manner_after(before: str, address: Address) -> Manner:
    if _ASKING_BEFORE.search(before):
        return Manner.CALLED
    asked = bool(address.scheme) or _HOLDING.search(before)
    return Manner.WHOLE if asked else Manner.PASSING


def _in_run(place: str, text: str) -> Iterator[Mention]:
    if "://" in text or ".onion" in text:
        for address, whole in _addresses(text):
            yield Mention(address, Manner.WHOLE if whole else Manner.PASSING, place)
        yield from _given(place, text)
    elif text[0].isdecimal() and len(text) < _LONGEST_ADDRESS and (found := bare_address(text)):
        yield Mention(found, Manner.PASSING if found.port is None else Manner.WHOLE, place)
    elif len(text) < 120 and "." in text and (name := bare_host(text, among_names=True)):
        yield Mention(name, Manner.WHOLE, place)


def _given(place: str, text: str) -> Iterator[Mention]:
    """The hosts of a longer text that are there to be asked: in a request's first line, as the value of a
    setting, or right behind other text, as compilers lay strings."""
    for at, address in urls(text):
        if _GIVEN_BEFORE.search(text[max(0, at - _BEFORE) : at]):
            yield Mention(address, Manner.WHOLE, place)
    for match in _GLUED.finditer(text):
        # Without a path nobody can tell where the host ends.
        for _, address in urls(match[1]):
            if address.path:
                yield Mention(address, Manner.WHOLE, place)


def _in_settings(source: Extract, text: str) -> Iterator[Mention]:
    """The hosts that files of settings and scripts name."""
    for at, address in urls(text):
        line = text.count("\n", 0, at) + 1
        given = _GIVEN_BEFORE.search(text[max(0, at - _BEFORE) : at])
        yield Mention(address, Manner.WHOLE if given else Manner.PASSING, f"{source.place}:{line}")


def _addresses(text: str) -> Iterator[tuple[Address, bool]]:
    """Each host of a text, and whether the text is an address and nothing else."""
    stripped = text.strip()
    for at, address in urls(stripped):
        rest = stripped[at:]
        yield address, at == 0 and not re.search(r"\s", rest)
    for address in (*_listed(bare_host(stripped)), *onions(stripped)):
        yield address, True
    if numeric := bare_address(stripped):
        # Four numbers without a port may as well be a version, or a network's.
        yield numeric, numeric.port is not None


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
