"""Pages of staff: all invoices, one with what can be done about it, and the reconciliation."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.billing.pages.invoices import InvoicePage, Shown, list_page, shown_invoice
from aei_marketplace.billing.pages.words import ALL, DIFFERENCES, RECONCILIATION, badge_of
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.service import crediting, invoicing, refunding
from aei_marketplace.billing.service.reconciling import Report, read_period, reconcile
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal, Unavailable
from aei_marketplace.ground.money import read_amount
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

#: What the services call a field, and what the page does.
_NAMES = {"amount_minor": "amount", "line_key": "line"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministeredPage(InvoicePage):
    """One invoice, and what staff can do about it.

    Attributes:
        lines: those of which something is left to credit: key and words.
    """

    lines: tuple[tuple[str, str], ...]
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage(PageContext):
    """A provider's books against ours, for a month.

    Attributes:
        report: None where the provider does not answer, or no month could be read.
        words: what each kind of difference means.
    """

    report: Report | None
    words: dict[str, str]
    form: Form


@router.get(ALL)
async def list_invoices(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, state: str = ""
) -> Response:
    """All invoices."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require("revenue.administer")
        page = await list_page(request, work, wanted, state, ALL, ())
    return await render(request, "billing/all_invoices.html", page)


@router.get(RECONCILIATION)
async def show_reconciliation(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, period: str = ""
) -> Response:
    """What the provider's books and ours say about a month; this one where none is named."""
    month = period or str(Period.of(deps.works.clock()))
    form, report, status = filled(period=month), None, 200
    try:
        report = await reconcile(deps.works, deps.billing, actor, read_period(month), trace)
    except (Invalid, Unavailable) as refusal:
        form, status = form.refused(refusal), refusal.status
    page = ReconciliationPage(
        title="Reconciliation",
        crumbs=(("Invoices", ALL),),
        report=report,
        words=DIFFERENCES,
        form=form,
    )
    return await render(request, "billing/reconciliation.html", page, status)


@router.get(ALL + "/{invoice_id}")
async def show_invoice(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One of them."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require("revenue.administer")
        shown = await shown_invoice(work, invoice_id)
    return await _page(request, shown, filled(paid_on=f"{shown.now:%Y-%m-%d}"))


@router.post(ALL + "/{invoice_id}/paid")
async def mark_as_paid(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Say that what was left to pay has arrived."""
    try:
        async with deps.works.begin(actor, trace) as work:
            currency = (await invoicing.read_invoice(work, invoice_id)).currency
            payment = Payment(
                _day(form), form.text("reference"), read_amount(form.text("amount"), currency, "amount")
            )
            await invoicing.mark_as_paid(work, invoice_id, payment)
    except (Invalid, Conflict) as refusal:
        return await _again(request, actor, invoice_id, form, refusal)
    return _back(request, invoice_id, "The invoice is paid. What was bought with it runs.")


@router.post(ALL + "/{invoice_id}/credit")
async def credit(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Credit a part of one line, or all of it."""
    try:
        async with deps.works.begin(actor, trace) as work:
            currency = (await invoicing.read_invoice(work, invoice_id)).currency
            amount = read_amount(form.text("credit"), currency, "credit")
            note = await crediting.credit(work, invoice_id, form.text("line"), amount, form.text("reason"))
    except (Invalid, Conflict) as refusal:
        renamed = form.refused(refusal).renamed({"amount_minor": "credit"})
        return await _again(request, actor, invoice_id, renamed, refusal)
    return _back(request, invoice_id, f"The credit note {note.number} is issued.")


@router.post(ALL + "/{invoice_id}/returned")
async def mark_as_returned(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Say that the money of a credit note went back."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await refunding.mark_as_returned(work, form.uuid("refund"), form.text("returned"))
    except (Invalid, Conflict) as refusal:
        renamed = form.refused(refusal).renamed({"reference": "returned"})
        return await _again(request, actor, invoice_id, renamed, refusal)
    return _back(request, invoice_id, "The money is noted as returned.")


async def _again(request: Request, actor: Actor, invoice_id: UUID, form: Form, refusal: Refusal) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        shown = await shown_invoice(work, invoice_id)
    told = form if form.refusal else form.refused(refusal).renamed(_NAMES)
    return await _page(request, shown, told, refusal.status)


async def _page(request: Request, shown: Shown, form: Form, status: int = 200) -> Response:
    page = AdministeredPage(
        title=f"Invoice {shown.invoice.number}",
        crumbs=(("Invoices", ALL),),
        invoice=shown.invoice,
        standing=shown.standing,
        credited=shown.credited,
        badge=badge_of(shown.standing, shown.now),
        notes=shown.notes,
        refunds=shown.refunds,
        lines=_left(shown),
        form=form,
        now=shown.now,
    )
    return await render(request, "billing/administered_invoice.html", page, status)


def _left(shown: Shown) -> tuple[tuple[str, str], ...]:
    return tuple(
        (line.key, line.text)
        for line in shown.invoice.lines
        if line.key not in shown.credited or shown.credited[line.key].total < line.total_minor
    )


def _day(form: Form) -> date:
    try:
        return datetime.strptime(form.text("paid_on"), "%Y-%m-%d").date()  # noqa: DTZ007 a day has no zone
    except ValueError as error:
        raise amiss("paid_on", "a day such as 2026-11-23") from error


def _back(request: Request, invoice_id: UUID, said: str) -> Response:
    response = RedirectResponse(f"{ALL}/{invoice_id}", 303)
    leave_flash(request, response, Flash(said))
    return response
