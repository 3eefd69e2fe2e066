"""What happened to money, as the domains above tell it: each fact once, in any order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sale:
    """A buyer has paid.

    Attributes:
        key: names the sale for good; refunds and disputes name it.
        plugin_id: what was sold.
        version: the release that was used or installed, where there is one.
        creator: the publisher's tenant.
        buyer: the tenant that paid.
        source: `one_time`, `subscription` or `usage`.
        gross: minor units, without tax.
        tax: minor units; a liability, never shared.
        processor_fee: minor units, borne by the marketplace unless the agreement says otherwise.
        occurred_at: when it was paid; says in which month it counts.
        earned_at: when it was earned, which decides the share: for usage the end of its period.
        tax_country: ISO 3166-1 alpha-2 code of the country that the tax is owed to; None without tax.
    """

    key: str
    plugin_id: str
    version: str | None
    creator: UUID
    buyer: UUID
    source: str
    currency: str
    gross: int
    tax: int
    processor_fee: int
    occurred_at: datetime
    earned_at: datetime
    tax_country: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A buyer got back a part of a sale, or all.

    Attributes:
        amount: minor units with the tax in it.
        currency: as it was told; None where only the sale says it.
    """

    key: str
    sale_key: str
    amount: int
    occurred_at: datetime
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """A buyer's bank took an amount back until the dispute ends: the creator's part is held.

    Attributes:
        key: names the dispute.
        amount: minor units with the tax in it.
        currency: as it was told; None where only the sale says it.
    """

    key: str
    sale_key: str
    amount: int
    occurred_at: datetime
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeWon:
    """What was held is released. The provider's fee stays with the marketplace."""

    dispute_key: str
    occurred_at: datetime
    fee: int = 0


@dataclass(frozen=True, slots=True)
class DisputeLost:
    """What was held is gone, and the provider's fee is charged to whom the policy names."""

    dispute_key: str
    occurred_at: datetime
    fee: int = 0


#: What concerns a sale that was made.
Afterwards = Refund | DisputeOpened | DisputeWon | DisputeLost
SalesFact = Sale | Afterwards


def name_of(fact: SalesFact) -> str:
    """The one name of a fact, as the ledger's entry and the creator's line bear it."""
    match fact:
        case Sale():
            return f"sale:{fact.key}"
        case Refund():
            return f"refund:{fact.key}"
        case DisputeOpened():
            return f"dispute:{fact.key}"
        case DisputeWon():
            return f"won:{fact.dispute_key}"
        case DisputeLost():
            return f"lost:{fact.dispute_key}"
