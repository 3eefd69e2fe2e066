"""Proving the ledger: every entry is as it was written, balances, and closed months are what they were."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger import store
from aei_marketplace.ledger.rules.entries import Account, Entry, Posting, digest_of
from aei_marketplace.ledger.rules.periods import Period, Place

#: So many findings are listed; a ledger that has more of them is wrong as a whole.
MOST_LISTED = 100
#: Progress is told after so many entries.
_TOLD_EVERY = 2_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        kind: `altered`, `unbalanced`, `incomplete`, `misplaced` or `closed_month`.
        subject: the entry's key, or the month.
    """

    kind: str
    subject: str
    detail: str


@dataclass
class Verdict:
    """What was found.

    Attributes:
        totals: by currency, the sum over all accounts: nothing, in a ledger that is whole.
        by_kind: by kind of account and currency, what accounts of it hold together, in minor units.
    """

    entries: int = 0
    postings: int = 0
    months: int = 0
    findings: list[Finding] = field(default_factory=list)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def totals(self) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for (_, currency), amount in self.by_kind.items():
            sums[currency] += amount
        return dict(sums)


async def verify_ledger(works: Works, progress: Progress = lambda _: None) -> Verdict:
    """Read the whole ledger as it stands at one moment, and recompute it.

    Args:
        progress: told how many entries were read so far.
    """
    verdict = Verdict()
    months: defaultdict[Period, list[bytes]] = defaultdict(list)
    async with works.system("ledger.verify") as work:
        closings = {Period.beginning(row.period): row for row in await store.list_closings(work)}
        async for lines in _entries(work):
            _look_at(verdict, lines)
            months[Period.beginning(lines[0].period)].append(lines[0].digest)
            if verdict.entries % _TOLD_EVERY == 0:
                progress(verdict.entries)
    progress(verdict.entries)
    strays = _strays(closings, months)
    for period, row in closings.items():
        _look_at_month(verdict, period, row, months[period])
    for period in strays:
        _find(verdict, "closed_month", str(period), "has entries, though a newer month was closed without it")
    return verdict


async def _entries(work: Work) -> AsyncIterator[list[Any]]:
    """The lines of each entry."""
    lines: list[Any] = []
    async for line in store.all_lines(work):
        if lines and lines[0].id != line.id:
            yield lines
            lines = []
        lines.append(line)
    if lines:
        yield lines


def _look_at(verdict: Verdict, lines: Sequence[Any]) -> None:
    head = lines[0]
    present = [row for row in lines if row.line is not None]
    verdict.entries += 1
    verdict.postings += len(present)
    sums: Counter[str] = Counter()
    for row in present:
        sums[row.currency] += row.amount
        verdict.by_kind[row.account, row.currency] += row.amount
    if len(present) != head.lines:
        _find(verdict, "incomplete", head.key, f"{len(present)} of {head.lines} postings")
    if any(sums.values()):
        off = ", ".join(f"{amount} {currency}" for currency, amount in sums.items() if amount)
        _find(verdict, "unbalanced", head.key, f"its postings sum to {off}")
    if any(row.line_period != head.period for row in present):
        _find(verdict, "misplaced", head.key, "a posting stands in another month than its entry")
    if _recomputed(head, present) != head.digest:
        _find(verdict, "altered", head.key, "it does not say what it said when it was written")


def _recomputed(head: Any, lines: Sequence[Any]) -> bytes:
    said = tuple(Posting(Account(row.account, row.owner, row.currency), row.amount) for row in lines)
    late = None if head.ref_period is None else Period.beginning(head.ref_period)
    return digest_of(
        Entry(head.key, head.kind, head.occurred_at, said), Place(Period.beginning(head.period), late)
    )


def _look_at_month(verdict: Verdict, period: Period, row: Any, digests: Sequence[bytes]) -> None:
    verdict.months += 1
    if len(digests) != row.entries:
        _find(verdict, "closed_month", str(period), f"closed with {row.entries} entries, has {len(digests)}")
    elif hashlib.sha256(b"".join(digests)).digest() != row.digest:
        _find(verdict, "closed_month", str(period), "its entries are not those that it was closed with")


def _strays(closed: Collection[Period], present: Collection[Period]) -> list[Period]:
    """Months with entries that were passed over when a newer one was closed."""
    return sorted(p for p in present if closed and p < max(closed) and p not in closed)


def _find(verdict: Verdict, kind: str, subject: str, detail: str) -> None:
    if len(verdict.findings) < MOST_LISTED:
        verdict.findings.append(Finding(kind, subject, detail))
