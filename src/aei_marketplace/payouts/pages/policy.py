"""Page of finance staff: the tax model, thresholds and the December sweep."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.money import read_amount, write_amount
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts import service
from aei_marketplace.payouts.pages.words import PAYOUTS
from aei_marketplace.payouts.service import Policy, TaxModel
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
POLICY = PAYOUTS + "/policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage(PageContext):
    """What stands before payouts.

    Attributes:
        model: the operator's newest word about the tax model.
    """

    model: TaxModel | None
    policy: Policy
    form: Form
    written: Any = write_amount


@router.get(POLICY)
async def show_policy(request: Request, actor: TheActor) -> Response:
    """The tax model, thresholds, the sweep."""
    return await _page(request, actor, Form())


@router.post(POLICY + "/{part}")
async def change(
    request: Request, part: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Change one of them."""
    try:
        async with deps.works.begin(actor, trace) as work:
            said = await _change(work, part, form)
    except Invalid as refusal:
        shown = form.refused(refusal).renamed({"amount_minor": "amount"})
        return await _page(request, actor, shown, refusal)
    response = RedirectResponse(POLICY, 303)
    leave_flash(request, response, Flash(said))
    return response


async def _change(work: Work, part: str, form: Form) -> str:
    match part:
        case "confirm":
            await service.confirm_tax_model(work, form.text("name"), _day(form), form.text("confirmation"))
            return "The tax model is confirmed. Approved payouts can be released."
        case "revoke":
            await service.revoke_tax_model(work)
            return "The confirmation is taken back. Nothing is released."
        case "threshold":
            currency = form.text("currency")
            await service.set_threshold(work, currency, read_amount(form.text("amount"), currency))
            return f"The threshold of {currency} applies from the next close on."
        case "sweep":
            await service.set_december_sweep(work, form.text("on") == "yes")
            return "Noted. It applies to the next December that is closed."
    raise amiss("part", "no such setting")


def _day(form: Form) -> date:
    try:
        return date.fromisoformat(form.text("day"))
    except ValueError as error:
        raise amiss("day", "a day as 2026-11-23") from error


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("revenue.administer")
        work.actor.require_recent_proof(work.now)
        page = PolicyPage(
            title="Payout policy",
            crumbs=(("Payouts", PAYOUTS),),
            model=await service.find_tax_model(work),
            policy=await service.read_policy(work),
            form=form,
        )
    return await render(request, "payouts/policy.html", page, refusal.status if refusal else 200)
