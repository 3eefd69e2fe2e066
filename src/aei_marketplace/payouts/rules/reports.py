"""What exports of statements and payouts say, line by line. Amounts are whole minor units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.csv_lines import Cell
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.errors import PositionUnfit
from aei_marketplace.payouts.rules.statements import Figures

#: The payout report: a line for each statement.
COLUMNS = ("period", "creator", "currency", "gross", "fees", "net", "withholding", "state")
#: The bank run: a line for each payout that was released.
RUN_COLUMNS = (
    "payout", "period", "creator", "name", "currency", "amount", "withholding", "transfer", "reference",
)  # fmt: skip
#: The lines of which a statement is made.
LINE_COLUMNS = (
    "key", "period", "ref_period", "occurred_at", "kind", "plugin", "version", "currency",
    "gross", "fees", "net",
)  # fmt: skip
#: The state of a statement of which nothing is paid.
CARRIED = "carried"
_POSITION = re.compile(r"([0-9]{4}-[0-9]{2}),([a-z][a-z0-9-]{0,38}),([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the payout report.

    Attributes:
        creator: the tenant; its short name stands in the report.
        withholding: set with the approval; None before, and where nothing is paid.
        state: of the payout, or `carried`.
    """

    period: Period
    creator: UUID
    currency: str
    total: Figures
    withholding: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Position:
    """The line that an export goes on after."""

    period: Period
    creator: str
    currency: str

    def __str__(self) -> str:
        return f"{self.period},{self.creator},{self.currency}"


def cells(row: Row, creator: str) -> Sequence[Cell]:
    """A line of the payout report."""
    total = row.total
    return (
        str(row.period), creator, row.currency,
        total.gross, total.fees, total.net, row.withholding, row.state,
    )  # fmt: skip


def read_position(written: str) -> Position:
    """The first three cells of a line, as `2026-11,acme,USD`.

    Raises:
        PositionUnfit: they are not.
    """
    found = _POSITION.fullmatch(written)
    if found is None:
        raise PositionUnfit(f"{written[:80]!r} is not how a line of the report begins.")
    return Position(Period.read(found[1]), found[2], found[3])


def whole_lines(content: bytes) -> bytes:
    """What of an interrupted export is whole: everything up to its last line's end."""
    return content[: content.rfind(b"\r\n") + 2] if b"\r\n" in content else b""


def position_after(content: bytes) -> Position | None:
    """Where an export of these whole lines goes on; None when it holds the head alone, or nothing."""
    lines = content.split(b"\r\n")
    if len(lines) < 3:
        return None
    return read_position(b",".join(lines[-2].split(b",")[:3]).decode())
