"""Pages: invoices and credit notes as their buyer reads, prints and pays them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.billing.pages.words import FILTERS, OWN, OWN_NOTES, REFUND_STATES, badge_of
from aei_marketplace.billing.rules.credits import CreditNote
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.standings import Credited, Standing
from aei_marketplace.billing.service import collecting, crediting, invoices, refunding
from aei_marketplace.billing.service.refunding import Refund
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import origin_of

router = APIRouter(route_class=FormRoute)

SPEND = ("Spend", "/admin/spend")


@dataclass(frozen=True, slots=True)
class ShownSummary:
    """An invoice as a row of a list: its badge in words, and their meaning."""

    invoice: invoices.InvoiceSummary
    badge: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesPage(PageContext):
    """A list of invoices.

    Attributes:
        base: where one of them lies.
        chips: what it can be limited to: label, path, whether it is chosen.
    """

    base: str
    invoices: tuple[ShownSummary, ...]
    chips: tuple[tuple[str, str, bool], ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage(PageContext):
    """One invoice, as it is printed, and what has become of it.

    Attributes:
        online: a provider collects: the buyer may pay here.
        pay_at: the provider's page, while one is open.
        charged: the method that the buyer keeps is being charged for it.
        refunds: each with its state in words.
    """

    invoice: Invoice
    standing: Standing
    credited: dict[str, Credited]
    badge: tuple[str, str]
    notes: tuple[CreditNote, ...]
    refunds: tuple[tuple[Refund, tuple[str, str]], ...]
    online: bool = False
    pay_at: str | None = None
    charged: bool = False
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePage(PageContext):
    """One credit note, as it is printed, with its invoice's parties."""

    note: CreditNote
    invoice: Invoice


@router.get(OWN)
async def list_invoices(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, state: str = ""
) -> Response:
    """The tenant's invoices."""
    async with deps.works.begin(actor, trace) as work:
        page = await list_page(request, work, wanted, state, OWN, (SPEND,))
    return await render(request, "billing/invoices.html", page)


@router.get(OWN + "/{invoice_id}")
async def show_invoice(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One of them."""
    async with deps.works.begin(actor, trace) as work:
        shown = await shown_invoice(work, invoice_id)
        open_page = await collecting.open_page(work, invoice_id) if deps.billing.online else None
        charged = await collecting.is_being_charged(work, invoice_id)
    page = InvoicePage(
        title=f"Invoice {shown.invoice.number}",
        crumbs=(SPEND, ("Invoices", OWN)),
        invoice=shown.invoice,
        standing=shown.standing,
        credited=shown.credited,
        badge=badge_of(shown.standing, shown.now),
        notes=shown.notes,
        refunds=shown.refunds,
        online=deps.billing.online,
        pay_at=open_page,
        charged=charged,
        now=shown.now,
    )
    return await render(request, "billing/invoice.html", page)


@router.post(OWN + "/{invoice_id}/pay")
async def pay(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Have the provider open its page; the invoice then links to it."""
    here = f"{OWN}/{invoice_id}"
    await collecting.start_payment(deps, actor, trace, invoice_id, origin_of(request) + here)
    response = RedirectResponse(here, 303)
    leave_flash(request, response, Flash("The provider's page is open. Go there to pay."))
    return response


@router.get(OWN_NOTES + "/{note_id}")
async def show_note(
    request: Request, note_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One credit note."""
    async with deps.works.begin(actor, trace) as work:
        note = await crediting.find_note(work, note_id)
        invoice = await invoices.read_invoice(work, note.invoice_id)
    crumbs = (SPEND, ("Invoices", OWN), (invoice.number, f"{OWN}/{invoice.id}"))
    page = NotePage(title=f"Credit note {note.number}", crumbs=crumbs, note=note, invoice=invoice)
    return await render(request, "billing/credit_note.html", page)


@dataclass(frozen=True, slots=True)
class Shown:
    """An invoice with all that has become of it."""

    invoice: Invoice
    standing: Standing
    credited: dict[str, Credited]
    notes: tuple[CreditNote, ...]
    refunds: tuple[tuple[Refund, tuple[str, str]], ...]
    now: datetime


async def shown_invoice(work: Work, invoice_id: UUID) -> Shown:
    """An invoice with all that has become of it, for who may see it."""
    found = await invoices.find_invoice(work, invoice_id)
    notes = tuple(await crediting.notes_of(work, invoice_id))
    refunds = [(each, REFUND_STATES[each.state]) for each in await refunding.refunds_of(work, invoice_id)]
    return Shown(found.invoice, found.standing, found.credited, notes, tuple(refunds), work.now)


async def list_page(
    request: Request, work: Work, wanted: ThePage, state: str, base: str, crumbs: tuple[tuple[str, str], ...]
) -> InvoicesPage:
    """A list of invoices, limited to a state where it names one."""
    chosen = state if state in invoices.STATES else None
    found = await invoices.list_invoices(work, wanted, chosen)
    address = address_of(request, "state", "cursor")
    return InvoicesPage(
        title="Invoices",
        crumbs=crumbs,
        base=base,
        invoices=tuple(ShownSummary(each, badge_of(each, work.now)) for each in found.items),
        chips=tuple(
            (label, address.but(state=name or None, cursor=None), name == (chosen or ""))
            for name, label in FILTERS
        ),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address,
    )


def administered_by(actor: Actor) -> bool:
    """Whether all invoices are for whoever looks."""
    return actor.staff and actor.may("revenue.administer")
