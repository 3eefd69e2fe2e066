"""Prices, wishes and choices."""

from typing import Any

import pytest

from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.storefront.rules.prices import price_of
from aei_marketplace.storefront.rules.wishes import FILTERS, PARAMETERS, label_of, read_wish

USD = {"currency": "USD", "amount_minor": 900}


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        (None, "Free"),
        ({"model": "free"}, "Free"),
        ({"model": "one_time", **USD}, "USD 9.00"),
        (
            {"model": "subscription", "per": "month", "trial": {"days": 14}, **USD},
            "USD 9.00 a month",
        ),
        ({"model": "subscription", "per": "year", **USD}, "USD 9.00 a year"),
        ({"model": "usage", "per": "execution", **USD}, "USD 9.00 a run"),
        (
            {"model": "usage", "per": "1k_executions", "trial": {"executions": 1}, **USD},
            "USD 9.00 per 1,000 runs",
        ),
        ({"model": "one_time", "currency": "JPY", "amount_minor": 900}, "JPY 900"),
    ],
)
def test_a_price_is_a_few_words(pricing: dict[str, Any] | None, price: str):
    document = {} if pricing is None else {"pricing": pricing}
    assert price_of(document) == price


def test_an_address_is_read_into_a_wish():
    wish = read_wish({"q": " links ", "kind": "tool", "certified": "true", "sort": "installs", "price": ""})
    assert wish.criteria == Criteria(q="links", kind="tool", certified=True, sort=Sort.INSTALLS)
    assert wish.chosen == {"kind": "tool", "certified": "true"}
    assert not wish.idle
    assert wish.without("kind") == Criteria(q="links", certified=True, sort=Sort.INSTALLS)


@pytest.mark.parametrize("query", [{}, {"q": "  "}, {"kind": "", "sort": "rating"}, {"unknown": "x"}])
def test_an_address_that_asks_for_nothing_is_idle(query: dict[str, str]):
    assert read_wish(query).idle


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"q": "x"}, *({name: "true"} for name in FILTERS)])
def test_an_address_that_asks_for_anything_is_not(query: dict[str, str]):
    assert not read_wish(query).idle


@pytest.mark.parametrize(("name", "value"), [("sort", "loudest"), ("certified", "maybe")])
def test_a_value_that_there_is_not_is_refused_by_its_name(name: str, value: str):
    with pytest.raises(Invalid) as refused:
        read_wish({name: value})
    assert [fault.pointer for fault in refused.value.faults] == [name]


def test_every_filter_is_a_parameter_and_reads_well():
    assert set(FILTERS) < set(PARAMETERS)
    assert label_of("permission", "none") == "No permissions"
    assert label_of("kind", "agent") == "Agent"
    assert label_of("compatible_with", "2.3.1") == "Works with AEI 2.3.1"
    assert label_of("certified", "true") == "Certified"
