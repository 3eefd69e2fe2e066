"""What providers tell of disputes, sale by sale."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DisputeTold:
    """A buyer's bank took back what was paid for a sale, or has decided about it.

    Attributes:
        dispute: the provider's name of the dispute; one may concern several sales.
        sale_key: of the sale that it concerns.
        amount: minor units with the tax: this sale's part.
        state: `opened`, `won` or `lost`.
        fee: what the provider keeps for it, in minor units; it stands on one of the dispute's sales.
        occurred_at: when the bank took it, or decided.
    """

    kind: ClassVar[str] = "billing.dispute_told"
    provider: str
    dispute: str
    sale_key: str
    amount: int
    state: str
    fee: int
    occurred_at: datetime
    evidence_due_at: datetime | None
