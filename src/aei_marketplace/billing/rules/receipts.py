"""Receipts of usage as files: RFC 4180, and nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable

from aei_marketplace.billing.rules.usage import UsageRecord

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(records: Iterable[UsageRecord], *, head: bool = True) -> str:
    """Runs as CSV, one a line, with what each is made of in the receipt's tree.

    Only what is billed is in the tree: an invoice's root is over the lines whose state is `billed`.

    Args:
        head: begin with the names of the columns.
    """
    written = io.StringIO()
    columns = (
        *("execution", "plugin", "version", "currency", "unit_micros", "outcome"),
        *("started_at", "ended_at", "usage_sha256", "state"),
    )
    lines = csv.writer(written)
    if head:
        lines.writerow(columns)
    for record in records:
        shape = {**record.shape(), "state": record.state}
        lines.writerow([_harmless(shape[name]) for name in columns])
    return written.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
