"""Where the links of a text lead, and which of them the operator does not mind."""

import re
from collections.abc import Iterable

from aei_marketplace.ground.errors import Fault
from aei_marketplace.reviews.errors import ReviewUnfit

MOST_LINKS, MOST_HOSTS = 100, 100
#: With a scheme or `www.`, or a bare name below a top-level domain that people write so. Who stands before an
#: `@` is no host. Each part is bounded, so that no text makes the search long.
_LINK = re.compile(
    r"\bhttps?://(?:[^\s/?#@]{0,200}@)?(?P<full>[^\s/?#:@<>\"'()\[\]]{1,253})"
    r"|\bwww\.(?P<www>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
    r"|(?<![\w.@/-])(?P<bare>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:com|net|org|info|biz|shop|xyz|top|online))\b",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)


def hosts_of(text: str) -> tuple[str, ...]:
    """The hosts that a text links to, in order, as often as it does."""
    return tuple(_plain(match) for match in _LINK.finditer(text))


def strange(hosts: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Those hosts that are neither allowed nor below one that is."""
    known = tuple(allowed)
    return tuple(host for host in hosts if not any(host == one or host.endswith(f".{one}") for one in known))


def check_hosts(hosts: Iterable[str]) -> tuple[str, ...]:
    """The operator's allowed hosts, each once, in order.

    Raises:
        ReviewUnfit: one of them is no name of a host, or they are too many.
    """
    wanted = tuple(sorted({host.strip().lower() for host in hosts}))
    if len(wanted) > MOST_HOSTS or not all(_HOST.fullmatch(host) for host in wanted):
        fault = Fault("/allowed_hosts", f"at most {MOST_HOSTS} names of hosts, such as docs.example.org")
        raise ReviewUnfit("That is no list of hosts.", faults=[fault])
    return wanted


def _plain(match: re.Match[str]) -> str:
    host = match["full"] or match["www"] or match["bare"]
    return host.lower().removeprefix("www.").rstrip(".")
