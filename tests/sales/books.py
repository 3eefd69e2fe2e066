"""Books in memory, kept by the rules alone: what the service does with a database, without one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aei_marketplace.ledger.rules import periods
from aei_marketplace.ledger.rules.entries import Entry, check_entry
from aei_marketplace.ledger.rules.periods import Period, Place
from aei_marketplace.sales.rules import bookings, facts, settling, shares, tiers
from aei_marketplace.sales.rules.bookings import Booking, Line, Sold
from aei_marketplace.sales.rules.facts import Afterwards, DisputeOpened, Refund, Sale, SalesFact
from aei_marketplace.sales.rules.settling import Standing
from aei_marketplace.sales.rules.shares import Agreement, Revenue


class Refused(Exception):
    """A fact that can never be booked."""


@dataclass
class Books:
    """What facts have come to so far.

    Attributes:
        lines, entries: with where each stands.
        waiting: facts that wait, by name.
        closed: the newest closed month.
        when_closed: what each closed month held when it was closed.
    """

    agreements: Mapping[str, Sequence[Agreement]]
    sold: dict[str, Sold] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    lines: list[tuple[Line, Place]] = field(default_factory=list)
    entries: list[tuple[Entry, Place]] = field(default_factory=list)
    waiting: dict[str, Afterwards] = field(default_factory=dict)
    closed: Period | None = None
    when_closed: dict[Period, Counter[tuple[str, str]]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _disputed: dict[str, str] = field(default_factory=dict)

    def tell(self, fact: SalesFact) -> None:
        """Book a fact, or have it wait.

        Raises:
            Refused: it can never be booked; nothing is.
        """
        name = facts.name_of(fact)
        if name in self._names:
            return
        if isinstance(fact, Sale):
            self.sold[fact.key] = sold = bookings.sell(fact, self._share(fact))
            self._write(bookings.book_sale(sold))
            self._settle(fact.key, {})
        else:
            if isinstance(fact, DisputeOpened):
                self._disputed[fact.key] = fact.sale_key
            self._settle(self._sale_of(fact), {name: fact})
        self._names.add(name)

    def close(self, month: Period) -> None:
        """Close a month."""
        self.closed = month
        self.when_closed[month] = self.sums()[month]

    def sums(self) -> defaultdict[Period, Counter[tuple[str, str]]]:
        """By month, what creators get in each currency."""
        found: defaultdict[Period, Counter[tuple[str, str]]] = defaultdict(Counter)
        for line, at in self.lines:
            sale = line.sold.sale
            found[at.period][str(sale.creator), sale.currency] += line.parts.net
        return found

    def _share(self, sale: Sale) -> shares.Share:
        until = tiers.counted_until(sale.earned_at)
        grossed = sum(
            line.parts.gross
            for line, at in self.lines
            if (line.sold.sale.plugin_id, line.sold.sale.currency) == (sale.plugin_id, sale.currency)
            and at.period <= until
            and line.kind in tiers.COUNTED
        )
        agreements = self.agreements.get(sale.plugin_id, ())
        return shares.share_at(agreements, sale.earned_at, Revenue(sale.currency, grossed))

    def _sale_of(self, fact: Afterwards) -> str | None:
        if isinstance(fact, Refund | DisputeOpened):
            return fact.sale_key
        return self._disputed.get(fact.dispute_key)

    def _settle(self, key: str | None, new: Mapping[str, Afterwards]) -> None:
        if key not in self.sold or key is None:
            self.waiting |= new
            return
        waiting = {name: fact for name, fact in self.waiting.items() if self._sale_of(fact) == key} | new
        found = settling.settle(self.sold[key], self.standings.get(key, Standing()), waiting.values())
        if refused := found.refused.keys() & new:
            raise Refused(refused)
        for booking in found.bookings:
            self._write(booking)
        self.standings[key] = found.standing
        for name in waiting:
            self.waiting.pop(name, None)
        self.waiting |= {facts.name_of(fact): fact for fact in found.waiting}

    def _write(self, booking: Booking) -> None:
        for entry in booking.entries:
            check_entry(entry)
            self.entries.append((entry, periods.place(entry.occurred_at, self.closed)))
        self.lines += [(line, periods.place(line.occurred_at, self.closed)) for line in booking.lines]
