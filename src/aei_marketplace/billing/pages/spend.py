"""Page: what the tenant spends, what it has bought, and what it allows itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.billing.errors.mandates import MandateUnfit
from aei_marketplace.billing.pages.words import badge_of
from aei_marketplace.billing.rules.caps import CapStanding, check_cap
from aei_marketplace.billing.rules.mandates import TERMS, WORDING, Mandate
from aei_marketplace.billing.rules.offers import worded
from aei_marketplace.billing.rules.prices import AnnouncedPrice
from aei_marketplace.billing.rules.purchases import Purchase, PurchaseState
from aei_marketplace.billing.service import caps, consents, invoices, mandates, purchases, spending
from aei_marketplace.billing.service.invoices import InvoiceSummary
from aei_marketplace.billing.service.spending import Spending
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.money import read_amount
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.formats import exact_time
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import origin_of

router = APIRouter(route_class=FormRoute)

SPEND = "/admin/spend"
_FRESH = Form()
_NEWEST_INVOICES = PageWanted(12)
#: Each state in words, with the meaning of its badge.
STATES = {
    PurchaseState.PENDING_PAYMENT: ("Waits for payment", "warn"),
    PurchaseState.TRIAL: ("On trial", "note"),
    PurchaseState.ACTIVE: ("Active", "ok"),
    PurchaseState.CANCELLED_AT_PERIOD_END: ("Cancelled", "warn"),
    PurchaseState.SUSPENDED: ("Suspended: overdue", "danger"),
    PurchaseState.ENDED: ("Ended", ""),
    PurchaseState.REFUNDED: ("Credited", ""),
}


@dataclass(frozen=True, slots=True)
class ShownPurchase:
    """A purchase as a row of the page.

    Attributes:
        badge: its state in words, and their meaning.
        step: what can be done: `cancel`, `resume`, or empty.
        to_agree: the price that is charged by itself once somebody agrees to it, and its id.
    """

    purchase: Purchase
    price: str
    badge: tuple[str, str]
    step: str
    to_agree: tuple[str, UUID] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPage(PageContext):
    """A tenant's spend.

    Attributes:
        later: whether the list of purchases does not begin at its start.
        online: a provider collects: it may keep a method for renewals.
        mandate: the consent under which renewals are charged; None: they are paid by hand.
        name_at: the provider's page on which a card is named, while one is open.
        wording, terms: what is agreed to with one, and its number.
    """

    spending: Spending
    purchases: tuple[ShownPurchase, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    caps: tuple[CapStanding, ...]
    invoices: tuple[InvoiceSummary, ...]
    online: bool
    mandate: Mandate | None
    name_at: str | None
    wording: str = WORDING
    terms: int = TERMS
    form: Form
    now: datetime

    def badge_of(self, invoice: InvoiceSummary) -> tuple[str, str]:
        """How an invoice stands, in a word, and what that means."""
        return badge_of(invoice, self.now)


@router.get(SPEND)
async def show_spend(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """What is spent, bought and allowed."""
    async with deps.works.begin(actor, trace) as work:
        page = await _page(request, work, deps, wanted)
    return await render(request, "billing/spend.html", page)


@router.post(SPEND + "/purchases/{purchase_id}/{step}")
async def change_purchase(
    request: Request,
    purchase_id: UUID,
    step: str,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
) -> Response:
    """Cancel a purchase, or take that back."""
    take = {"cancel": purchases.cancel, "resume": purchases.resume}.get(step)
    if take is None:
        raise Invalid("There is no such step.")
    async with deps.works.begin(actor, trace) as work:
        changed = await take(work, purchase_id)
    return _back(request, _told(changed))


@router.post(SPEND + "/purchases/{purchase_id}/prices/{price_id}")
async def agree_to_price(
    request: Request, purchase_id: UUID, price_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Agree that renewals are charged at a price."""
    async with deps.works.begin(actor, trace) as work:
        await consents.agree_to_price(work, purchase_id, price_id)
    return _back(request, Flash("You agree to the price. Renewals are charged at it."))


@router.post(SPEND + "/mandate")
async def start_mandate(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Agree to be charged for renewals; the page then links to the provider's, which keeps a method."""
    # Who has read another wording has not agreed to this one.
    terms = TERMS if form.text("agreed") == str(TERMS) else 0
    try:
        await mandates.start_mandate(deps, actor, trace, terms, origin_of(request) + SPEND)
    except MandateUnfit as refusal:
        told = form.refused(amiss("agreed", "tick it, or go on paying each renewal by hand"))
        async with deps.works.begin(actor, trace) as work:
            page = await _page(request, work, deps, PageWanted(), told)
        return await render(request, "billing/spend.html", page, refusal.status)
    return _back(request, Flash("The provider's page is open. Go there to name a card."))


@router.post(SPEND + "/mandate/withdraw")
async def withdraw_mandate(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Pay renewals by hand again."""
    async with deps.works.begin(actor, trace) as work:
        await mandates.withdraw(work, deps.billing.name)
    return _back(request, Flash("Nothing more is charged by itself. Renewals are paid by hand."))


@router.post(SPEND + "/caps")
async def set_cap(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Set one cap, in the place of what there was about the same; or take it away."""
    currency, plugin = form.text("currency").upper(), form.text("plugin") or None
    try:
        async with deps.works.begin(actor, trace) as work:
            others = [s.cap for s in await caps.find_caps(work)]
            kept = [cap for cap in others if (cap.currency, cap.plugin_id) != (currency, plugin)]
            if not form.ticked("remove"):
                month, execution = (_most(form, name, currency) for name in ("month", "execution"))
                kept.append(check_cap(currency, plugin, month, execution))
            await caps.put_caps(work, kept)
    except Invalid as refusal:
        async with deps.works.begin(actor, trace) as work:
            page = await _page(request, work, deps, PageWanted(), form.refused(refusal))
        return await render(request, "billing/spend.html", page, refusal.status)
    return _back(request, Flash("The caps are kept. They hold from the next run on."))


async def _page(
    request: Request, work: Work, deps: Deps, wanted: PageWanted, form: Form = _FRESH
) -> SpendPage:
    found = await purchases.list_purchases(work, wanted)
    mandate = await mandates.standing_mandate(work, deps.billing.name)
    to_agree = {} if mandate is None else await consents.prices_to_agree(work, list(found.items))
    return SpendPage(
        title="Spend",
        spending=await spending.find_spending(work),
        purchases=tuple(_shown(each, to_agree.get(each.id)) for each in found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
        caps=tuple(await caps.find_caps(work)),
        invoices=tuple((await invoices.list_invoices(work, _NEWEST_INVOICES)).items),
        online=deps.billing.online,
        mandate=mandate,
        name_at=await mandates.open_page(work, deps.billing.name) if deps.billing.online else None,
        form=form,
        now=work.now,
    )


def _shown(purchase: Purchase, price: AnnouncedPrice | None) -> ShownPurchase:
    step = ""
    if purchase.price.per is not None:
        stoppable = (PurchaseState.TRIAL, PurchaseState.ACTIVE, PurchaseState.SUSPENDED)
        step = "cancel" if purchase.state in stoppable else ""
        step = "resume" if purchase.state is PurchaseState.CANCELLED_AT_PERIOD_END else step
    to_agree = None if price is None or step == "resume" else (worded(price.price), price.id)
    return ShownPurchase(purchase, worded(purchase.price), STATES[purchase.state], step, to_agree)


def _told(changed: Purchase) -> Flash:
    plugin = changed.plugin_id
    if changed.state is PurchaseState.CANCELLED_AT_PERIOD_END and changed.period_end is not None:
        return Flash(f"{plugin} is cancelled. It runs until {exact_time(changed.period_end)}.")
    if changed.ended_at is not None:
        return Flash(f"{plugin} is cancelled. What runs finishes; nothing new begins.")
    return Flash(f"{plugin} goes on.")


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(SPEND, 303)
    leave_flash(request, response, flash)
    return response


def _most(form: Form, name: str, currency: str) -> int | None:
    """Minor units of what was typed; None where nothing was."""
    typed = form.text(name)
    return read_amount(typed, currency, name) if typed else None
