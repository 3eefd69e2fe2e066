"""Page of finance staff: what was told of sales and is not booked, why, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.work import Work
from aei_marketplace.sales import service
from aei_marketplace.sales.service import Unbooked, Why
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
UNBOOKED = "/admin/unbooked"

#: What each kind of fact is called.
KINDS = {"refund": "Refund", "dispute": "Dispute opened", "won": "Dispute won", "lost": "Dispute lost"}


@dataclass(frozen=True, slots=True)
class Advice:
    """Why something is not booked and what to do, with a place to do it: its label and path."""

    why: str
    todo: str
    place: tuple[str, str] | None = None


_DISPUTES = ("Disputes", "/admin/disputes")
_RECONCILIATION = ("Reconciliation", "/admin/invoices/reconciliation")
_ADVICE = {
    Why.NO_SALE: Advice(
        "The sale that it concerns is not booked.",
        "It is booked by itself when the sale is. A sale that was paid and is missing in the ledger is listed"
        " with its month.",
        _RECONCILIATION,
    ),
    Why.NO_OPENING: Advice(
        "The dispute ended, and nobody told that it was opened.",
        "Have the provider send the event of its opening again.",
        _RECONCILIATION,
    ),
    Why.OPENING_WAITS: Advice(
        "The opening of the dispute waits itself.",
        "Settle what the opening waits for; this follows.",
        _DISPUTES,
    ),
    Why.NO_ROOM: Advice(
        "A dispute holds what is left of the sale.",
        "It is booked by itself when that dispute ends, as far as there is room then.",
        _DISPUTES,
    ),
    Why.GONE: Advice(
        "What it would hold went back to the buyer before.",
        "A dispute that is won comes to nothing. One that is lost took money twice: settle that with the"
        " bank, the creator does not bear it.",
        _DISPUTES,
    ),
    Why.NOTHING: Advice("Nothing stands in its way any more.", "Retry: it will be booked."),
}
_REFUSED = "Nothing of it is booked, and nothing will be. Settle it with the provider or the bank."
_BECAME = {
    "booked": Flash("It is booked."),
    "parked": Flash("It still waits: what it waits for is not there yet.", meaning="warn"),
    "refused": Flash(
        "It was refused: it can never be booked. It stands among the refused now.", meaning="warn"
    ),
}


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact as a row of the page."""

    fact: Unbooked
    kind: str
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbookedPage(PageContext):
    """What is not booked.

    Attributes:
        state: what the list is limited to: `parked` or `refused`.
        parked: how many wait in all.
    """

    facts: tuple[ShownFact, ...]
    state: str
    parked: int
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    now: datetime


@router.get(UNBOOKED)
async def show_unbooked(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage, state: str = ""
) -> Response:
    """What waits, or what was refused."""
    async with deps.works.begin(actor, trace) as work:
        page = await _page(request, work, wanted, "refused" if state == "refused" else "parked")
    return await render(request, "sales/unbooked.html", page)


@router.post(UNBOOKED)
async def retry(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Try to book one once more."""
    became = await service.retry(deps.works, actor, trace, form.text("name"))
    response = RedirectResponse(UNBOOKED, 303)
    leave_flash(request, response, _BECAME[became])
    return response


async def _page(request: Request, work: Work, wanted: ThePage, state: str) -> UnbookedPage:
    found = await service.list_unbooked(work, state, wanted)
    return UnbookedPage(
        title="Told and not booked",
        facts=tuple(ShownFact(each, KINDS[each.kind], _advice(each)) for each in found.items),
        state=state,
        parked=await service.count_parked(work),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "state", "cursor"),
        now=work.now,
    )


def _advice(each: Unbooked) -> Advice:
    if each.why is not None:
        return _ADVICE[each.why]
    reason = (each.reason or "no reason was kept").rstrip(".")
    return Advice(f"Refused: {reason}.", _REFUSED)
