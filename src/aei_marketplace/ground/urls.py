"""Addresses of other people's services, as tenants and operators write them down."""

import re
from collections.abc import Callable

from aei_protocol.addresses import HOST_NAME

#: Whether the operator runs the service of this name and port.
IsInternal = Callable[[str, int], bool]

_SEGMENT = r"(?:/(?!\.\.?(?:/|\?|\Z))[A-Za-z0-9._~-]+)"
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    rf"(?P<path>{_SEGMENT}{{0,20}})/?(?P<query>\?[A-Za-z0-9._~=&%+-]{{1,1000}})?"
)
_DEFAULT_PORT = {"https": 443, "http": 80}


class UrlUnfit(ValueError):
    """Nothing is sent to a URL like this; the text says what one looks like."""


def read_service_url(text: str, is_internal: IsInternal, setting: str, *, query: bool = False) -> str:
    """The URL in one spelling: lower-case host, no default port, no slash at the end of its path.

    Args:
        setting: how the operator names services of their own, for the message.
        query: whether a query may follow.

    Raises:
        UrlUnfit: it is no `https://name[:port][/path]`, or plain http to what is not the operator's own.
    """
    # Scheme and host know no case; path and query do.
    parts = _URL.fullmatch(re.sub(r"\A[^/]*//[^/?]*", lambda origin: origin[0].lower(), text))
    if parts is None or not HOST_NAME.fullmatch(parts["host"]) or (parts["query"] and not query):
        allowed = "no address, no user" if query else "no address, no user, no query"
        raise UrlUnfit(f"https://name/path: a DNS name, {allowed}")
    port = int(parts["port"] or _DEFAULT_PORT[parts["scheme"]])
    if not 0 < port < 65536:
        raise UrlUnfit("no such port")
    if parts["scheme"] == "http" and not is_internal(parts["host"], port):
        raise UrlUnfit(f"plain http only to services that the operator names with {setting}")
    shown_port = "" if port == _DEFAULT_PORT[parts["scheme"]] else f":{port}"
    return f"{parts['scheme']}://{parts['host']}{shown_port}{parts['path']}{parts['query'] or ''}"
