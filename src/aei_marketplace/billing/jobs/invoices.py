"""Jobs: invoices are mailed, and buyers reminded of those that are due."""

from aei_marketplace.billing.events.invoices import InvoiceIssued
from aei_marketplace.billing.service import reminding
from aei_marketplace.ground.deps import Deps


async def mail_invoice(deps: Deps, event: InvoiceIssued, trace_id: str) -> None:
    """An invoice is issued: it goes to the address that the buyer gave for invoices."""
    await reminding.mail_invoice(deps, event.invoice_id, trace_id)


async def remind_overdue(deps: Deps) -> None:
    """Tell buyers of what is due and not paid."""
    async with deps.works.system("billing.remind_overdue") as work:
        await reminding.remind_overdue(work)
