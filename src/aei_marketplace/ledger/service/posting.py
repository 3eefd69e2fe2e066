"""Writing entries down, each fact once."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import store
from aei_marketplace.ledger.errors import EntryContradicts, EntryUnfit
from aei_marketplace.ledger.rules.entries import Account, Entry, check_entry, digest_of
from aei_marketplace.ledger.rules.periods import Period, Place, place

#: So many entries at once; a commit of more holds the month for too long.
MOST_AT_ONCE = 100


async def post(work: Work, entries: Sequence[Entry]) -> frozenset[str]:
    """Write entries into their months, or late into the oldest open one.

    A fact that stands in the ledger already is passed over, however often and late it comes again.

    Args:
        work: of a named job; tenants and staff write nothing here themselves.
        entries: at most `MOST_AT_ONCE`.

    Returns:
        The keys of those that were new.

    Raises:
        EntryUnfit: an entry breaks a rule; none is written.
        EntryContradicts: one of a key stands there and says something else; none is written.
    """
    if len(entries) > MOST_AT_ONCE:
        raise EntryUnfit(f"At most {MOST_AT_ONCE} entries are written at once, not {len(entries)}.")
    facts = _each_once(entries)
    placed = await _placed(work, facts)
    rows = [_row(work, entry, at) for entry, at in placed]
    added = await store.add_entries(work, rows) if rows else set()
    new = [
        (row["id"], entry, at) for row, (entry, at) in zip(rows, placed, strict=True) if entry.key in added
    ]
    if new:
        await _add_postings(work, new)
    await _require_same(work, [entry for entry in facts if entry.key not in added])
    return frozenset(added)


def _each_once(entries: Sequence[Entry]) -> list[Entry]:
    """Sorted by key: two works that write the same facts wait for each other instead of both failing."""
    facts: dict[str, Entry] = {}
    for entry in entries:
        check_entry(entry)
        if facts.setdefault(entry.key, entry) != entry:
            raise EntryContradicts(f"Two entries of the key {entry.key} say different things.")
    return [facts[key] for key in sorted(facts)]


async def _placed(work: Work, entries: Sequence[Entry]) -> list[tuple[Entry, Place]]:
    """Where each stands, which stays true until this work ends."""
    await store.hold_open(work)
    closed = _period(await store.newest_closed(work))
    return [(entry, place(entry.occurred_at, closed)) for entry in entries]


def _period(day: date | None) -> Period | None:
    return None if day is None else Period.beginning(day)


def _row(work: Work, entry: Entry, at: Place) -> dict[str, Any]:
    return {
        "id": new_id(),
        "key": entry.key,
        "kind": entry.kind,
        "period": at.period.first_day,
        "ref_period": at.ref_period and at.ref_period.first_day,
        "occurred_at": entry.occurred_at,
        "recorded_at": work.now,
        "lines": len(entry.postings),
        "digest": digest_of(entry, at),
    }


async def _add_postings(work: Work, new: Sequence[tuple[UUID, Entry, Place]]) -> None:
    names = sorted({_name(posting.account) for _, entry, _ in new for posting in entry.postings})
    accounts = await store.account_ids(work, names)
    rows = [
        {
            "entry_id": entry_id,
            "line": line,
            "period": at.period.first_day,
            "account_id": accounts[_name(posting.account)],
            "amount": posting.amount,
        }
        for entry_id, entry, at in new
        for line, posting in enumerate(entry.postings)
    ]
    await store.add_postings(work, rows)


def _name(account: Account) -> store.Name:
    return account.kind, account.owner, account.currency


async def _require_same(work: Work, known: Sequence[Entry]) -> None:
    rows = {row.key: row for row in await store.entries_of(work, [e.key for e in known])} if known else {}
    for entry in known:
        row = rows[entry.key]
        at = Place(Period.beginning(row.period), _period(row.ref_period))
        if digest_of(entry, at) != row.digest:
            raise EntryContradicts(f"The key {entry.key} stands in the ledger with other words or amounts.")
