"""The kill list: releases that the registry has blocked, for everybody who keeps or runs packages.

Its text is signed as a note (c2sp.org/signed-note). The first line names who signs, the second is
`aei-kill-list/1 <serial> <time>`, and each further line is an entry: a JSON object in canonical form (keys
sorted, no spaces, ASCII alone), by package. The serial grows with every list that is signed, so that an
older one that somebody offers again is known for what it is.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

#: A larger list is not read; an entry has at most about 13,000 bytes, and mostly 400.
MOST_BYTES = 16 * 1024 * 1024

_HEAD = re.compile(r"aei-kill-list/1 ([1-9][0-9]{0,17}) (\S{1,40})")
_SHA256 = re.compile("[0-9a-f]{64}")


class KillListMalformed(ValueError):
    """The text is not a kill list."""


@dataclass(frozen=True, slots=True, order=True)
class Killed:
    """A release that must not run anywhere.

    Attributes:
        sha256: of the package, in hexadecimal.
        component_sha256: of the component inside it; the same code in another package has it too.
        plugin: its id.
        reason: the registry's words.
        at: when it was blocked; RFC 3339, in UTC.
    """

    sha256: str
    component_sha256: str
    plugin: str
    version: str
    reason: str
    at: str

    def line(self) -> str:
        """The entry's line; the same for equal entries."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class KillList:
    """All that is blocked at one moment.

    Attributes:
        origin: who signs; the name of the key.
        serial: grows from list to list.
        at: when it was made; RFC 3339, in UTC.
        entries: by package.
    """

    origin: str
    serial: int
    at: str
    entries: tuple[Killed, ...]

    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, f"aei-kill-list/1 {self.serial} {self.at}", *(e.line() for e in self.entries))
        return "".join(f"{line}\n" for line in lines)


def read_kill_list(text: str) -> KillList:
    """The list with this text; who calls has checked its signature.

    Raises:
        KillListMalformed: it is not the one way in which a list is written.
    """
    origin, _, rest = text.removesuffix("\n").partition("\n")
    head, *lines = rest.split("\n")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise KillListMalformed("this is no kill list, version 1")
    listed = KillList(origin, int(found[1]), found[2], tuple(_entries(lines)))
    if listed.text() != text:
        raise KillListMalformed("the list is not in canonical form")
    return listed


def _entries(lines: Iterable[str]) -> Iterable[Killed]:
    names = sorted(item.name for item in fields(Killed))
    for line in lines:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise KillListMalformed("an entry is not JSON") from error
        if not isinstance(document, dict) or sorted(document) != names:
            raise KillListMalformed(f"an entry has {', '.join(names)}")
        if not all(isinstance(value, str) for value in document.values()):
            raise KillListMalformed("the values of an entry are texts")
        if not all(_SHA256.fullmatch(document[name]) for name in ("sha256", "component_sha256")):
            raise KillListMalformed("a digest has 64 hexadecimal digits")
        yield Killed(**document)
