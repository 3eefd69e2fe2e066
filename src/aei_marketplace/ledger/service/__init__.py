"""What can be done with the ledger."""

from aei_marketplace.ledger.rules.allocation import allocate, reversal
from aei_marketplace.ledger.rules.entries import OPERATOR, Account, Entry, Posting, postings
from aei_marketplace.ledger.rules.periods import Period, Place, place
from aei_marketplace.ledger.service.closing import close_period, closed_at, newest_closed, oldest_open
from aei_marketplace.ledger.service.posting import MOST_AT_ONCE, post
from aei_marketplace.ledger.service.reading import Balance, balances
from aei_marketplace.ledger.service.verifying import Finding, Verdict, verify_ledger

__all__ = [
    "MOST_AT_ONCE",
    "OPERATOR",
    "Account",
    "Balance",
    "Entry",
    "Finding",
    "Period",
    "Place",
    "Posting",
    "Verdict",
    "allocate",
    "balances",
    "close_period",
    "closed_at",
    "newest_closed",
    "oldest_open",
    "place",
    "post",
    "postings",
    "reversal",
    "verify_ledger",
]
