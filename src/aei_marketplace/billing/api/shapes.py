"""How invoices, credit notes and refunds look in JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from aei_marketplace.billing.rules.credits import CreditNote
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.standings import Credited, Standing
from aei_marketplace.billing.service.invoices import InvoiceSummary
from aei_marketplace.billing.service.refunding import Refund


def money(amount: int, currency: str) -> dict[str, Any]:
    """An amount with its currency."""
    return {"amount_minor": amount, "currency": currency}


def invoice_shape(invoice: Invoice, standing: Standing, credited: Mapping[str, Credited]) -> dict[str, Any]:
    """An invoice with how it stands."""
    currency = invoice.currency
    return {
        "id": invoice.id,
        "number": invoice.number,
        "buyer": invoice.buyer,
        "issued_at": invoice.issued_at,
        "due_at": invoice.due_at,
        "reason": invoice.reason,
        "seller": asdict(invoice.seller),
        "billed_to": asdict(invoice.billed_to),
        "reverse_charge": invoice.reverse_charge,
        "net": money(invoice.net, currency),
        "tax": money(invoice.tax, currency),
        "total": money(invoice.total, currency),
        "taxes": [
            {"rate_bps": t.rate_bps, "base": money(t.base, currency), "tax": money(t.amount, currency)}
            for t in invoice.taxes
        ],
        "lines": [
            {
                "key": line.key,
                "kind": line.kind,
                "plugin_id": line.plugin_id,
                "version": line.version,
                "text": line.text,
                "quantity": line.quantity,
                "unit_micros": line.unit_micros,
                "net": money(line.net_minor, currency),
                "tax_category": line.category,
                "rate_bps": line.rate_bps,
                "tax": money(line.tax_minor, currency),
                "credited": money(credited.get(line.key, Credited()).total, currency),
                "purchase_id": line.purchase_id,
            }
            for line in invoice.lines
        ],
        **standing_shape(standing, currency),
    }


def standing_shape(standing: Standing, currency: str) -> dict[str, Any]:
    """How an invoice stands."""
    return {
        "state": standing.state,
        "left": money(standing.left, currency),
        "credited": money(standing.credited, currency),
        "paid_at": standing.paid_at,
        "provider": standing.provider,
        "reference": standing.reference,
    }


def summary_shape(summary: InvoiceSummary, now: datetime) -> dict[str, Any]:
    """An invoice in a list."""
    return {
        "id": summary.id,
        "number": summary.number,
        "buyer": summary.buyer,
        "billed_to": summary.billed_to,
        "issued_at": summary.issued_at,
        "due_at": summary.due_at,
        "total": money(summary.total, summary.currency),
        "tax": money(summary.tax, summary.currency),
        "credited": money(summary.credited, summary.currency),
        "state": summary.state,
        "overdue": summary.overdue(now),
        "paid_at": summary.paid_at,
        "reference": summary.reference,
    }


def note_shape(note: CreditNote) -> dict[str, Any]:
    """A credit note."""
    return {
        "id": note.id,
        "number": note.number,
        "invoice_id": note.invoice_id,
        "invoice_number": note.invoice_number,
        "buyer": note.buyer,
        "issued_at": note.issued_at,
        "reason": note.reason,
        "refunds": note.refunds,
        "net": money(note.net, note.currency),
        "tax": money(note.tax, note.currency),
        "total": money(note.total, note.currency),
        "lines": [
            {
                "key": line.key,
                "text": line.text,
                "rate_bps": line.rate_bps,
                "net": money(line.net, note.currency),
                "tax": money(line.tax, note.currency),
            }
            for line in note.lines
        ],
    }


def refund_shape(refund: Refund) -> dict[str, Any]:
    """Money on its way back to a buyer."""
    return {
        "id": refund.id,
        "credit_note_id": refund.credit_note_id,
        "invoice_id": refund.invoice_id,
        "amount": money(refund.amount, refund.currency),
        "state": refund.state,
        "by_provider": refund.by_provider,
        "reference": refund.reference,
        "problem": refund.problem,
        "created_at": refund.created_at,
        "settled_at": refund.settled_at,
    }
