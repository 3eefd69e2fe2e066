"""Which names and addresses a request of a guest or of a tenant may lead to.

An own list: the standard library's `is_global` accepts addresses that embed private ones, such as
`64:ff9b::7f00:1` and `::7f00:1`, and the former site-local range. The ranges are those of the IANA
special-purpose address registries (RFC 6890 and its updates), plus multicast and everything in IPv6
outside global unicast.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, ip_address, ip_network

_SPECIAL_4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_GLOBAL_UNICAST_6 = ip_network("2000::/3")
_SPECIAL_6 = tuple(
    ip_network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: A DNS name of two labels or more, in lower case. The last label starts with a letter and is no
#: hexadecimal number: that excludes IPv4 in every spelling.
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!0x)[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")

_INTERNAL = re.compile(r"(?P<name>[a-z0-9.-]+:[0-9]+)=\[?(?P<address>[0-9a-f.:]+?)\]?:(?P<port>[0-9]+)")


def is_public(text: str) -> bool:
    """Whether an address, as a resolver gives it, belongs to the public internet.

    Raises:
        ValueError: the text is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _GLOBAL_UNICAST_6 and not any(address in network for network in _SPECIAL_6)


def all_public(addresses: Sequence[str]) -> bool:
    """Whether a name with these addresses may be connected to.

    One address that is not public refuses the name: whoever answers that way is mistaken or hostile.
    """
    return bool(addresses) and all(map(is_public, addresses))


def read_internal_hosts(texts: Iterable[str]) -> dict[str, tuple[str, int]]:
    """The operator's map of internal services, which need no public address.

    Args:
        texts: `name:port=address:port` each.

    Returns:
        `name:port` → address and port.

    Raises:
        ValueError: a text is spelled otherwise.
    """
    mapped = {}
    for text in texts:
        parts = _INTERNAL.fullmatch(text.lower())
        if parts is None:
            raise ValueError(f"{text}: expected NAME:PORT=ADDRESS:PORT")
        mapped[parts["name"]] = (parts["address"], int(parts["port"]))
    return mapped
