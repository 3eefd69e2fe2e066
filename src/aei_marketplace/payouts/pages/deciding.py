"""Page of finance staff: one payout with its history, and the steps that it can take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service import TenantName
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts import service
from aei_marketplace.payouts.pages.words import PAYOUTS, WORDS, month
from aei_marketplace.payouts.service import Destination, Payout, Step, TaxModel, release_from
from aei_marketplace.tax_profiles.rules.profiles import TaxStanding
from aei_marketplace.tax_profiles.service import tax_standing
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
PAYOUT = PAYOUTS + "/{payout_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPage(PageContext):
    """One payout.

    Attributes:
        people: names of staff, by id.
        released_from: from when on it can be released.
        provider: who could pay the creator in the bank's place, if anybody.
    """

    payout: Payout
    creator: TenantName
    history: Sequence[Step]
    people: Mapping[UUID, str]
    standing: TaxStanding
    model: TaxModel | None
    released_from: Any
    destination: Destination | None
    provider: str | None
    form: Form
    words: Any = field(default_factory=lambda: WORDS)
    month: Any = month


@router.get(PAYOUT)
async def show_payout(request: Request, payout_id: UUID, actor: TheActor) -> Response:
    """One payout. The fresh proof is asked for before a reason is typed, not after."""
    return await _page(request, actor, payout_id, Form())


@router.post(PAYOUT + "/destination")
async def pay_there(request: Request, payout_id: UUID, actor: TheActor, form: TheForm) -> Response:
    """Have the provider pay the payout's creator."""
    return await _pay_to(request, payout_id, actor, form, form.text("destination"))


@router.post(PAYOUT + "/bank")
async def pay_by_bank(request: Request, payout_id: UUID, actor: TheActor) -> Response:
    """Have the bank pay them."""
    return await _pay_to(request, payout_id, actor, Form(), None)


async def _pay_to(
    request: Request, payout_id: UUID, actor: Actor, form: Form, account: str | None
) -> Response:
    deps = request.app.state.deps
    try:
        async with deps.works.begin(actor, request.state.trace_id) as work:
            payout = await service.find_payout(work, payout_id)
            await service.set_destination(work, deps.billing, payout.creator, account)
    except Refusal as refusal:
        if refusal.status in (401, 404):
            raise
        return await _page(request, actor, payout_id, form.refused(refusal), refusal)
    payer = "the bank" if account is None else deps.billing.name
    return _back(request, payout_id, f"The creator is paid by {payer} from the next release on.")


@router.post(PAYOUT + "/{step}")
async def take_step(
    request: Request,
    payout_id: UUID,
    step: str,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    form: TheForm,
) -> Response:
    """Take a step, as long as the payout is what was looked at."""
    try:
        async with deps.works.begin(actor, trace) as work:
            moved = await _take(work, payout_id, step, form)
    except Refusal as refusal:
        if refusal.status in (401, 404):
            raise
        return await _page(request, actor, payout_id, form.refused(refusal), refusal)
    said = WORDS[moved.state]
    return _back(request, payout_id, "It is held." if moved.held_reason else f"{said.label}. {said.says}")


def _back(request: Request, payout_id: UUID, text: str) -> Response:
    response = RedirectResponse(f"{PAYOUTS}/{payout_id}", 303)
    leave_flash(request, response, Flash(text))
    return response


async def _take(work: Work, payout_id: UUID, step: str, form: Form) -> Payout:
    seen, reason = form.text("seen") or None, form.text("reason")
    match step:
        case "approve":
            return await service.approve(work, payout_id, seen)
        case "release":
            return await service.release(work, payout_id, seen)
        case "paid":
            return await service.mark_paid(work, payout_id, form.text("reference") or None, seen)
        case "failed":
            return await service.mark_failed(work, payout_id, reason, seen)
        case "cancel":
            return await service.cancel(work, payout_id, reason, seen)
        case "hold":
            return await service.hold(work, payout_id, reason, seen)
        case "unhold":
            return await service.unhold(work, payout_id, seen)
    raise amiss("step", "no such step")


async def _page(
    request: Request, actor: Actor, payout_id: UUID, form: Form, refusal: Refusal | None = None
) -> Response:
    billing = request.app.state.deps.billing
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("revenue.administer")
        work.actor.require_recent_proof(work.now)
        payout = await service.find_payout(work, payout_id)
        history = await service.history_of(work, payout_id)
        names = await service.names_of(work, {payout.creator})
        page = PayoutPage(
            title=f"Payout of {month(payout.period)}",
            crumbs=(("Payouts", PAYOUTS),),
            payout=payout,
            creator=names[payout.creator],
            history=history,
            people=await accounts.names_of(work, {step.by for step in history if step.by}),
            standing=await tax_standing(work, payout.creator),
            model=await service.find_tax_model(work),
            released_from=release_from(payout.period),
            destination=await service.find_destination(work, payout.creator),
            provider=billing.name if billing.online else None,
            form=form,
        )
    return await render(request, "payouts/payout.html", page, refusal.status if refusal else 200)
