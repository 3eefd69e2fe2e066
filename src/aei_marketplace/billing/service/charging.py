"""Charging a purchase: one line of an invoice, one charge under its key, and the month's spend."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from aei_marketplace.billing.errors.caps import CAP_REACHED, SpendCapReached
from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.invoices import DraftLine, InvoiceDraft
from aei_marketplace.billing.rules.offers import worded
from aei_marketplace.billing.rules.prices import to_micros
from aei_marketplace.billing.rules.purchases import TERM, Purchase
from aei_marketplace.billing.service import invoicing, parties, taxes
from aei_marketplace.billing.store import charges
from aei_marketplace.billing.store import usage as store
from aei_marketplace.ground.work import Work


async def charge_period(
    work: Work, purchase: Purchase, start: datetime, end: datetime | None, reason: str
) -> Charge:
    """Invoice what a purchase costs for a period, or for good.

    Args:
        reason: `purchase`, which a cap may refuse, or `renewal`, which it does not.

    Raises:
        SpendCapReached: the tenant allows itself less in this month.
        SellerMissing, DetailsMissing, TaxRateMissing: something has to be said first.
        LineInvoicedAlready: this period is charged already.
    """
    price = purchase.price
    assert price.currency is not None, "what is charged has a price"
    micros = to_micros(price.amount_minor, price.currency)
    month = start.date().replace(day=1)
    await add_spend(
        work,
        purchase.tenant_id,
        month,
        price.currency,
        purchase.plugin_id,
        micros,
        capped=reason == "purchase",
    )
    line = DraftLine(
        key=f"purchase:{purchase.id}:{start:%Y%m%dT%H%M%S%f}",
        kind=price.model,
        plugin_id=purchase.plugin_id,
        version=purchase.version,
        creator=purchase.creator,
        text=_text(purchase, start, end),
        quantity=1,
        unit_micros=micros,
        net_minor=price.amount_minor,
        earned_at=start,
        purchase_id=purchase.id,
    )
    draft = InvoiceDraft(purchase.tenant_id, price.currency, (line,), work.now + TERM, reason)
    invoice = await invoicing.issue(work, draft)
    charge = charge_of(line, invoice.id, purchase.tenant_id, price.currency, work.now, start, end)
    await charges.add(work, [charge])
    return charge


def charge_of(
    line: DraftLine,
    invoice_id: UUID,
    buyer: UUID,
    currency: str,
    now: datetime,
    start: datetime,
    end: datetime | None,
    receipt_root: bytes | None = None,
) -> Charge:
    """The charge behind a line of an invoice that was issued now."""
    return Charge(
        key=line.key,
        tenant_id=buyer,
        purchase_id=line.purchase_id,
        plugin_id=line.plugin_id,
        source=line.kind,
        currency=currency,
        quantity=line.quantity,
        net_minor=line.net_minor,
        period_start=start,
        period_end=end,
        receipt_root=receipt_root,
        invoice_id=invoice_id,
        charged_at=now,
        due_at=now + TERM,
    )


async def require_billable(work: Work, tenant: UUID, plugin_id: str) -> None:
    """Stop here unless an invoice could be issued: what is tried or used now is invoiced later.

    Raises:
        SellerMissing, DetailsMissing, TaxRateMissing: something has to be said first.
    """
    seller, buyer = await parties.seller(work), (await parties.details_of(work, tenant)).party
    await taxes.rates_on_sale(work, seller, buyer, [plugin_id])


async def add_spend(
    work: Work, tenant: UUID, month: date, currency: str, plugin_id: str, micros: int, *, capped: bool
) -> None:
    """Count what is charged to the month's spend.

    Raises:
        SpendCapReached: it is capped and would exceed what the tenant allows itself.
    """
    try:
        await store.add_spend(work, tenant, month, currency, plugin_id, micros, capped=capped)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != CAP_REACHED:
            raise
        raise SpendCapReached(
            f"{plugin_id} would cost more than your tenant's cap leaves of this month."
        ) from error


def _text(purchase: Purchase, start: datetime, end: datetime | None) -> str:
    named = f"{purchase.plugin_id} {purchase.version}, {worded(purchase.price)}"
    return named if end is None else f"{named}, {start:%Y-%m-%d} to {end:%Y-%m-%d}"
