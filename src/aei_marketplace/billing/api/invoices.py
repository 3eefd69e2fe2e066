"""Routes: invoices and credit notes, for buyers their own, for staff all; paying, crediting, returning."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from aei_marketplace.billing.api.shapes import (
    invoice_shape,
    note_shape,
    refund_shape,
    standing_shape,
    summary_shape,
)
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.service import collecting, crediting, invoices, invoicing, refunding
from aei_marketplace.ground.work import Work
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer
from aei_marketplace.web.visits import origin_of

router = APIRouter(prefix="/api/billing", tags=["billing"], route_class=OnceRoute)


class PaymentBody(BaseModel):
    """What staff saw arrive."""

    model_config = ConfigDict(extra="forbid")
    paid_on: Annotated[date, Field(description="day of the bank's statement, UTC")]
    reference: Annotated[str, Field(max_length=1_000, description="how the payment is found there")]
    amount_minor: Annotated[StrictInt, Field(description="exactly what is left to pay")]


class CreditBody(BaseModel):
    """What is taken back of one line."""

    model_config = ConfigDict(extra="forbid")
    line_key: Annotated[str, Field(max_length=200)]
    amount_minor: Annotated[StrictInt, Field(description="with the tax; at most what is left of the line")]
    reason: Annotated[str, Field(max_length=1_000, description="as the buyer reads it")]


class ReturnedBody(BaseModel):
    """How staff returned money."""

    model_config = ConfigDict(extra="forbid")
    reference: Annotated[str, Field(max_length=1_000)]


@router.get("/invoices")
async def list_invoices(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    state: Literal["open", "overdue", "paid", "credited"] | None = None,
) -> Response:
    """The tenant's invoices, the newest first; for staff all of them."""
    async with deps.works.begin(actor, trace) as work:
        found = await invoices.list_invoices(work, page, state)
        return page_answer(found, lambda summary: summary_shape(summary, work.now))


@router.get("/invoices/{invoice_id}")
async def read_invoice(invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One invoice with how it stands, its credit notes and refunds."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await _whole(work, invoice_id))


@router.post("/invoices/{invoice_id}/payment")
async def start_payment(
    request: Request, invoice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """The provider's page on which the invoice is paid, where a provider collects."""
    back = f"{origin_of(request)}/admin/spend/invoices/{invoice_id}"
    return json_answer({"url": await collecting.start_payment(deps, actor, trace, invoice_id, back)})


@router.post("/invoices/{invoice_id}/paid")
async def mark_as_paid(
    invoice_id: UUID, body: PaymentBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Say that what was left to pay has arrived. For staff."""
    payment = Payment(body.paid_on, body.reference, body.amount_minor)
    async with deps.works.begin(actor, trace) as work:
        standing = await invoicing.mark_as_paid(work, invoice_id, payment)
        invoice = await invoicing.read_invoice(work, invoice_id)
    return json_answer({"id": invoice_id, **standing_shape(standing, invoice.currency)})


@router.post("/invoices/{invoice_id}/credit-notes", status_code=201)
async def credit(
    invoice_id: UUID, body: CreditBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Credit a part of one line, or all of it. For staff."""
    async with deps.works.begin(actor, trace) as work:
        note = await crediting.credit(work, invoice_id, body.line_key, body.amount_minor, body.reason)
    return json_answer(note_shape(note), 201)


@router.get("/credit-notes")
async def list_notes(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """The tenant's credit notes, the newest first; for staff all of them."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await crediting.list_notes(work, page), note_shape)


@router.get("/credit-notes/{note_id}")
async def read_note(note_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One credit note."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(note_shape(await crediting.find_note(work, note_id)))


@router.post("/refunds/{refund_id}/returned")
async def mark_as_returned(
    refund_id: UUID, body: ReturnedBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Say that the money of a credit note went back. For staff, where no provider returns it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(refund_shape(await refunding.mark_as_returned(work, refund_id, body.reference)))


async def _whole(work: Work, invoice_id: UUID) -> dict[str, Any]:
    shown = await invoices.find_invoice(work, invoice_id)
    shape = invoice_shape(shown.invoice, shown.standing, shown.credited)
    notes = await crediting.notes_of(work, invoice_id)
    refunds = await refunding.refunds_of(work, invoice_id)
    return {
        **shape,
        "overdue": shown.standing.overdue(work.now),
        "credit_notes": [note_shape(note) for note in notes],
        "refunds": [refund_shape(refund) for refund in refunds],
    }
