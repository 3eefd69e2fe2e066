"""Hosts and addresses in texts: which they are, what kind they are, and whether a manifest declares them."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aei_inspection.content.words import words

#: After RFC 3986, 3.2. The host is read generously: what is odd about it is judged, not skipped.
URL = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>https?|wss?|ftps?|tcp|udp|socks5h?|ldaps?|gopher|stratum\+\w+)://"
    r"(?:[^\s/?#@\"'<>`\\]{0,200}@)?(?P<host>\[[0-9A-Fa-f:.%]{2,60}\]|[^\s/?#:\"'<>`\\(){}|,;\[\]]{1,253})"
    r"(?::(?P<port>\d{1,5}))?(?P<path>[/?#][^\s\"'<>`\\]{0,500})?",
    re.IGNORECASE,
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,24}}|xn--[a-z0-9-]{{2,59}})\.?", re.IGNORECASE)
#: Endings under which hosts of strangers usually are, and that no file or attribute of code has.
_ENDINGS = words(
    """
    com net org info biz xyz top site online club shop live store space website tech icu cyou buzz
    pw cc ru su cn ua ir kp tk ml ga cf gq ws bit onion i2p eu uk de fr nl pl cz br in jp kr ro bg
    example test invalid cloud link click download stream work world life
    """
)
#: Those of them that names in a heap, of modules and attributes, never have.
_PLAIN_ENDINGS = words(
    """
    com net org biz xyz icu cyou buzz pw cc ru su cn tk gq onion i2p eu example test invalid
    """
)
#: Shorter ones arise by chance in a heap.
_SHORTEST = 9
_ONION = re.compile(r"(?<![a-z2-7])(?:[a-z2-7]{16}|[a-z2-7]{56})\.onion(?![a-z0-9-])", re.IGNORECASE)
_NUMBER = re.compile(r"(?:0x[0-9a-f]{1,8}|\d{1,10})", re.IGNORECASE)


#: What a name is asked for, below a fixed one: `%s.collect.example`.
_FILLED_IN = re.compile(r"^(?:%s|\{\w*\}|\$\{\w+\})\.")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


class Kind(StrEnum):
    """What an address is."""

    NAME = "name"
    ADDRESS = "address"
    LOCAL = "local"
    ONION = "onion"
    LOOKALIKE = "lookalike"


@dataclass(frozen=True, order=True)
class Address:
    """A host that a text names.

    Attributes:
        host: lower case, without a final dot.
        kind: `LOOKALIKE` for international names, which may look like others.
        port: None when it is the scheme's.
        path: what follows, with its slash.
        scheme: empty for a bare name.
    """

    host: str
    kind: Kind
    port: int | None = None
    path: str = ""
    scheme: str = ""

    @property
    def shown(self) -> str:
        """The host with its port."""
        return f"{self.host}:{self.port}" if self.port else self.host


def urls(text: str) -> Iterator[tuple[int, Address]]:
    """Place and address of each URL in a text whose host is whole; templates and patterns are left out."""
    for match in URL.finditer(text):
        host = match["host"].rstrip(".").lower()
        if (kind := kind_of(host)) is not None:
            port = int(match["port"]) if match["port"] else None
            yield match.start(), Address(host, kind, port, match["path"] or "", match["scheme"].lower())


def bare_host(text: str, among_names: bool = False) -> Address | None:
    """The host that a whole text is, with or without a port: `collect.example:8443`.

    Args:
        among_names: the text may as well be the name of a module or an attribute.
    """
    name, _, port = _FILLED_IN.sub("", text.strip()).partition(":")
    if port and not port.isdecimal():
        return None
    host = name.rstrip(".").lower()
    if not _NAME.fullmatch(host) or "_" in host.rpartition(".")[2]:
        return None
    if among_names and len(host) < _SHORTEST:
        return None
    if host.rpartition(".")[2] not in (_PLAIN_ENDINGS if among_names else _ENDINGS) and "xn--" not in host:
        return None
    kind = kind_of(host)
    return Address(host, kind, int(port) if port else None) if kind else None


def bare_address(text: str) -> Address | None:
    """The numeric address that a whole text is, with or without a port: `203.0.113.7:4444`."""
    host, _, port = text.strip().partition(":")
    if not _DOTTED.fullmatch(host) or (port and not port.isdecimal()):
        return None
    kind = kind_of(host)
    return Address(host, kind, int(port) if port else None) if kind else None


def onions(text: str) -> Iterator[Address]:
    """Hidden services of Tor, wherever they stand."""
    for match in _ONION.finditer(text):
        yield Address(match[0].lower(), Kind.ONION)


def kind_of(host: str) -> Kind | None:
    """What a host is; None when it is none."""
    if (address := numeric(host)) is not None:
        local = address.is_loopback or address.is_unspecified
        return Kind.LOCAL if local else Kind.ADDRESS
    if host == "localhost" or host.endswith(".localhost"):
        return Kind.LOCAL
    if host.endswith((".onion", ".i2p")):
        return Kind.ONION
    if not host.isascii():
        return Kind.LOOKALIKE if re.fullmatch(r"[\w.-]+\.\w{2,}", host) else None
    if not _NAME.fullmatch(host):
        return None
    return Kind.LOOKALIKE if host.startswith("xn--") or ".xn--" in host else Kind.NAME


def numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, in any form that resolvers take (WHATWG URL, 3.5: parts may be hexadecimal
    or octal, and the last fills what is left)."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [
            int(p, 16) if p[:2] == "0x" else int(p, 8 if p[0] == "0" and len(p) > 1 else 10) for p in parts
        ]
        *first, last = numbers
        whole = sum(part << (24 - 8 * place) for place, part in enumerate(first)) + last
        fits = all(part < 256 for part in first) and last < 256 ** (5 - len(parts))
        return ipaddress.IPv4Address(whole) if fits else None
    except ValueError:
        return None


def declared(address: Address, hosts: Iterable[str]) -> bool:
    """Whether a manifest's hosts cover an address: `name`, `*.name`, each with or without a port."""
    return any(_covers(pattern.lower(), address) for pattern in hosts)


def _covers(pattern: str, address: Address) -> bool:
    name, _, port = pattern.partition(":")
    if port and address.port is not None and int(port) != address.port:
        return False
    if name.startswith("*."):
        return address.host.endswith(name[1:])
    return address.host == name


def kin(host: str, others: Iterable[str]) -> bool:
    """Whether a host belongs to the same domain as one of others, as `docs.acme.example` does to
    `api.acme.example`."""
    return any(domain_of(host) == domain_of(other) for other in others if other)


#: Domains below which everybody can register a name.
_SHARED = words(
    """
    github.io gitlab.io herokuapp.com vercel.app netlify.app pages.dev workers.dev web.app
    firebaseapp.com azurewebsites.net amazonaws.com cloudfront.net blogspot.com glitch.me repl.co
    onrender.com fly.dev railway.app deno.dev surge.sh wordpress.com readthedocs.io appspot.com
    run.app
    """
)


def domain_of(host: str) -> str:
    """The part of a name that somebody registers: two labels; three below a short second one (`acme.co.uk`)
    and below a service where everybody can have one (`acme.github.io`)."""
    labels = host.removeprefix("*.").partition(":")[0].lower().split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    shared = ".".join(labels[-2:]) in _SHARED
    return ".".join(labels[-3:] if short or shared else labels[-2:])
