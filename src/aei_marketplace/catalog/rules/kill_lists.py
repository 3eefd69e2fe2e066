"""Kill lists of other marketplaces: which of two is the one to keep."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from aei_marketplace.catalog.errors.kill_lists import KillListOutdated
from aei_protocol.kill_list import KillList


@dataclass(frozen=True, slots=True)
class Remembered:
    """A list that was imported.

    Attributes:
        origin: whose it is; the name of its key.
        made_at: as the list says it; RFC 3339, in UTC.
        digest: of its text.
        verifying_key: by which it was checked; `name+id+base64`.
        entries: how many it has.
    """

    origin: str
    serial: int
    made_at: str
    digest: str
    verifying_key: str
    imported_at: datetime
    entries: int


def digest_of(listed: KillList) -> str:
    """SHA-256 of what was signed, in hexadecimal."""
    return hashlib.sha256(listed.text().encode()).hexdigest()


def is_news(listed: KillList, known: Remembered | None) -> bool:
    """Whether a list says something that the one of the same marketplace that is known did not.

    Raises:
        KillListOutdated: the known one is newer, or says something else under the same number.
    """
    if known is None or listed.serial > known.serial:
        return True
    if listed.serial < known.serial:
        raise KillListOutdated(
            f"This is list {listed.serial} of {listed.origin}, made {listed.at}; list {known.serial}, made"
            f" {known.made_at}, is known. Nothing was blocked, and what is known stays.",
            advice="Get the newest one. Where its marketplace was set back to a backup, its numbers began"
            f" anew: `aei-marketplace kill-list forget {listed.origin}`, then import it.",
        )
    if digest_of(listed) != known.digest:
        raise KillListOutdated(
            f"This is list {listed.serial} of {listed.origin}, and another one with this number is known."
            " Nothing was blocked, and what is known stays.",
            advice="Ask its operator why there are two, and get the next one.",
        )
    return False
