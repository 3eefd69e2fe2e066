"""Pages: disputes as their buyer, their creator and staff see them."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.disputes import service
from aei_marketplace.disputes.errors import (
    BankDecides,
    DisputeChanged,
    DisputedAlready,
    DisputeDecided,
    DisputeUnfit,
    EvidenceTooLarge,
    EvidenceUnfit,
)
from aei_marketplace.disputes.rules.cases import Dispute, Side, State
from aei_marketplace.disputes.service import EVIDENCE_FORM, LARGEST_FORM, History, Upload
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.money import AmountUnfit, read_amount
from aei_marketplace.ground.typed import read_choice
from aei_marketplace.web.csrf import upload_token
from aei_marketplace.web.multipart import read_parts
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import kept_answer
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

_forms = APIRouter(route_class=FormRoute)
#: Forms with files carry their token in the address.
_uploads = APIRouter()

DISPUTES = "/admin/disputes"
_NUMBER = re.compile("[0-9]{1,13}")
_PAGE = DISPUTES + "/{dispute_id}"
_REFUSED = (AmountUnfit, BankDecides, DisputeChanged, DisputeDecided, DisputeUnfit, DisputedAlready, Invalid)
#: Each state as a badge and what it means for the money.
STATES = {
    State.OPENED: ("Open", "warn", "What the creator earned with it is held."),
    State.WON: ("The creator keeps it", "good", "What was held is released."),
    State.LOST: ("The buyer gets it back", "danger", "What was held goes back to the buyer."),
    State.WITHDRAWN: ("Withdrawn", "", "What was held is released."),
}
STEPS = {
    "opened": "Opened",
    "evidence": "Evidence shown",
    "reminded": "The creator was reminded",
    "won": "Decided for the creator",
    "lost": "Decided for the buyer",
    "withdrawn": "Withdrawn",
    "credited": "A credit note was issued",
}


class Winner(StrEnum):
    """For whom a complaint is decided."""

    CREATOR = "creator"
    BUYER = "buyer"


def seen_by(actor: Actor) -> bool:
    """Whether somebody has disputes to look at."""
    return actor.may("spend.administer") or actor.may("revenue.administer")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputesPage(PageContext):
    """Disputes, the newest first.

    Attributes:
        state: which ones; None for all.
        staff: whether whoever looks is of the staff.
    """

    disputes: tuple[Dispute, ...]
    state: State | None
    staff: bool
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    tenant: UUID | None
    states: Any = field(default_factory=lambda: STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintPage(PageContext):
    """The form that opens a dispute.

    Attributes:
        line: key of the invoice's line.
    """

    line: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputePage(PageContext):
    """One dispute.

    Attributes:
        way: where evidence is sent, with the token for uploads.
    """

    history: History
    way: str
    form: Form
    states: Any = field(default_factory=lambda: STATES)
    steps: Any = field(default_factory=lambda: STEPS)
    sides: Any = field(default_factory=lambda: Side)


@_forms.get(DISPUTES)
async def list_disputes(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """Disputes of the own tenant; to staff, all."""
    asked = request.query_params.get("state")
    state = None if asked is None else read_choice(State, asked, "/state")
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_disputes(work, wanted, state)
    page = DisputesPage(
        title="Disputes",
        disputes=tuple(found.items),
        state=state,
        staff=actor.tenant is None,
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
        tenant=actor.tenant,
    )
    return await render(request, "disputes/disputes.html", page)


@_forms.get(DISPUTES + "/new")
async def show_complaint(request: Request, actor: TheActor) -> Response:
    """The form that opens a dispute about a line of an invoice."""
    actor.require("spend.administer" if actor.tenant else "revenue.administer")
    return await _complaint(request, filled(line=request.query_params.get("line", "")))


@_forms.post(DISPUTES + "/new")
async def complain(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Open it."""
    line, amount = form.text("line"), form.text("amount")
    try:
        async with deps.works.begin(actor, trace) as work:
            wanted = read_amount(amount, await service.currency_of(work, line)) if amount else None
            dispute = await service.complain(work, line, wanted, form.text("reason"))
    except _REFUSED as refusal:
        refused = form.refused(refusal).renamed({"amount_minor": "amount"})
        return await _complaint(request, refused, refusal)
    return _to(request, dispute.id, "The dispute is open. Both sides may show evidence for seven days.")


@_forms.get(_PAGE)
async def show_dispute(request: Request, dispute_id: UUID, actor: TheActor) -> Response:
    """One dispute."""
    return await _page(request, actor, dispute_id)


@_uploads.post(_PAGE + "/evidence")
async def show_evidence(
    request: Request, dispute_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Show evidence for the own side."""
    note = ""
    try:
        parts = await read_parts(request, EVIDENCE_FORM, LARGEST_FORM, service.evidence_too_large())
        try:
            note, file = parts.text("note") or "", await parts.file("file")
        finally:
            await parts.form.close()
        upload = None if file is None else Upload(*file)
        await service.show_evidence(deps, actor, trace, dispute_id, note, upload)
    except (EvidenceTooLarge, EvidenceUnfit, DisputeDecided, Invalid) as refusal:
        return await _page(request, actor, dispute_id, filled(note=note).refused(refusal), refusal)
    return _to(request, dispute_id, "Your evidence is kept. Staff see it; the other side does not.")


@_forms.get(_PAGE + "/evidence/{evidence_id}/file")
async def read_file(
    dispute_id: UUID, evidence_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """A file of one's own side."""
    shown, content = await service.read_file(deps, actor, trace, dispute_id, evidence_id)
    return kept_answer(content, shown.file_name or "file")


@_forms.post(_PAGE + "/verdict")
async def decide(
    request: Request, dispute_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide a complaint."""
    version = form.text("version")
    try:
        for_creator = read_choice(Winner, form.text("for"), "/for") is Winner.CREATOR
        async with deps.works.begin(actor, trace) as work:
            seen = int(version) if _NUMBER.fullmatch(version) else None
            words = form.text("verdict")
            await service.decide(work, dispute_id, for_creator=for_creator, verdict=words, seen=seen)
    except _REFUSED as refusal:
        return await _page(request, actor, dispute_id, form.refused(refusal), refusal)
    return _to(request, dispute_id, "It is decided. Both sides are told, and the books follow.")


@_forms.post(_PAGE + "/withdraw")
async def withdraw(
    request: Request, dispute_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take a complaint back."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.withdraw(work, dispute_id)
    except _REFUSED as refusal:
        return await _page(request, actor, dispute_id, Form().refused(refusal), refusal)
    return _to(request, dispute_id, "The complaint is withdrawn.")


async def _complaint(request: Request, form: Form, refusal: Refusal | None = None) -> Response:
    page = ComplaintPage(
        title="Complain of a sale", crumbs=(("Disputes", DISPUTES),), line=form.text("line"), form=form
    )
    return await render(request, "disputes/complaint.html", page, refusal.status if refusal else 200)


async def _page(
    request: Request,
    actor: Actor,
    dispute_id: UUID,
    form: Form | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        history = await service.history_of(work, dispute_id)
    page = DisputePage(
        title=f"Dispute about {history.dispute.plugin_id}",
        crumbs=(("Disputes", DISPUTES),),
        history=history,
        way=f"{DISPUTES}/{dispute_id}/evidence?upload_token={upload_token(request)}",
        form=form or Form(),
    )
    return await render(request, "disputes/dispute.html", page, refusal.status if refusal else 200)


def _to(request: Request, dispute_id: UUID, text: str) -> Response:
    response = RedirectResponse(f"{DISPUTES}/{dispute_id}", 303)
    leave_flash(request, response, Flash(text))
    return response


router = APIRouter(include_in_schema=False)
for _part in (_uploads, _forms):
    router.include_router(_part)
