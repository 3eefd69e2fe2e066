"""Hosts that code names."""

import re
from collections.abc import Iterable

from aei_inspection.extract.texts import Extract

#: After RFC 3986, 3.2.2, names of RFC 1123 only: `scheme://[user@]name[:port]`.
_URL = re.compile(
    rb"\b(?:https?|wss?)://(?:[^\s/?#@\"'<>]{0,100}@)?((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
    rb"(?![A-Za-z0-9.-])"
)


def hosts_named(texts: Iterable[Extract]) -> tuple[str, ...]:
    """The names of hosts in URLs, lower case, sorted."""
    found = (match[1] for text in texts for match in _URL.finditer(text.content))
    return tuple(sorted({name.decode("ascii").lower() for name in found}))
