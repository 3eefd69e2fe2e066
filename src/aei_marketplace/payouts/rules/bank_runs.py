"""What a bank made of a run: a file with a line for each payout, read whole or not at all."""

import csv
import io
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.payouts.errors import ResultsUnfit

LARGEST_FILE = 1024 * 1024
MOST_LINES = 10_000
_COLUMNS = ("payout", "result", "reference", "reason")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one payout.

    Attributes:
        paid: whether it arrived; otherwise `reason` says why not.
        reference: the bank's name of the transfer, where it gives one.
    """

    payout_id: UUID
    paid: bool
    reference: str | None
    reason: str | None


def read_results(content: bytes) -> list[Result]:
    """Results from CSV with the columns payout, result (paid or failed), reference, reason.

    Raises:
        ResultsUnfit: it is too large, no text, lacks a column, or lines are wrong; all of them are named.
    """
    if len(content) > LARGEST_FILE:
        raise ResultsUnfit(f"The file is larger than {LARGEST_FILE // 1024} KiB.")
    lines = csv.DictReader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        rows = list(lines)
    except csv.Error as error:
        raise ResultsUnfit(f"The file is no CSV: {error}.") from error
    if not set(_COLUMNS[:2]) <= set(lines.fieldnames or ()):
        raise ResultsUnfit("The first line names the columns payout, result, reference and reason.")
    if not 1 <= len(rows) <= MOST_LINES:
        raise ResultsUnfit(f"The file has 1 to {MOST_LINES:,} results, not {len(rows):,}.")
    return _results(rows)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResultsUnfit("The file is not UTF-8.") from error


def _results(rows: list[dict[str, str | None]]) -> list[Result]:
    results: dict[UUID, Result] = {}
    faults: list[Fault] = []
    for number, row in enumerate(rows, start=2):
        try:
            result = _result(row)
        except ValueError as error:
            faults.append(Fault(f"line {number}", str(error)))
            continue
        if results.setdefault(result.payout_id, result) != result:
            faults.append(Fault(f"line {number}", "says something else about a payout that stood above"))
    if faults:
        raise ResultsUnfit("Lines of the file cannot be used.", faults=faults[:100])
    return list(results.values())


def _result(row: dict[str, str | None]) -> Result:
    cell = {name: (row.get(name) or "").strip().removeprefix("'") for name in _COLUMNS}
    if cell["result"] not in ("paid", "failed"):
        raise ValueError("result is paid or failed")
    if cell["result"] == "failed" and not cell["reason"]:
        raise ValueError("a failed payout has a reason")
    if max(len(cell["reference"]), len(cell["reason"])) > _LONGEST:
        raise ValueError(f"reference and reason have at most {_LONGEST} characters")
    try:
        payout_id = UUID(cell["payout"])
    except ValueError as error:
        raise ValueError("payout is the id that the run names") from error
    return Result(payout_id, cell["result"] == "paid", cell["reference"] or None, cell["reason"] or None)
