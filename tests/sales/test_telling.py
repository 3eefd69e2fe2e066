"""Which facts are refused before anything is looked up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from aei_marketplace.ground.money import MOST
from aei_marketplace.sales.errors import SalesFactContradicts, SalesFactUnfit
from aei_marketplace.sales.rules.facts import DisputeLost, DisputeOpened, DisputeWon, Refund, Sale
from aei_marketplace.sales.rules.telling import MOST_AT_ONCE, check_fact, each_once

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SALE = Sale(
    "s1", "acme.echo", "1.0.0", UUID(int=1), UUID(int=2), "one_time", "USD", 1999, 0, 0, NOW, NOW, None
)
REFUND, OPENED = Refund("r1", "s1", 10, NOW), DisputeOpened("d1", "s1", 10, NOW)
WON, LOST = DisputeWon("d1", NOW, 15), DisputeLost("d1", NOW, 15)


@pytest.mark.parametrize(
    "fact", [SALE, REFUND, OPENED, WON, LOST, replace(SALE, gross=0), replace(LOST, fee=0)]
)
def test_what_can_have_happened_is_taken(fact: Any):
    check_fact(fact, NOW)


@pytest.mark.parametrize(
    "fact",
    [
        replace(SALE, gross=-1),
        replace(SALE, gross=19.99),
        replace(SALE, gross=True),
        replace(SALE, gross="1999"),
        replace(SALE, gross=MOST + 1),
        replace(SALE, gross=MOST, tax=1),
        replace(SALE, tax=-1),
        replace(SALE, processor_fee=-1),
        replace(SALE, gross=0, tax=1),
        replace(SALE, gross=0, processor_fee=1),
        replace(SALE, currency="usd"),
        replace(SALE, currency="XXZ"),
        replace(SALE, source="gift"),
        replace(SALE, tax_country="DEU"),
        replace(SALE, key=""),
        replace(SALE, key="k" * 151),
        replace(SALE, plugin_id=""),
        replace(SALE, creator=UUID(int=0)),
        replace(SALE, buyer=UUID(int=0)),
        replace(SALE, occurred_at=NOW + timedelta(days=2)),
        replace(SALE, occurred_at=NOW.replace(tzinfo=None)),
        replace(SALE, earned_at=NOW.replace(tzinfo=None)),
        replace(REFUND, amount=0),
        replace(REFUND, amount=-10),
        replace(REFUND, amount=0.5),
        replace(REFUND, amount=MOST + 1),
        replace(REFUND, sale_key=""),
        replace(REFUND, currency="usd"),
        replace(OPENED, amount=0),
        replace(OPENED, key="k" * 151),
        replace(WON, fee=-1),
        replace(LOST, fee=MOST + 1),
        replace(LOST, dispute_key=""),
    ],
)
def test_what_is_no_amount_currency_key_or_time_is_refused(fact: Any):
    with pytest.raises(SalesFactUnfit):
        check_fact(fact, NOW)


def test_facts_are_told_at_most_a_hundred_at_once_and_none_twice_with_other_words():
    assert list(each_once([REFUND, REFUND, SALE], NOW)) == ["refund:r1", "sale:s1"]
    with pytest.raises(SalesFactContradicts):
        each_once([REFUND, replace(REFUND, amount=11)], NOW)
    with pytest.raises(SalesFactUnfit, match="At most 100"):
        each_once([replace(REFUND, key=f"r{number}") for number in range(MOST_AT_ONCE + 1)], NOW)
