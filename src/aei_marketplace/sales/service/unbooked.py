"""What was told of sales and is not booked: shown to finance staff, and tried once more when they say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.paging import Page, PageWanted, as_moment, as_text
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.sales.errors import NoSuchFact
from aei_marketplace.sales.rules.facts import Afterwards, DisputeOpened, Refund, name_of
from aei_marketplace.sales.rules.waiting import Why, why_waiting
from aei_marketplace.sales.service.known import Known, look_known
from aei_marketplace.sales.service.recording import record
from aei_marketplace.sales.store import sales as store
from aei_marketplace.sales.store.sales import Told

JOB = "sales.retry"


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A refund, a dispute or the end of one that was told and is not booked.

    Attributes:
        kind: `refund`, `dispute`, `won` or `lost`.
        state: `parked`, or `refused` for good.
        sale_key, plugin_id: None while the sale is not known.
        amount: minor units with the tax; of an end that of its dispute; None while that is not known.
        why: what it waits for; None of what was refused.
        reason: why it was refused, as a clause in words.
    """

    name: str
    kind: str
    state: str
    sale_key: str | None
    dispute_key: str | None
    plugin_id: str | None
    amount: int | None
    currency: str | None
    occurred_at: datetime
    told_at: datetime
    why: Why | None
    reason: str | None


async def list_unbooked(work: Work, state: str, wanted: PageWanted) -> Page:
    """What is not booked, what was told last first.

    Args:
        state: `parked` or `refused`.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    work.actor.require("revenue.administer")
    told = await store.unbooked_page(work, state, wanted.position(_place), wanted.limit + 1)
    known = await look_known(work, told)
    shown = [_shown(each, known) for each in told]
    total = await store.count_unbooked(work, state)
    return wanted.page(shown, total, lambda each: (rfc3339(each.told_at), each.name))


async def count_parked(work: Work) -> int:
    """How many facts wait.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require("revenue.administer")
    return await store.count_unbooked(work, "parked")


async def retry(works: Works, actor: Actor, trace_id: str, name: str) -> str:
    """Try once more to book a fact that waits, and all else that waits for the same sale.

    Returns:
        What became of it: `booked`, `parked` or `refused`.

    Raises:
        NotAllowed: the actor may not.
        NoSuchFact: nothing of this name waits.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require("revenue.administer")
        waiting = [each for each in await store.find_told(work, {name}) if each.state == "parked"]
        if not waiting:
            raise NoSuchFact("Nothing of this name waits.")
        work.record(Fact("sales_fact.retry", "sales_fact", name))
    async with works.system(JOB, trace_id) as work:
        await record(work, [waiting[0].fact])
        (after,) = await store.find_told(work, {name})
    return after.state


def _place(said: object) -> tuple[datetime, str]:
    match said:
        case [moment, name]:
            return as_moment(moment), as_text(name)
    raise ValueError("not a time and a name")


def _shown(told: Told, known: Known) -> Unbooked:
    fact, name = told.fact, name_of(told.fact)
    sale_key = known.sale_of(fact)
    booked = None if sale_key is None else known.booked.get(sale_key)
    amount = _amount(fact, known)
    return Unbooked(
        name=name,
        kind=name.partition(":")[0],
        state=told.state,
        sale_key=sale_key,
        dispute_key=_dispute(fact),
        plugin_id=booked.sold.sale.plugin_id if booked else None,
        amount=amount,
        currency=booked.sold.sale.currency if booked else getattr(fact, "currency", None),
        occurred_at=fact.occurred_at,
        told_at=told.told_at,
        why=_why(fact, sale_key, known) if told.state == "parked" else None,
        reason=told.reason,
    )


def _why(fact: Afterwards, sale_key: str | None, known: Known) -> Why:
    if sale_key is None:
        return Why.NO_OPENING
    booked = known.booked.get(sale_key)
    sold = None if booked is None else booked.sold
    return why_waiting(fact, sale_key, sold, known.standing(sale_key), _parked(sale_key, known))


def _parked(sale_key: str, known: Known) -> Sequence[Afterwards]:
    waiting = [each.fact for each in known.told.values() if each.state == "parked"]
    return [fact for fact in waiting if known.sale_of(fact) == sale_key]


def _amount(fact: Afterwards, known: Known) -> int | None:
    if isinstance(fact, Refund | DisputeOpened):
        return fact.amount
    opening = known.told.get(f"dispute:{fact.dispute_key}")
    return opening.fact.amount if opening and isinstance(opening.fact, DisputeOpened) else None


def _dispute(fact: Afterwards) -> str | None:
    if isinstance(fact, Refund):
        return None
    return fact.key if isinstance(fact, DisputeOpened) else fact.dispute_key
