"""Entitlement: whether a tenant may use a plugin, why not, and what to do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from aei_marketplace.billing.rules.prices import Model, Price
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState

_BUY = (
    "Whoever holds spend.administer in your tenant buys it with POST /api/billing/purchases, or on its page."
)
_PAY = "It runs when its invoice is paid; it stands under Admin, Spend, and in GET /api/billing/invoices."
_UNPRICED = "Tell its publisher, or try again in a minute."
_OVERDUE = "Its invoice is overdue. Pay it, and it runs again."


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a tenant may do with a plugin as far as money is concerned.

    Attributes:
        price: what the plugin costs; None where that is not known yet.
        installs, runs: whether it may be installed, and run.
        why: why it may not be run; empty when it may.
        advice: what to do then.
        purchase: the tenant's, unless it has ended.
        trial_left: executions that are still free.
    """

    price: Price | None
    installs: bool = True
    runs: bool = True
    why: str = ""
    advice: str = ""
    purchase: Purchase | None = None
    trial_left: int = 0


@dataclass(frozen=True, slots=True)
class RunTerms:
    """What stands between a tenant and one run, as the statements of executions know it.

    Attributes:
        refused: why it does not run; empty when it does.
        advice: what to do then.
        metered: the purchase that the run is counted under; None where it costs nothing.
    """

    refused: str = ""
    advice: str = ""
    metered: UUID | None = None


class _Told(msgspec.Struct):
    """The answer of the function `billing_access`."""

    model: str
    entitled: bool
    state: str | None = None
    metered: UUID | None = None


_told = msgspec.json.Decoder(_Told)
_UNHINDERED = RunTerms()


def entitlement(
    plugin_id: str, price: Price | None, purchase: Purchase | None, now: datetime, *, own: bool
) -> Entitlement:
    """Decide for one tenant and one plugin.

    Args:
        price: what holds now; None where a price is named that cannot be charged, or not yet.
        own: the plugin is of the tenant's own publisher, who never pays for it.
    """
    if own or (price is not None and price.is_free):
        return Entitlement(price, purchase=purchase)
    if price is None and purchase is None:
        why = f"{plugin_id} asks a price that is not in effect here."
        return Entitlement(None, False, False, why, _UNPRICED)
    if purchase is None:
        why = f"{plugin_id} has a price, and your tenant has not bought it."
        return Entitlement(price, False, False, why, _BUY)
    moved = price is not None and purchase.price.model is Model.USAGE and price.model is not Model.USAGE
    if moved:
        why = f"{plugin_id} is not paid by use any more."
        return Entitlement(price, False, False, why, _BUY, purchase)
    if purchase.gives_access(now):
        return Entitlement(price, purchase=purchase, trial_left=purchase.trial_left)
    why, advice = _why_not(plugin_id, purchase.state)
    return Entitlement(price, True, False, why, advice, purchase)


def run_terms(plugin_id: str, told: str | None, pricing: str, *, own: bool) -> RunTerms:
    """What stands between a tenant and a run.

    Args:
        told: the answer of the function `billing_access`; None where no price is in effect.
        pricing: the model that the release's manifest names.
        own: the release is of the tenant's own publisher.
    """
    if told is None:
        if pricing == Model.FREE or own:
            return _UNHINDERED
        return RunTerms(f"{plugin_id} asks a price that is not in effect here.", _UNPRICED)
    answer = _told.decode(told)
    if answer.entitled:
        return RunTerms(metered=answer.metered) if answer.metered else _UNHINDERED
    if answer.state is None:
        return RunTerms(f"{plugin_id} has a price, and your tenant has not bought it.", _BUY)
    return RunTerms(*_why_not(plugin_id, PurchaseState(answer.state)))


def _why_not(plugin_id: str, state: PurchaseState) -> tuple[str, str]:
    if state is PurchaseState.PENDING_PAYMENT:
        return f"{plugin_id} is bought and not paid yet.", _PAY
    if state in (PurchaseState.SUSPENDED, PurchaseState.ACTIVE):
        return f"What your tenant owes for {plugin_id} is overdue.", _OVERDUE
    return f"Your tenant's access to {plugin_id} has ended.", _BUY
