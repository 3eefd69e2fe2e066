"""Usage: what runs come to, and a receipt that the buyer can reckon again."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.billing.rules.prices import micros_rounded
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.merkle import Tree, leaf_hash

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_canonical = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One execution under a price for usage.

    Attributes:
        purchase_id: under which it ran.
        unit_micros: what it costs if it ends well, in millionths of the major unit; 0: one of the trial.
        state: `reserved` while it runs, then `billed` or `free`. Only what ended `ok` is billed.
        usage_sha256: the digest of its measured usage, hexadecimal, as its end entry in the audit log has it.
    """

    execution_id: UUID
    purchase_id: UUID
    plugin_id: str
    version: str
    currency: str
    unit_micros: int
    state: str
    outcome: str | None
    started_at: datetime
    ended_at: datetime | None
    usage_sha256: str | None

    def content(self) -> bytes:
        """What its leaf in the receipt is made of: JSON with sorted keys and no spaces."""
        return _canonical.encode(self.shape())

    def shape(self) -> dict[str, Any]:
        """The execution as it stands on the receipt."""
        return {
            "execution": str(self.execution_id),
            "plugin": self.plugin_id,
            "version": self.version,
            "currency": self.currency,
            "unit_micros": self.unit_micros,
            "outcome": self.outcome,
            "started_at": rfc3339(self.started_at),
            "ended_at": None if self.ended_at is None else rfc3339(self.ended_at),
            "usage_sha256": self.usage_sha256,
        }


@dataclass(frozen=True, slots=True)
class Rated:
    """What the runs of one plugin come to in one month and currency.

    Attributes:
        units: how many runs are charged.
        free: how many of them belong to the trial.
        micros: their prices together, in millionths of the major unit.
        net_minor: that, rounded half up once.
        root: the Merkle root (RFC 6962) over them all, sorted by id; those of the trial among them.
    """

    currency: str
    units: int
    free: int
    micros: int
    net_minor: int
    root: bytes

    @property
    def unit_micros(self) -> int:
        """The price of one run, where all have the same; else their mean, rounded down."""
        return self.micros // self.units if self.units else 0


@dataclass
class Tally:
    """What billed runs of one plugin and currency come to, counted as they are read.

    However many there are, only sums and the tree's peaks are kept of them.

    Attributes:
        last: the run that started last: its purchase and release stand for the month.
    """

    currency: str
    units: int = 0
    free: int = 0
    micros: int = 0
    last: UsageRecord | None = None
    _tree: Tree = field(default_factory=Tree)

    def add(self, records: Iterable[UsageRecord]) -> None:
        """Count further runs, in the order of their ids."""
        for record in records:
            self._tree.append(leaf_hash(record.content()))
            self.micros += record.unit_micros
            self.units += record.unit_micros > 0
            self.free += record.unit_micros == 0
            if self.last is None or _started(self.last) < _started(record):
                self.last = record

    def rated(self) -> Rated:
        """What those that were counted come to."""
        minor = micros_rounded(self.micros, self.currency)
        return Rated(self.currency, self.units, self.free, self.micros, minor, self._tree.root())


def _started(record: UsageRecord) -> tuple[datetime, UUID]:
    return record.started_at, record.execution_id


def earned_at(period: date) -> datetime:
    """When the usage of a month was earned: in its last second (conventions of payouts, 4)."""
    return month_end(period) - timedelta(seconds=1)


def month_end(period: date) -> datetime:
    """The first moment after a month, of which its first day is given."""
    year, month = divmod(period.year * 12 + period.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def read_month(written: str) -> date:
    """The first day of a month that is written as `2026-11`.

    Raises:
        Invalid: it is no month.
    """
    found = _MONTH.fullmatch(written)
    if found is None or found[1] == "0000":
        raise Invalid("The period is no month.", faults=[Fault("period", "a UTC month, as 2026-11")])
    return date(int(found[1]), int(found[2]), 1)


def charge_key(tenant: UUID, plugin_id: str, period: date, currency: str) -> str:
    """Names the charge for a month's usage: there is one, however often it is drawn up."""
    named = f"{tenant}/{plugin_id}/{currency}".encode()
    return f"usage:{period:%Y-%m}:{hashlib.sha256(named).hexdigest()[:32]}"
