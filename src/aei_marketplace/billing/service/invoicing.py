"""Issuing invoices, and marking them as paid. What is known of one, and crediting it, are named here too."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.invoices import DraftUnfit, LineInvoicedAlready
from aei_marketplace.billing.events.invoices import InvoiceIssued, InvoicePaid
from aei_marketplace.billing.rules.invoices import DraftLine, Invoice, InvoiceDraft, InvoiceLine, check_draft
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.standings import (
    Payment,
    Standing,
    check_open,
    check_payment,
    moment_of,
)
from aei_marketplace.billing.rules.tax import is_reverse_charge, tax_lines
from aei_marketplace.billing.service import parties, taxes
from aei_marketplace.billing.service.crediting import credit
from aei_marketplace.billing.service.invoices import lines_of, read_invoice, sales_of, standing_of
from aei_marketplace.billing.store import invoices as store
from aei_marketplace.ground.actor import ActorKind
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.money import check_amount
from aei_marketplace.ground.work import Work

__all__ = [
    "credit",
    "issue",
    "lines_of",
    "mark_as_paid",
    "note_payment",
    "read_invoice",
    "sales_of",
    "standing_of",
]

#: The provider of invoices that staff mark as paid.
MANUAL = "manual"


async def issue(work: Work, draft: InvoiceDraft) -> Invoice:
    """Issue an invoice: it gets its number and never changes. The tax on it is worked out here.

    Args:
        work: of the buyer, or of a named job.

    Raises:
        NotAllowed: the actor may not spend for the buyer.
        DraftUnfit, AmountUnfit: it cannot be invoiced.
        SellerMissing, DetailsMissing, TaxRateMissing: something has to be said first.
        LineInvoicedAlready: a sale stands on an invoice already.
    """
    work.actor.require("spend.administer")
    if work.actor.kind is not ActorKind.SYSTEM and work.actor.in_tenant() != draft.buyer:
        raise DraftUnfit("The invoice is for another tenant than the actor's.")
    check_draft(draft, work.now)
    seller = await parties.seller(work)
    buyer = (await parties.details_of(work, draft.buyer)).party
    lines = await _taxed(work, seller, buyer, draft.lines)
    invoice = Invoice(
        new_id(),
        "",
        draft.buyer,
        draft.currency,
        work.now,
        draft.due_at,
        draft.reason,
        seller,
        buyer,
        is_reverse_charge(seller, buyer),
        lines,
    )
    check_amount(invoice.total, "/lines")
    return await _write(work, invoice)


async def _taxed(
    work: Work, seller: Party, buyer: Party, lines: Sequence[DraftLine]
) -> tuple[InvoiceLine, ...]:
    rates = await taxes.rates_on_sale(work, seller, buyer, (line.plugin_id for line in lines))
    parts = tax_lines([(line.net_minor, rates[line.plugin_id][1]) for line in lines])
    return tuple(
        _with_tax(line, *rates[line.plugin_id], part) for line, part in zip(lines, parts, strict=True)
    )


def _with_tax(line: DraftLine, category: str, rate_bps: int, tax_minor: int) -> InvoiceLine:
    return InvoiceLine(**asdict(line), category=category, rate_bps=rate_bps, tax_minor=tax_minor)


async def _write(work: Work, invoice: Invoice) -> Invoice:
    number = await store.add_invoice(work, _invoice_row(invoice))
    rows = [_line_row(invoice, position, line) for position, line in enumerate(invoice.lines)]
    if await store.add_lines(work, rows) < len(rows):
        raise LineInvoicedAlready("A sale of this invoice was invoiced before.")
    context = {"total_minor": invoice.total, "currency": invoice.currency, "number": number}
    work.record(Fact("invoice.issue", "invoice", str(invoice.id), reason=invoice.reason, context=context))
    work.emit(InvoiceIssued(invoice.id, invoice.buyer))
    return await read_invoice(work, invoice.id)


async def mark_as_paid(work: Work, invoice_id: UUID, payment: Payment) -> Standing:
    """Write down that a payment has arrived which no provider tells of.

    Raises:
        NotAllowed: the actor may not.
        NoSuchInvoice: there is none.
        InvoiceSettled: somebody has marked it before, or it is credited whole.
        PaymentUnfit: it is not what is owed.
    """
    work.actor.require("revenue.administer")
    standing = await standing_of(work, invoice_id, for_update=True)
    invoice = await read_invoice(work, invoice_id)
    check_payment(standing, invoice.currency, payment, invoice.issued_at, work.now)
    paid_at = moment_of(payment.on, invoice.issued_at)
    return await _pay(work, invoice, paid_at, MANUAL, payment.reference.strip(), 0)


async def note_payment(
    work: Work, invoice_id: UUID, paid_at: datetime, provider: str, reference: str, fee: int
) -> Standing:
    """Write down that a provider has collected what was left.

    Args:
        work: of a named job, which has compared the amount.
        fee: what the provider kept, in the invoice's currency.

    Raises:
        InvoiceSettled: it is paid already, or credited whole.
    """
    work.actor.require("revenue.administer")
    check_open(await standing_of(work, invoice_id, for_update=True))
    invoice = await read_invoice(work, invoice_id)
    return await _pay(work, invoice, max(paid_at, invoice.issued_at), provider, reference, fee)


async def _pay(
    work: Work, invoice: Invoice, paid_at: datetime, provider: str, reference: str, fee: int
) -> Standing:
    values = {
        "state": "paid",
        "paid_at": paid_at,
        "provider": provider,
        "reference": reference,
        "processor_fee": fee,
        "marked_by": work.actor.id,
    }
    await store.set_standing(work, invoice.id, values)
    context = {"provider": provider, "reference": reference, "number": invoice.number}
    work.record(Fact("invoice.pay", "invoice", str(invoice.id), context=context))
    work.emit(InvoicePaid(invoice.id, invoice.buyer, paid_at, fee))
    return await standing_of(work, invoice.id)


def _invoice_row(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "tenant_id": invoice.buyer,
        "currency": invoice.currency,
        "issued_at": invoice.issued_at,
        "due_at": invoice.due_at,
        "reason": invoice.reason,
        "seller": asdict(invoice.seller),
        "billed_to": asdict(invoice.billed_to),
        "reverse_charge": invoice.reverse_charge,
        "lines": len(invoice.lines),
        "net": invoice.net,
        "tax": invoice.tax,
    }


def _line_row(invoice: Invoice, position: int, line: InvoiceLine) -> dict[str, Any]:
    values = asdict(line)
    values["net"], values["tax"] = values.pop("net_minor"), values.pop("tax_minor")
    return {**values, "invoice_id": invoice.id, "position": position, "tenant_id": invoice.buyer}
