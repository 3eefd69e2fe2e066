"""Terms of share agreements: what can be agreed, what applies when, and what has to be announced."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from aei_marketplace.sales.errors import AgreementUnfit
from aei_marketplace.sales.rules.shares import (
    DEFAULT,
    NOTICE,
    Agreement,
    Revenue,
    Terms,
    Tier,
    check_announced,
    check_terms,
    in_percent,
    is_worse,
    share_at,
    terms_at,
)
from aei_marketplace.sales.rules.tiers import counted_until

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TERMS = Terms(8500, NOW + NOTICE, "As agreed on the phone")


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"creator_share_bps": 10_001}, "creator_share_bps"),
        ({"creator_share_bps": -1}, "creator_share_bps"),
        ({"creator_share_bps": 85.5}, "creator_share_bps"),
        ({"creator_share_bps": True}, "creator_share_bps"),
        ({"tiers": (Tier("USD", 0, 9000),)}, "tiers/0/from_gross_minor"),
        ({"tiers": (Tier("USD", 1, 10_001),)}, "tiers/0/creator_share_bps"),
        ({"tiers": (Tier("USD", 1, 9000), Tier("usd", 1, 9000))}, "tiers/1/currency"),
        ({"tiers": (Tier("USD", 1, 9000), Tier("USD", 1, 9500))}, "tiers"),
        ({"tiers": tuple(Tier("USD", n + 1, 9000) for n in range(21))}, "tiers"),
        ({"processing_fee_bearer": "buyer"}, "processing_fee_bearer"),
        ({"dispute_fee_bearer": "creator"}, "dispute_fee_bearer"),
        ({"effective_from": datetime(2027, 1, 1)}, "effective_from"),  # noqa: DTZ001 what is refused
        ({"reason": "  "}, "reason"),
        ({"reason": "r" * 501}, "reason"),
    ],
)
def test_terms_that_nobody_can_agree_on_are_refused(changed: dict[str, Any], pointer: str):
    check_terms(TERMS)
    with pytest.raises(AgreementUnfit) as refusal:
        check_terms(replace(TERMS, **changed))
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]


def agreement(number: int, terms: Terms) -> Agreement:
    return Agreement(UUID(int=number), "acme.echo", terms, UUID(int=9), NOW, number)


def test_the_latest_that_has_begun_applies_and_of_those_that_begin_alike_the_one_set_last():
    first, second = agreement(1, replace(TERMS, creator_share_bps=7000)), agreement(2, TERMS)
    later = agreement(3, replace(TERMS, creator_share_bps=9000, effective_from=NOW + 2 * NOTICE))
    begins = TERMS.effective_from
    for order in ([first, second, later], [later, second, first]):
        assert terms_at(order, begins - timedelta(microseconds=1)) is DEFAULT
        assert terms_at(order, begins) == second.terms
        assert terms_at(order, NOW + 2 * NOTICE) == later.terms
    assert share_at([], NOW, Revenue("USD", 10**12)).creator_share_bps == 8500


def test_a_tier_begins_with_its_amount_in_its_own_currency():
    tiered = replace(TERMS, tiers=(Tier("USD", 500, 9500), Tier("USD", 100, 9000), Tier("JPY", 1, 10_000)))
    found = [tiered.share(Revenue("USD", gross)) for gross in (-5, 99, 100, 499, 500, 10**12)]
    assert found == [8500, 8500, 9000, 9000, 9500, 9500]
    assert (tiered.share(Revenue("JPY", 0)), tiered.share(Revenue("EUR", 10**12))) == (8500, 8500)


@pytest.mark.parametrize(
    ("earned", "counted"),
    [
        ("2026-11-01T00:00:00", "2026-09"),
        ("2026-01-31T23:59:59", "2025-11"),
        ("2026-02-01T00:00:00", "2025-12"),
    ],
)
def test_revenue_counts_to_the_end_of_the_second_month_before(earned: str, counted: str):
    assert str(counted_until(datetime.fromisoformat(earned).replace(tzinfo=UTC))) == counted


@pytest.mark.parametrize(
    ("changed", "worse"),
    [
        ({}, False),
        ({"creator_share_bps": 9000}, False),
        ({"creator_share_bps": 8499}, True),
        ({"tiers": (Tier("USD", 100, 9000),)}, False),
        ({"tiers": (Tier("USD", 100, 8000),)}, True),
        ({"processing_fee_bearer": "creator"}, True),
        ({"dispute_fee_bearer": "platform"}, False),
    ],
)
def test_terms_are_worse_when_a_creator_can_get_less(changed: dict[str, Any], worse: bool):
    assert is_worse(replace(TERMS, **changed), TERMS) == worse


def test_terms_lack_a_tier_that_there_was_and_are_worse_at_its_amount():
    tiered = replace(TERMS, tiers=(Tier("USD", 100, 9000),))
    assert is_worse(replace(TERMS, creator_share_bps=8900), tiered)
    assert not is_worse(replace(TERMS, creator_share_bps=9000), tiered)


@pytest.mark.parametrize(
    ("share", "begins", "code"),
    [
        (9000, NOW, "effective_in_the_past"),
        (9000, NOW - timedelta(days=40), "effective_in_the_past"),  # a month that is closed
        (9000, NOW + timedelta(seconds=1), None),
        (8000, NOW + timedelta(seconds=1), "notice_too_short"),
        (8000, NOW + NOTICE - timedelta(seconds=1), "notice_too_short"),
        (8000, NOW + NOTICE, None),
    ],
)
def test_terms_begin_in_the_future_and_worse_ones_after_their_notice(
    share: int, begins: datetime, code: str | None
):
    terms = replace(TERMS, creator_share_bps=share, effective_from=begins)
    if code is None:
        check_announced(terms, [], NOW)
        return
    with pytest.raises(AgreementUnfit) as refusal:
        check_announced(terms, [], NOW)
    assert [fault.code for fault in refusal.value.faults] == [code]


def test_terms_are_held_against_those_that_would_apply_by_then():
    promised = agreement(1, replace(TERMS, creator_share_bps=9500, effective_from=NOW + timedelta(days=5)))
    sooner = replace(TERMS, creator_share_bps=9000, effective_from=NOW + timedelta(days=4))
    check_announced(sooner, [promised], NOW)
    with pytest.raises(AgreementUnfit):
        check_announced(replace(sooner, effective_from=NOW + timedelta(days=6)), [promised], NOW)


@pytest.mark.parametrize(
    ("share", "words"), [(8500, "85 %"), (3333, "33.33 %"), (8550, "85.5 %"), (0, "0 %"), (1, "0.01 %")]
)
def test_a_share_reads_as_per_cent(share: int, words: str):
    assert in_percent(share) == words
