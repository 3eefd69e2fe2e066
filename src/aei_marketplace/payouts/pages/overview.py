"""Page of finance staff: closes, totals, the list of payouts, and what is done for many at once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts.service import TenantName
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal, TooLarge
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.typed import read_choice
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.errors import ConfirmationUnfit, MonthNotOver, MonthUnfinished, ResultsUnfit
from aei_marketplace.payouts.pages.words import PAYOUTS, WORDS, month
from aei_marketplace.payouts.service import Close, Outcome, Payout, State, TaxModel, Total, Wanted
from aei_marketplace.web.csrf import upload_token
from aei_marketplace.web.multipart import read_parts
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.formats import counted
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
#: Files come in another way than forms.
uploads = APIRouter()

RESULTS = PAYOUTS + "/results"
_STEPS: dict[str, Callable[[Works, Actor, str, Period], Awaitable[Outcome]]] = {
    "approve": service.approve_all,
    "release": service.release_all,
}
_DONE = {"approve": "approved", "release": "released"}
_ROOM = 64 * 1024


class ResultsTooLarge(TooLarge):
    """The file with a bank's results is larger than any that is taken."""

    type = "bank-results-too-large"
    advice = "Send it in parts: results of one payout may come again."


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsPage(PageContext):
    """Payouts of all creators.

    Attributes:
        upcoming: the month that is closed next; None while nothing happened.
        can_close: whether that may happen now.
        period: the month that the page is narrowed to.
        model: the operator's newest word about the tax model.
        way: where a bank's results are sent.
    """

    totals: Sequence[Total]
    closes: Sequence[Close]
    upcoming: Period | None
    can_close: bool
    model: TaxModel | None
    payouts: Sequence[Payout]
    names: Mapping[UUID, TenantName]
    period: Period | None
    state: State | None
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    way: str
    form: Form
    words: Any = field(default_factory=lambda: WORDS)
    month: Any = month


@router.get(PAYOUTS)
async def show_payouts(request: Request, actor: TheActor, wanted: ThePage) -> Response:
    """Payouts, the newest months first."""
    return await _page(request, actor, Form(), wanted)


@router.post(PAYOUTS + "/close")
async def close(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Have a month closed now."""
    period = Period.read(form.text("period"))
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.ask_close(work, period)
    except (MonthNotOver, MonthUnfinished) as refusal:
        return await _page(request, actor, form.refused(refusal), PageWanted(), refusal)
    return _back(request, f"{month(period)} is being closed. Somebody else approves its payouts.")


@router.post(PAYOUTS + "/many")
async def do_many(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Approve or release all payouts of a month that pass."""
    actor.require("revenue.administer")
    period, step = Period.read(form.text("period")), form.text("step")
    try:
        if step not in _STEPS:
            raise amiss("step", "approve or release")
        if not form.ticked("sure"):
            raise ConfirmationUnfit("Tick that you are sure first; nothing was done.")
        outcome = await _STEPS[step](deps.works, actor, trace, period)
    except ConfirmationUnfit as refusal:
        return await _page(request, actor, form.refused(refusal), PageWanted(), refusal)
    return _back(request, _said(outcome, _DONE[step]), period)


@uploads.post(RESULTS)
async def take_results(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """What the bank made of a run."""
    actor.require("revenue.administer")
    beyond = ResultsTooLarge(f"A file of results has at most {service.LARGEST_FILE // 1024} KiB.")
    parts = await read_parts(request, frozenset({"results"}), service.LARGEST_FILE + _ROOM, beyond)
    try:
        content = await parts.content("results") or b""
        outcome = await service.take_results(deps.works, actor, trace, content)
    except ResultsUnfit as refusal:
        return await _page(request, actor, Form().refused(refusal), PageWanted(), refusal)
    finally:
        await parts.form.close()
    return _back(request, _said(outcome, "settled"))


async def _page(
    request: Request, actor: Actor, form: Form, wanted: PageWanted, refusal: Refusal | None = None
) -> Response:
    query = request.query_params
    period = Period.read(query["period"]) if query.get("period") else None
    state = read_choice(State, query["state"], "state") if query.get("state") else None
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("revenue.administer")
        page = await _filled(work, request, form, Wanted(period, None, None, state), wanted)
    return await render(request, "payouts/payouts.html", page, refusal.status if refusal else 200)


async def _filled(
    work: Work, request: Request, form: Form, wanted: Wanted, listed: PageWanted
) -> PayoutsPage:
    found = await service.list_payouts(work, wanted, listed)
    upcoming = await service.next_close(work)
    return PayoutsPage(
        title="Payouts",
        totals=await service.totals(work, wanted.period),
        closes=await service.list_closes(work, 12),
        upcoming=upcoming,
        can_close=upcoming is not None and work.now >= upcoming.closes_at,
        model=await service.find_tax_model(work),
        payouts=found.items,
        names=await service.names_of(work, {each.creator for each in found.items}),
        period=wanted.period,
        state=wanted.state,
        total=found.total,
        next_cursor=found.next_cursor,
        later=listed.after is not None,
        address=address_of(request, "period", "state", "cursor"),
        way=f"{RESULTS}?upload_token={upload_token(request)}",
        form=form,
    )


def _said(outcome: Outcome, done: str) -> str:
    parts = [f"{counted(outcome.done, 'payout')} {done}"]
    if outcome.before:
        parts.append(f"{counted(outcome.before, 'payout')} had been before")
    parts += [
        f"{counted(count, 'payout')} not: {reason}" for reason, count in sorted(outcome.refused.items())
    ]
    return "; ".join(parts) + "."


def _back(request: Request, text: str, period: Period | None = None) -> Response:
    response = RedirectResponse(f"{PAYOUTS}?period={period}" if period else PAYOUTS, 303)
    leave_flash(request, response, Flash(text))
    return response
