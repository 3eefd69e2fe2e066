"""Who is told of invoices: whoever spends for the buyer; and staff, of money that does not fit."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.billing.events.invoices import InvoiceIssued, InvoiceOverdue
from aei_marketplace.billing.events.providers import EventRejected
from aei_marketplace.billing.service import invoicing
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff
from aei_marketplace.web.shell.formats import exact_time, money


async def invoice_issued(deps: Deps, event: InvoiceIssued, trace_id: str) -> None:
    """Tell who spends for the buyer."""
    await _tell(deps, "invoice.issued", event, trace_id)


async def invoice_overdue(deps: Deps, event: InvoiceOverdue, trace_id: str) -> None:
    """Tell who spends for the buyer, unless it was paid meanwhile."""
    await _tell(deps, "invoice.overdue", event, trace_id)


async def event_rejected(deps: Deps, event: EventRejected, trace_id: str) -> None:
    """Tell the staff who administer revenue: money has moved that nobody asked for."""
    data = {"provider": event.provider, "what": event.what, "reason": event.reason}
    async with deps.works.system(JOB, trace_id) as work:
        about = Subject("provider_event", event.event_id)
        await notices.notify(work, Notice("billing.rejected", to_staff("revenue.administer"), about, data))


async def _tell(deps: Deps, kind: str, event: InvoiceIssued | InvoiceOverdue, trace_id: str) -> None:
    async with deps.works.system(JOB, trace_id) as work:
        invoice = await invoicing.read_invoice(work, event.invoice_id)
        standing = await invoicing.standing_of(work, event.invoice_id)
        if standing.state != "open":
            return
        data = {
            "number": invoice.number,
            "invoice": str(invoice.id),
            "amount": money(standing.left, invoice.currency),
            "due": exact_time(invoice.due_at),
        }
        to = to_holders(event.buyer, "spend.administer")
        await notices.notify(work, Notice(kind, to, Subject("invoice", str(invoice.id)), data))
