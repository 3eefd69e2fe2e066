"""Refusals about spend caps, and what the database raises about money."""

from aei_marketplace.ground.errors import Conflict, Invalid

#: SQLSTATEs that the functions of migration 0031 raise.
CAP_REACHED, NOT_BOUGHT = "AEI11", "AEI12"


class SpendCapReached(Conflict):
    """It would cost more than the tenant allows itself."""

    type = "spend-cap-reached"
    title = "A spend cap is reached"
    advice = (
        "Whoever holds spend.administer in your tenant raises it under Admin, Spend, or with PUT"
        " /api/billing/caps. Nothing was run and nothing is charged."
    )


class CapUnfit(Invalid):
    """It is no cap that can be kept."""

    type = "spend-cap-unfit"
    title = "The cap cannot be kept"


def cap_reached(plugin_id: str, what: str, detail: str | None) -> SpendCapReached:
    """The refusal that belongs to what the database raised.

    Args:
        what: `month` or `execution`.
        detail: currency, the cap in millionths, and the plugin that it is about, if it is about one.
    """
    currency, _, about = (detail or "").split(" ")[:3] if detail else ("", "", "")
    which = f"for {about} " if about else ""
    if what == "execution":
        return SpendCapReached(
            f"One run of {plugin_id} costs more {currency} than your tenant allows itself."
        )
    return SpendCapReached(f"{plugin_id} would exceed your tenant's {currency} cap {which}of this month.")
