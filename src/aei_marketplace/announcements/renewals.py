"""Who is told of renewals that are charged to a kept method: whoever spends for the buyer."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.billing.events.mandates import (
    ConsentWanted,
    RenewalCharged,
    RenewalDeclined,
    RenewalNear,
    RenewalsStopped,
)
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.service import invoicing, mandates
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders
from aei_marketplace.web.shell.formats import exact_time, money

SPEND = "spend.administer"


async def renewal_near(deps: Deps, event: RenewalNear, trace_id: str) -> None:
    """Tell who spends for the buyer what it costs, and how it is paid."""
    async with deps.works.system(JOB, trace_id) as work:
        mandate = await mandates.kept_mandate(work, deps.billing.name, event.buyer)
        how = "invoiced, and due 14 days later"
        if mandate is not None:
            how = f"charged to {mandate.label}, if somebody of your tenant agreed to that price"
        data = {"plugin": event.plugin_id, "price": event.price, "at": exact_time(event.at), "how": how}
        about = Subject("purchase", str(event.purchase_id))
        await notices.notify(work, Notice("renewal.near", to_holders(event.buyer, SPEND), about, data))


async def renewal_charged(deps: Deps, event: RenewalCharged, trace_id: str) -> None:
    """Tell who spends for the buyer, as a receipt."""
    async with deps.works.system(JOB, trace_id) as work:
        invoice = await invoicing.read_invoice(work, event.invoice_id)
        mandate = await mandates.read_mandate(work, event.mandate_id)
        assert mandate is not None, "it was charged under it"
        data = {
            **_of_invoice(invoice),
            "amount": money(event.amount, invoice.currency),
            "method": mandate.label or mandate.provider,
        }
        about = Subject("invoice", str(invoice.id))
        await notices.notify(work, Notice("renewal.charged", to_holders(invoice.buyer, SPEND), about, data))


async def renewal_declined(deps: Deps, event: RenewalDeclined, trace_id: str) -> None:
    """Tell who spends for the buyer, unless it was paid meanwhile."""
    async with deps.works.system(JOB, trace_id) as work:
        invoice = await invoicing.read_invoice(work, event.invoice_id)
        standing = await invoicing.standing_of(work, event.invoice_id)
        if standing.state != "open":
            return
        data = {
            **_of_invoice(invoice),
            "amount": money(standing.left, invoice.currency),
            "reason": event.reason[:1].upper() + event.reason[1:].rstrip("."),
            "next": _next(event),
            "runs": f"runs until {exact_time(invoice.due_at)}, and goes on"
            if work.now < invoice.due_at
            else "goes on",
        }
        about = Subject("invoice", str(invoice.id))
        await notices.notify(work, Notice("renewal.declined", to_holders(invoice.buyer, SPEND), about, data))


async def consent_wanted(deps: Deps, event: ConsentWanted, trace_id: str) -> None:
    """Tell who spends for the buyer; who keeps no method pays each invoice by hand anyway."""
    async with deps.works.system(JOB, trace_id) as work:
        if await mandates.kept_mandate(work, deps.billing.name, event.buyer) is None:
            return
        data = {"plugin": event.plugin_id, "price": event.price}
        about = Subject("purchase", str(event.purchase_id))
        to = to_holders(event.buyer, SPEND)
        await notices.notify(work, Notice("renewal.consent_wanted", to, about, data))


async def renewals_stopped(deps: Deps, event: RenewalsStopped, trace_id: str) -> None:
    """Tell who spends for the buyer: what renews from now on is paid by hand."""
    async with deps.works.system(JOB, trace_id) as work:
        invoice = await invoicing.read_invoice(work, event.invoice_id)
        mandate = await mandates.read_mandate(work, event.mandate_id)
        method = mandate.label if mandate is not None else None
        data = {"number": invoice.number, "method": method or "the method that was kept"}
        about, to = Subject("invoice", str(invoice.id)), to_holders(invoice.buyer, SPEND)
        await notices.notify(work, Notice("renewal.stopped", to, about, data))


def _of_invoice(invoice: Invoice) -> dict[str, str]:
    return {
        "number": invoice.number,
        "invoice": str(invoice.id),
        "what": ", ".join(line.plugin_id for line in invoice.lines),
    }


def _next(event: RenewalDeclined) -> str:
    if not event.answered:
        return (
            "No card is charged for it any more. If it was charged after all, the invoice counts as paid as"
            " soon as the provider says so. Look at your card's statement; if nothing was taken, pay on the"
            " invoice's page."
        )
    if event.again_at is None:
        return "It is not tried again by itself: pay on the invoice's page, or name another method."
    return f"It is tried again on {event.again_at:%Y-%m-%d}, or pay on the invoice's page."
