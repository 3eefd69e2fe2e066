"""Advisories: what is wrong with releases of a plugin, in which versions, and from which on it is mended."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aei_inspection.versions import parse_version
from aei_marketplace.catalog.errors import AdvisoryWithdrawn, NotYourAdvisory
from aei_marketplace.catalog.rules.compatibility import Interval, intervals
from aei_marketplace.catalog.rules.versions import precedence_key
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.typed import clean_typed

LONGEST_TITLE, LONGEST_DETAILS, LONGEST_REASON = 200, 10_000, 2000
MOST_LINKS, LONGEST_LINK = 10, 500
#: So many advisories of one plugin are taken, the withdrawn ones among them.
MOST_OF_PLUGIN = 100

#: Digits and letters that nobody takes for one another, and no vowels, so that no words appear.
_ALPHABET = "23456789cfghjmpqrvwx"
_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!-;=?-~]*)?")


class Severity(StrEnum):
    """How much harm it does, the least first."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Statement:
    """What an advisory says.

    Attributes:
        affected: npm-style range of versions.
        fixed: the version from which on it is mended; None while there is none.
        links: where more stands.
    """

    severity: Severity
    title: str
    details: str
    affected: str
    fixed: str | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Advisory:
    """A statement about a plugin.

    Attributes:
        by_staff: filed by the operator's staff; the publisher does not change it.
        withdrawn_reason: why it was taken back; None while it stands.
    """

    id: str
    plugin_id: str
    statement: Statement
    by_staff: bool
    filed_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.id}-{int(self.changed_at.timestamp() * 1_000_000)}"'


def new_id() -> str:
    """An id that tells nothing: numbers in a row would tell of advisories about private plugins."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
    return "-".join(("AEI", *groups))


def read_statement(document: Mapping[str, object]) -> Statement:
    """What somebody wrote, checked and made harmless.

    Args:
        document: texts under the names of `Statement`'s attributes; `links` is a sequence of texts.

    Raises:
        Invalid: something is missing, too long, or not what it has to be; every place is named.
    """
    faults: list[Fault] = []
    severity = _severity(document.get("severity"), faults)
    title = _typed(document.get("title"), LONGEST_TITLE, "/title", faults)
    details = _typed(document.get("details"), LONGEST_DETAILS, "/details", faults)
    affected = str(document.get("affected") or "")
    holes = _affected(affected, faults)
    fixed = document.get("fixed")
    _check_fixed(fixed, holes, faults)
    links = _links(document.get("links") or (), faults)
    if faults:
        raise Invalid("The advisory is not complete.", faults=faults)
    return Statement(
        severity, " ".join(title.split()), details, affected, str(fixed) if fixed else None, links
    )


def is_told_anew(before: Statement, after: Statement) -> bool:
    """Whether those who run the plugin have to hear of a change: other releases, or more harm."""
    order = tuple(Severity)
    return before.affected != after.affected or order.index(after.severity) > order.index(before.severity)


def check_hand(advisory: Advisory, *, staff: bool) -> None:
    """Whether somebody may change an advisory at all.

    Raises:
        NotYourAdvisory: staff filed it, and this is the publisher.
        AdvisoryWithdrawn: it does not stand any more.
    """
    if advisory.by_staff and not staff:
        raise NotYourAdvisory(f"{advisory.id} was filed by the operator's staff.")
    if advisory.withdrawn_at is not None:
        raise AdvisoryWithdrawn(f"{advisory.id} was withdrawn on {advisory.withdrawn_at:%Y-%m-%d}.")


def _severity(given: object, faults: list[Fault]) -> Severity:
    if given in list(Severity):
        return Severity(str(given))
    faults.append(Fault("/severity", f"one of {', '.join(Severity)}"))
    return Severity.LOW


def _typed(given: object, longest: int, pointer: str, faults: list[Fault]) -> str:
    try:
        return clean_typed(str(given or ""), longest, pointer)
    except Invalid as refusal:
        faults.extend(refusal.faults)
        return ""


def _affected(text: str, faults: list[Fault]) -> tuple[Interval, ...]:
    try:
        found = intervals(text)
    except ValueError as error:
        faults.append(Fault("/affected", f"a range of versions such as <1.4.2 or >=1.0.0 <1.4.2: {error}"))
        return ()
    if not found:
        faults.append(Fault("/affected", "no version can lie in this range"))
    return found


def _check_fixed(given: object, holes: Sequence[Interval], faults: list[Fault]) -> None:
    if given is None:
        return
    try:
        parse_version(str(given))
    except ValueError as error:
        faults.append(Fault("/fixed", f"a version such as 1.4.2: {error}"))
        return
    if _lies_in(str(given), holes):
        faults.append(Fault("/fixed", "this version lies in the affected range itself"))


def _links(given: object, faults: list[Fault]) -> tuple[str, ...]:
    links = tuple(str(each) for each in given) if isinstance(given, Sequence) else ()
    if len(links) > MOST_LINKS:
        faults.append(Fault("/links", f"at most {MOST_LINKS}"))
    for place, link in enumerate(links[:MOST_LINKS]):
        if len(link) > LONGEST_LINK or not _LINK.fullmatch(link):
            faults.append(Fault(f"/links/{place}", f"http(s)://…, at most {LONGEST_LINK} plain characters"))
    return links


def _lies_in(version: str, holes: Sequence[Interval]) -> bool:
    key = precedence_key(version)
    return any(hole.lower <= key < hole.upper for hole in holes)
