"""Histories of money that could have happened, made of chance, and the orders in which they might be told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.sales.rules.facts import (
    Afterwards,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    Sale,
    SalesFact,
)
from aei_marketplace.sales.rules.shares import Agreement, Terms, Tier
from tests.sales.books import Books

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CURRENCIES = ("USD", "JPY", "KWD")
SHARES = (0, 1, 3333, 5000, 7000, 8500, 8550, 10_000)
#: Where tiers begin, and prices as well.
_STEPS = (99, 1000, 4999)
_FAR = 130


@dataclass
class History:
    """Facts in the order in which they happened, each possible at its moment.

    Attributes:
        tiered: whether a share depends on revenue, and so on the month in which sales are told.
    """

    agreements: dict[str, list[Agreement]]
    facts: list[SalesFact] = field(default_factory=list)
    tiered: bool = False

    def books(self, told: Sequence[tuple[datetime, SalesFact]]) -> Books:
        """Books to which facts were told at these moments, every month closed when it can be."""
        books, month = Books(self.agreements), Period.of(BEGIN)
        for moment, fact in sorted(told, key=lambda each: each[0]):
            while month.closes_at <= moment:
                books.close(month)
                month = month.next
            books.tell(fact)
        return books

    def at_once(self) -> Books:
        """Books to which each fact was told as it happened."""
        return self.books([(fact.occurred_at, fact) for fact in self.facts])

    def late(self, chance: Random) -> list[tuple[datetime, SalesFact]]:
        """Each fact some time after it happened, some of them twice.

        With tiers everything comes before its month is closed, otherwise up to months later.
        """
        told = []
        for fact in self.facts:
            for _ in range(1 + (chance.random() < 0.2)):
                delay = timedelta(days=chance.choice((0, 0, 1, 3, 40, 90)), seconds=chance.randrange(86_400))
                if self.tiered:
                    delay = min(delay, Period.of(fact.occurred_at).closes_at - fact.occurred_at - _MOMENT)
                told.append((fact.occurred_at + delay, fact))
        chance.shuffle(told)
        return told


_MOMENT = timedelta(seconds=1)


def draw_history(chance: Random) -> History:
    """A few sales of a few plugins, each with refunds and disputes that were possible at their moment."""
    tiered = chance.random() < 0.4
    # Revenue that reaches a tier exactly is rare; few plugins and currencies have it happen.
    plugins = [f"c{number}.plugin" for number in range(1 if tiered else chance.randint(1, 3))]
    currencies = CURRENCIES[:2] if tiered else CURRENCIES
    history = History({plugin: _agreements(chance, plugin, tiered) for plugin in plugins}, tiered=tiered)
    for number in range(chance.randint(1, 7)):
        sale = _sale(chance, f"s{number}", chance.choice(plugins), chance.choice(currencies))
        history.facts += [sale, *_afterwards(chance, sale)]
    history.facts.sort(key=lambda fact: fact.occurred_at)
    return history


def _agreements(chance: Random, plugin: str, tiered: bool) -> list[Agreement]:
    begins = sorted(chance.sample(range(-30, _FAR), chance.randint(0, 3)))
    return [
        Agreement(
            UUID(int=number),
            plugin,
            Terms(
                chance.choice(SHARES),
                BEGIN + timedelta(days=day),
                "made of chance",
                _tiers(chance) if tiered else (),
                chance.choice(("platform", "creator")),
                chance.choice(("creator_if_lost", "platform")),
            ),
            UUID(int=1),
            BEGIN - timedelta(days=100),
            number,
        )
        for number, day in enumerate(begins)
    ]


def _tiers(chance: Random) -> tuple[Tier, ...]:
    return tuple(Tier(currency, chance.choice(_STEPS), chance.choice(SHARES)) for currency in CURRENCIES)


def _sale(chance: Random, key: str, plugin: str, currency: str) -> Sale:
    gross = chance.choice((0, 1, 2, 3, 10, *_STEPS, 10**9, chance.randint(1, 100_000)))
    # A whole day, so that shares begin exactly when something is earned.
    occurred = BEGIN + timedelta(days=chance.randrange(_FAR), seconds=chance.choice((0, 1, 86_399)))
    return Sale(
        key=key,
        plugin_id=plugin,
        version=chance.choice((None, "1.0.0", "2.0.0")),
        creator=UUID(int=100 + int(plugin[1])),
        buyer=UUID(int=7),
        source="one_time",
        currency=currency,
        gross=gross,
        tax=chance.choice((0, 1, gross // 5)) if gross else 0,
        processor_fee=chance.choice((0, 30, 2 * gross)) if gross else 0,
        occurred_at=occurred,
        earned_at=occurred - timedelta(days=chance.choice((0, 0, 0, 1, 40))),
    )


def _afterwards(chance: Random, sale: Sale) -> list[Afterwards]:
    """What happens to a sale: never more taken back than was paid, at any moment."""
    left, now, held = sale.gross + sale.tax, sale.occurred_at, dict[str, int]()
    told: list[Afterwards] = []
    for number in range(chance.randint(0, 6)):
        now += timedelta(days=chance.randrange(25), seconds=1 + chance.randrange(3_600))
        name, steps = f"{sale.key}-{number}", list[Callable[[], tuple[Afterwards, int]]]()
        amount = chance.choice((1, left, max(1, left // 3))) if left else 0
        if left:
            steps.append(lambda n=name, a=amount, t=now: (Refund(n, sale.key, a, t), -a))
            steps.append(lambda n=name, a=amount, t=now: (DisputeOpened(n, sale.key, a, t), -a))
        for dispute, of in held.items():
            fee = chance.choice((0, 1500))
            steps.append(lambda d=dispute, a=of, f=fee, t=now: (DisputeWon(d, t, f), a))
            steps.append(lambda d=dispute, f=fee, t=now: (DisputeLost(d, t, f), 0))
        if not steps:
            break
        fact, change = chance.choice(steps)()
        told.append(fact)
        left += change
        if isinstance(fact, DisputeOpened):
            held[fact.key] = fact.amount
        elif isinstance(fact, DisputeWon | DisputeLost):
            del held[fact.dispute_key]
    return told
