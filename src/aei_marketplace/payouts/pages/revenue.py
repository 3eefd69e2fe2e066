"""Page of creators: what the month brings so far, what it may come to, and the months before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.money import read_amount, write_amount
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.errors import ThresholdUnfit
from aei_marketplace.payouts.pages.words import KINDS, REVENUE, WORDS, month, short_month
from aei_marketplace.payouts.service import Payout, Policy, Revenue
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class Column:
    """A month of the chart.

    Attributes:
        minor: what was earned, in minor units.
        share: of the largest amount of the chart, from -1 to 1.
        open: whether the month is not closed.
    """

    label: str
    minor: int
    share: float
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenuePage(PageContext):
    """Revenue by currency.

    Attributes:
        columns: the chart of each currency.
        payouts: of the statements, by their ids.
    """

    revenues: Sequence[Revenue]
    columns: Mapping[str, Sequence[Column]]
    payouts: Mapping[UUID, Payout]
    policy: Policy
    form: Form
    words: Any = field(default_factory=lambda: WORDS)
    kinds: Any = field(default_factory=lambda: KINDS)
    month: Any = month
    written: Any = write_amount


@router.get(REVENUE)
async def show_revenue(request: Request, actor: TheActor) -> Response:
    """The revenue of the actor's tenant."""
    return await _page(request, actor, Form())


@router.post(REVENUE + "/threshold")
async def ask_threshold(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Be paid from a higher balance on; an empty field takes that back."""
    currency, typed = form.text("currency"), form.text("amount")
    try:
        amount = read_amount(typed, currency) if typed else None
        async with deps.works.begin(actor, trace) as work:
            await service.ask_threshold(work, currency, amount)
    except (ThresholdUnfit, Invalid) as refusal:
        return await _page(request, actor, form.refused(refusal).renamed({"amount_minor": "amount"}), refusal)
    response = RedirectResponse(REVENUE, 303)
    leave_flash(request, response, Flash(f"Noted. It applies to {currency} from the next close on."))
    return response


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        revenues = await service.revenue_of(work)
        payouts = await service.payouts_of(work, [each for one in revenues for each in one.closed])
        policy = await service.read_policy(work)
    page = RevenuePage(
        title="Revenue",
        crumbs=(("Publisher", "/publisher"),),
        revenues=revenues,
        columns={each.currency: columns_of(each) for each in revenues},
        payouts=payouts,
        policy=policy,
        form=form,
    )
    return await render(request, "payouts/revenue.html", page, refusal.status if refusal else 200)


def columns_of(revenue: Revenue) -> list[Column]:
    """What each month brought, the oldest first."""
    months: list[tuple[Period, int, bool]] = [
        *((each.period, each.account.total.net, False) for each in revenue.closed),
        *((each.period, each.account.total.net, True) for each in revenue.running),
    ]
    top = max((abs(net) for _, net, _ in months), default=0) or 1
    return [Column(short_month(period), net, net / top, running) for period, net, running in months]
