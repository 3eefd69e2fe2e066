"""Proving the lines of creators' accounts: each is what its entry, its sale and its share say."""

from dataclasses import dataclass

from aei_marketplace.ground.work import Works
from aei_marketplace.ledger.service import Finding
from aei_marketplace.sales.store import proofs as store

#: So many findings of each sort are listed.
MOST_LISTED = 100
_IN_WORDS = {
    "altered_line": "does not say what its entry in the ledger or its sale says",
    "line_without_entry": "has no entry in the ledger",
    "entry_without_line": "stands in the ledger, and no creator's account has a line of it",
    "sale_without_line": "was booked, and has no line",
    "reversed": "has been reversed by another amount than its lines say",
    "share": "was not divided by the share that was frozen with it",
}


@dataclass(frozen=True, slots=True)
class LineProof:
    """What was found; without findings, every line agrees."""

    lines: int
    findings: tuple[Finding, ...]


async def verify_lines(works: Works) -> LineProof:
    """Compare all lines with the ledger and with what they were made from, as they stand at one moment."""
    async with works.system("sales.verify") as work:
        found = await store.disagreements(work, MOST_LISTED)
        lines = await store.count_lines(work)
    findings = dict.fromkeys((row.kind, row.subject) for row in found)
    return LineProof(lines, tuple(Finding(kind, about, _IN_WORDS[kind]) for kind, about in findings))
