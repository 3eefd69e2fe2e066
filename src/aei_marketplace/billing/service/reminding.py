"""Invoices in the mail, and reminders of those that are due."""

from datetime import timedelta
from uuid import UUID

from aei_marketplace.billing.events.invoices import InvoiceOverdue
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.standings import REMINDED_AFTER, reminders_due
from aei_marketplace.billing.service.invoices import read_invoice
from aei_marketplace.billing.store import invoices as store
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import MailRefused
from aei_marketplace.ground.work import Work
from aei_marketplace.web.shell.formats import money

JOB = "billing.reminding"
_AT_ONCE = 100


async def mail_invoice(deps: Deps, invoice_id: UUID, trace_id: str) -> None:
    """Mail an invoice to the address that the buyer gave; without one it stands in the product alone.

    Raises:
        Unavailable: the mail cannot be handed over now.
    """
    async with deps.works.system(JOB, trace_id) as work:
        invoice = await read_invoice(work, invoice_id)
    if invoice.billed_to.email is None:
        return
    where = deps.sign_in.public_url
    link = f"{where}/admin/spend/invoices/{invoice.id}" if where else None
    try:
        await deps.mail.send(
            invoice.billed_to.email,
            f"Invoice {invoice.number}",
            words(invoice, link),
            message_id=str(invoice.id),
        )
    except MailRefused:
        # The address is the buyer's own to correct; the invoice stands where they find it.
        return


async def remind_overdue(work: Work) -> int:
    """Tell buyers once more of each invoice that has come to its next reminder; how many there were."""
    work.actor.require("revenue.administer")
    moments = [work.now - timedelta(days=days) for days in REMINDED_AFTER]
    rows = await store.due_for_reminder(work, moments, _AT_ONCE)
    for row in rows:
        # Those that fell due while nobody looked are told once, of the latest.
        stage = reminders_due(row.due_at, work.now)
        await store.set_standing(work, row.invoice_id, {"reminders": stage})
        work.emit(InvoiceOverdue(row.invoice_id, row.tenant_id, REMINDED_AFTER[stage - 1]))
    return len(rows)


def words(invoice: Invoice, link: str | None) -> str:
    """An invoice as a mail tells of it."""
    amount = money(invoice.total, invoice.currency)
    lines = [
        f"Invoice {invoice.number} of {invoice.seller.name}",
        f"for {invoice.billed_to.name}: {amount}, due on {invoice.due_at:%Y-%m-%d}.",
        "",
        *(f"- {line.text}" for line in invoice.lines[:20]),
        *(["- and more"] if len(invoice.lines) > 20 else []),
        "",
        "See and print it here:" if link else "See and print it under Admin, Spend.",
        *([link] if link else []),
    ]
    return "\n".join(lines)
