"""Which addresses are the public internet.

An own list: the standard library's `is_global` accepts addresses that embed private ones, such as
`64:ff9b::7f00:1` and `::7f00:1`, and the former site-local range. The ranges are those of the IANA
special-purpose address registries (RFC 6890 and its updates), plus multicast and everything in IPv6
outside global unicast.
"""

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


def is_public(text: str) -> bool:
    """Whether an address, as a resolver gives it, belongs to the public internet.

    Raises:
        ValueError: the text is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _GLOBAL_UNICAST_6 and not any(address in network for network in _SPECIAL_6)
