"""Who collects money from buyers, returns it, and pays creators. Never called inside a work."""

from aei_marketplace.ground.ports.billing.orders import (
    Bill,
    Collection,
    Fee,
    KeptBill,
    MandateWanted,
    RefundAnswer,
    Transaction,
    TransferOrder,
)
from aei_marketplace.ground.ports.billing.provider import (
    BillingProvider,
    ManualBilling,
)
from aei_marketplace.ground.ports.billing.refusals import (
    PaymentDeclined,
    ProviderRefused,
    WebhookRefused,
)
from aei_marketplace.ground.ports.billing.told import (
    DisputeSeen,
    Irrelevant,
    MethodKept,
    PaymentFailed,
    PaymentSeen,
    RefundSeen,
    Seen,
    Told,
    TransferBack,
)

__all__ = [
    "Bill",
    "BillingProvider",
    "Collection",
    "DisputeSeen",
    "Fee",
    "Irrelevant",
    "KeptBill",
    "MandateWanted",
    "ManualBilling",
    "MethodKept",
    "PaymentDeclined",
    "PaymentFailed",
    "PaymentSeen",
    "ProviderRefused",
    "RefundAnswer",
    "RefundSeen",
    "Seen",
    "Told",
    "Transaction",
    "TransferBack",
    "TransferOrder",
    "WebhookRefused",
]
