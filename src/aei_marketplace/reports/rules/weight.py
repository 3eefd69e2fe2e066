"""How much a reporter's word weighs, and what follows from that."""

from dataclasses import dataclass
from datetime import timedelta

from aei_marketplace.reports.rules.filing import ReportKind

#: Everybody begins as though two of their reports had been right.
BENEFIT = 2
#: Under half of them right: the word neither hurries anybody nor stops anything.
LEAST_WEIGHT = 50

_DUE = {ReportKind.MALICIOUS: timedelta(hours=4), ReportKind.BROKEN: timedelta(hours=72)}


@dataclass(frozen=True, slots=True)
class Record:
    """How a reporter's decided reports came out."""

    upheld: int
    dismissed: int

    @property
    def weight(self) -> int:
        """The share of right reports in per cent, counting `BENEFIT` right ones to begin with."""
        right = self.upheld + BENEFIT
        return 100 * right // (right + self.dismissed)


def due_in(kind: ReportKind, record: Record) -> timedelta:
    """How soon somebody should look: a report of malice within hours, if its reporter's word counts."""
    return _DUE[kind] if record.weight >= LEAST_WEIGHT else max(_DUE.values())


def stops_at_once(kind: ReportKind, record: Record, *, trusted: bool) -> bool:
    """Whether what is reported is quarantined before anybody looks."""
    return trusted and kind is ReportKind.MALICIOUS and record.weight >= LEAST_WEIGHT
