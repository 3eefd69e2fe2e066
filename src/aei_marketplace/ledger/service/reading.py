"""What accounts hold."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import store
from aei_marketplace.ledger.rules.entries import Account
from aei_marketplace.ledger.rules.periods import Period


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds: positive is a debit balance, negative a credit balance, in minor units."""

    account: Account
    amount: int


async def balances(
    work: Work, *, kind: str | None = None, owner: UUID | None = None, until: Period | None = None
) -> list[Balance]:
    """Accounts and what they hold, by kind, owner and currency.

    Args:
        kind, owner: only of these; all when absent.
        until: with this month and the ones before; all months when absent.
    """
    rows = await store.balances(work, kind, owner, None if until is None else until.first_day)
    return [Balance(Account(row.kind, row.owner, row.currency), row.amount) for row in rows]
