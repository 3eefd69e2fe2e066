"""Where a request wants to go, read strictly: the decision is made on the name.

What this accepts, it takes apart completely, and the request is built from the parts; no second
parser ever sees the guest's spelling.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aei_protocol.addresses import HOST_NAME
from aei_protocol.permissions import covers_host

_LONGEST_URL = 8192
_SHAPE = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<slashes>/*)"
    r"(?P<authority>[^/?#\\]*)(?P<rest>[^#]*)(?:#.*)?"
)
_VISIBLE = re.compile(r"[!-~]+")
_AUTHORITY = re.compile(r"(?P<name>[^:]+)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORT = {"https": 443, "http": 80}


class BadUrl(ValueError):
    """The text is no URL that this interface takes."""


class NotGranted(Exception):
    """The guest may not go there.

    Attributes:
        host: the host as far as it could be read; never userinfo, path or query.
    """

    def __init__(self, host: str, message: str) -> None:
        super().__init__(message)
        self.host = host


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts: `rest` is path and query as written, beginning with `/`."""

    scheme: str
    name: str
    port: int
    rest: str

    @property
    def host(self) -> str:
        """`name`, with `:port` where it is not 443."""
        return self.name if self.port == 443 else f"{self.name}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.name, self.port

    def __str__(self) -> str:
        port = "" if _DEFAULT_PORT[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{self.name}{port}{self.rest}"


def admitted_target(url: str, granted: Iterable[str]) -> Target:
    """Read a URL and decide whether the guest may go there.

    `https` goes anywhere that is granted. Plain `http` needs a grant that names its port.

    Args:
        url: as the guest wrote it.
        granted: host patterns.

    Raises:
        BadUrl: it is none.
        NotGranted: no.
    """
    if len(url) > _LONGEST_URL or not _VISIBLE.fullmatch(url) or (shape := _SHAPE.fullmatch(url)) is None:
        raise BadUrl(f"a URL is https://name/path in at most {_LONGEST_URL} visible ASCII characters")
    scheme, authority = shape["scheme"].lower(), shape["authority"]
    host = authority.rpartition("@")[2].lower()
    if scheme not in _DEFAULT_PORT or shape["slashes"] != "//" or "\\" in url:
        raise NotGranted(host, "only https and http URLs are let out")
    target = _read_authority(scheme, authority, host, shape["rest"])
    if not any(_admits(pattern, target) for pattern in granted):
        raise NotGranted(target.host, f"{target.scheme} to {target.host} is not granted")
    return target


def _read_authority(scheme: str, authority: str, host: str, rest: str) -> Target:
    parts = _AUTHORITY.fullmatch(authority.lower())
    if parts is None or "@" in authority or not HOST_NAME.fullmatch(parts["name"]):
        raise NotGranted(host, "hosts are DNS names: no address, no user, no trailing dot")
    port = int(parts["port"] or _DEFAULT_PORT[scheme])
    if not 0 < port < 65536:
        raise NotGranted(host, "no such port")
    return Target(scheme, parts["name"], port, rest if rest.startswith("/") else f"/{rest}")


def _admits(pattern: str, target: Target) -> bool:
    named_port = ":" in pattern
    if target.scheme == "http" and not named_port:
        return False
    return covers_host(pattern, f"{target.name}:{target.port}")
