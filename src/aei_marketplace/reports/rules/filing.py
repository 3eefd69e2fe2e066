"""What may be reported, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.pace import wait_until_free
from aei_marketplace.ground.typed import clean_typed, read_choice
from aei_marketplace.reports.errors import ReportUnfit, TooManyReports

LONGEST_TEXT = 4000
#: One person's reports within `PERIOD`, at most.
MOST_REPORTS = 10
PERIOD = timedelta(hours=24)


class ReportKind(StrEnum):
    """What is wrong with a plugin."""

    MALICIOUS = "malicious"
    BROKEN = "broken"


class Outcome(StrEnum):
    """What came of a report."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Wish:
    """A report as it is handed in; without a version it is about every release."""

    plugin_id: str
    kind: str
    text: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody said about a plugin.

    Attributes:
        case_id: the case in which staff decide about it, with others about the same plugin.
        version: None when it is about every release.
        stops: a trusted reporter's word; what it names was quarantined at once.
        outcome: None while its case is open.
    """

    id: UUID
    case_id: UUID
    plugin_id: str
    version: str | None
    kind: ReportKind
    text: str
    reporter_id: UUID
    reporter_tenant: UUID
    stops: bool
    outcome: Outcome | None
    created_at: datetime


def check_kind(kind: str) -> ReportKind:
    """A kind of report by its name.

    Raises:
        ReportUnfit: there is no such kind.
    """
    return read_choice(ReportKind, kind, "/kind", ReportUnfit)


def check_text(text: str) -> str:
    """What is reported, fit to be stored and shown to staff.

    Raises:
        Invalid: it says nothing, or too much.
    """
    return clean_typed(text, LONGEST_TEXT, "/text")


def check_rate(recent: Sequence[datetime], now: datetime) -> None:
    """Whether a person may report once more.

    Args:
        recent: when they reported within the last `PERIOD`, the newest first.

    Raises:
        TooManyReports: not now; says when.
    """
    wait = wait_until_free(recent, MOST_REPORTS, PERIOD, now)
    if wait is not None:
        raise TooManyReports(
            f"You reported {len(recent)} plugins within a day, and {MOST_REPORTS} is the most.",
            retry_after=wait,
        )
