"""Booking what happened to money, each fact once and in any order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import service as ledger
from aei_marketplace.sales.errors import SalesFactContradicts, SalesFactUnfit
from aei_marketplace.sales.rules.bookings import Booking, Sold, book_sale
from aei_marketplace.sales.rules.facts import Afterwards, Sale, SalesFact, name_of
from aei_marketplace.sales.rules.settling import Settled, settle
from aei_marketplace.sales.rules.telling import each_once
from aei_marketplace.sales.service.known import Known, check_same_fact, check_same_sale, hold_known
from aei_marketplace.sales.service.pricing import price
from aei_marketplace.sales.store import lines as line_store
from aei_marketplace.sales.store import sales as store
from aei_marketplace.sales.store.sales import Told

#: What a step of a dispute is called in the audit log, by the kind of its fact's name.
_AUDITED = {"dispute": "dispute.hold", "won": "dispute.release", "lost": "dispute.settle"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of facts, by their names (`rules.facts.name_of`).

    Attributes:
        new: booked now; also facts that were told earlier and waited for one of these.
        parked: told now, and waiting for what they concern or for the end of a dispute.
        ignored: told before.
        refused: facts that had waited and that can never be booked, as it turns out now.
    """

    new: frozenset[str]
    parked: frozenset[str]
    ignored: frozenset[str]
    refused: frozenset[str]


async def record(work: Work, facts: Sequence[SalesFact]) -> Recorded:
    """Book facts in their months, or late in the oldest open one.

    A fact that was told before has no effect. One whose sale or dispute is not known waits for it.

    Args:
        work: of a named job; it holds what it books until it ends.
        facts: at most `rules.telling.MOST_AT_ONCE`, in any order.

    Raises:
        SalesFactUnfit: one of them can never be booked; nothing is.
        SalesFactContradicts: one was told before and says something else now; nothing is booked.
    """
    work.actor.require("revenue.administer")
    given = each_once(facts, work.now)
    sales = {fact.key: fact for fact in given.values() if isinstance(fact, Sale)}
    told = {name: fact for name, fact in given.items() if not isinstance(fact, Sale)}
    known = await hold_known(work, sales, list(told.values()))
    _require_same(known, sales, told)
    sold = await price(work, [sale for key, sale in sales.items() if key not in known.booked])
    told = {name: fact for name, fact in told.items() if name not in known.told}
    settled = _settle(known, {each.sale.key: each for each in sold}, told.values())
    _require_fit(settled.values(), told)
    if sold:
        await store.add(work, sold)
    bookings = [*map(book_sale, sold), *(each for one in settled.values() for each in one.bookings)]
    await _write_bookings(work, bookings)
    await _write_standings(work, known, settled)
    ended = _what_became(work, known, told, settled)
    await _write_facts(work, known, ended)
    _audit(work, bookings, ended)
    new = frozenset(name_of(booking.fact) for booking in bookings)
    states = {name: each.state for name, each in {**known.told, **ended}.items()}
    return Recorded(
        new=new,
        parked=frozenset(name for name in given if states.get(name) == "parked"),
        ignored=frozenset(n for n in given if n not in new and n not in told and states.get(n) != "parked"),
        refused=frozenset(name for name, each in ended.items() if each.state == "refused"),
    )


def _require_same(known: Known, sales: Mapping[str, Sale], told: Mapping[str, Afterwards]) -> None:
    for key, sale in sales.items():
        if key in known.booked:
            check_same_sale(sale, known.booked[key].sold.sale)
    for name, fact in told.items():
        if name in known.told:
            check_same_fact(fact, known.told[name].fact)


def _settle(known: Known, new: Mapping[str, Sold], told: Iterable[Afterwards]) -> dict[str, Settled]:
    """By sale, what its waiting and its new facts come to."""
    parked = [each.fact for each in known.told.values() if each.state == "parked"]
    by_sale: defaultdict[str, list[Afterwards]] = defaultdict(list)
    for fact in (*parked, *told):
        if (key := known.sale_of(fact)) is not None:
            by_sale[key].append(fact)
    sold = {**{key: booked.sold for key, booked in known.booked.items()}, **new}
    return {
        key: settle(sold[key], known.standing(key), facts) for key, facts in by_sale.items() if key in sold
    }


def _require_fit(settled: Iterable[Settled], told: Collection[str]) -> None:
    for one in settled:
        for name, reason in one.refused.items():
            if name in told:
                raise SalesFactUnfit(f"{name} cannot be booked: {reason}.")


async def _write_bookings(work: Work, bookings: Sequence[Booking]) -> None:
    """Entries first: from then on no month closes until the work ends, and lines stand where entries do."""
    entries = sorted((e for booking in bookings for e in booking.entries), key=lambda entry: entry.key)
    for start in range(0, len(entries), ledger.MOST_AT_ONCE):
        batch = entries[start : start + ledger.MOST_AT_ONCE]
        if await ledger.post(work, batch) != {entry.key for entry in batch}:
            raise SalesFactContradicts(
                "The ledger has an entry of this fact, and its sale knows nothing of it."
            )
    lines = [line for booking in bookings for line in booking.lines]
    if lines:
        closed = await ledger.newest_closed(work)
        await line_store.add(work, [(line, ledger.place(line.occurred_at, closed)) for line in lines])


async def _write_standings(work: Work, known: Known, settled: Mapping[str, Settled]) -> None:
    moved = {
        key: one.standing.reversed
        for key, one in settled.items()
        if one.standing.reversed != known.standing(key).reversed
    }
    if moved:
        await store.set_reversed(work, moved)


def _what_became(
    work: Work, known: Known, told: Mapping[str, Afterwards], settled: Mapping[str, Settled]
) -> dict[str, Told]:
    """Facts that are new, or whose state or sale is another now."""
    booked = {name_of(booking.fact) for one in settled.values() for booking in one.bookings}
    refused = {name: reason for one in settled.values() for name, reason in one.refused.items()}
    ended = {}
    parked = {name: each for name, each in known.told.items() if each.state == "parked"}
    for name, fact in {**{name: each.fact for name, each in parked.items()}, **told}.items():
        state = "booked" if name in booked else "refused" if name in refused else "parked"
        told_at = parked[name].told_at if name in parked else work.now
        became = Told(fact, known.sale_of(fact), state, refused.get(name), told_at)
        if became != parked.get(name):
            ended[name] = became
    return ended


async def _write_facts(work: Work, known: Known, became: Mapping[str, Told]) -> None:
    if new := [each for name, each in became.items() if name not in known.told]:
        await store.add_facts(work, new)
    if changed := [each for name, each in became.items() if name in known.told]:
        await store.settle_facts(work, changed)


def _audit(work: Work, bookings: Sequence[Booking], became: Mapping[str, Told]) -> None:
    """Each step of a dispute, and what was told in vain."""
    for booking in bookings:
        kind, _, key = name_of(booking.fact).partition(":")
        if kind in _AUDITED:
            work.record(Fact(_AUDITED[kind], "dispute", key, context=_in_words(booking)))
    for name, each in became.items():
        if each.state == "refused":
            work.record(Fact("sales_fact.refuse", "sales_fact", name, outcome="failed", reason=each.reason))


def _in_words(booking: Booking) -> dict[str, str | int]:
    context: dict[str, str | int] = {}
    for line in booking.lines:
        context |= {"sale": line.sold.sale.key, "currency": line.sold.sale.currency}
        context[f"{line.kind}_net"] = line.parts.net
    return context
