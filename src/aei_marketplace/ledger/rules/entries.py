"""Entries: what one fact moves between accounts."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.money import MOST
from aei_marketplace.ledger.errors import EntryUnfit
from aei_marketplace.ledger.rules.periods import Place

#: So many postings may an entry have.
MOST_LINES = 100
#: Whose the marketplace's own accounts are: nobody has the nil UUID.
OPERATOR = UUID(int=0)
_NAME = re.compile(r"[a-z][a-z_]{0,38}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Account:
    """What amounts move between.

    Attributes:
        kind: a name that the domain above gives, such as `creator`.
        owner: whose it is.
        currency: ISO 4217 code.
    """

    kind: str
    owner: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class Posting:
    """A line. Positive amounts are debits, negative ones credits, in the currency's minor units."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact and what it moves.

    Attributes:
        key: names the fact; a second entry of the same key is the same fact.
        kind: such as `sale`.
    """

    key: str
    kind: str
    occurred_at: datetime
    postings: tuple[Posting, ...]


def postings(lines: Iterable[tuple[Account, int]]) -> tuple[Posting, ...]:
    """Postings of amounts, those of nothing left out."""
    return tuple(Posting(account, amount) for account, amount in lines if amount)


def check_entry(entry: Entry) -> None:
    """Refuse what the ledger cannot hold.

    Raises:
        EntryUnfit: no key or name, too many lines or too few, an amount of nothing, too much or not whole,
            or it does not sum to zero in each currency.
    """
    if not 1 <= len(entry.key) <= 200 or not _NAME.fullmatch(entry.kind):
        raise EntryUnfit("An entry has a key of at most 200 characters and a kind.")
    if not 2 <= len(entry.postings) <= MOST_LINES:
        raise EntryUnfit(f"An entry has 2 to {MOST_LINES} postings, not {len(entry.postings)}.")
    sums: Counter[str] = Counter()
    for posting in entry.postings:
        _check_posting(posting)
        sums[posting.account.currency] += posting.amount
    if off := {currency: amount for currency, amount in sums.items() if amount}:
        raise EntryUnfit(f"The entry does not balance: {off}.")


def _check_posting(posting: Posting) -> None:
    account, amount = posting.account, posting.amount
    if not _NAME.fullmatch(account.kind) or not _CURRENCY.fullmatch(account.currency):
        raise EntryUnfit("An account has a kind and a currency of three capital letters.")
    if type(amount) is not int or not 0 < abs(amount) <= MOST:
        raise EntryUnfit(f"An amount is a whole number of minor units, at most {MOST} and not nothing.")


def digest_of(entry: Entry, place: Place) -> bytes:
    """SHA-256 of all that an entry says and where it stands, its postings in order."""
    lines = [[p.account.kind, str(p.account.owner), p.account.currency, p.amount] for p in entry.postings]
    said = [
        "aei-ledger/1",
        entry.key,
        entry.kind,
        str(place.period),
        place.ref_period and str(place.ref_period),
        rfc3339(entry.occurred_at),
        lines,
    ]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).digest()
