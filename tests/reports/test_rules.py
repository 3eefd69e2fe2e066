"""How often one reports, whose word counts, what a verdict does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules.states import MOVES, STOPPED, Mover, ReleaseState
from aei_marketplace.reports.errors import ReportUnfit, TooManyReports
from aei_marketplace.reports.rules import filing, verdicts, weight
from aei_marketplace.reports.rules.filing import ReportKind
from aei_marketplace.reports.rules.verdicts import Verdict
from aei_marketplace.reports.rules.weight import Record

NOW = datetime(2030, 1, 1, tzinfo=UTC)
S = ReleaseState


def test_an_eleventh_report_within_a_day_waits_until_the_first_is_a_day_old() -> None:
    recent = [NOW - timedelta(hours=n) for n in range(10)]
    filing.check_rate(recent[:9], NOW)
    with pytest.raises(TooManyReports) as refused:
        filing.check_rate(recent, NOW)
    assert refused.value.headers == {"Retry-After": str(15 * 3600 + 1)}


def test_another_kind_of_report_is_refused() -> None:
    with pytest.raises(ReportUnfit):
        filing.check_kind("rude")


@pytest.mark.parametrize(("upheld", "dismissed", "share"), [(0, 0, 100), (0, 2, 50), (0, 3, 40), (2, 4, 50)])
def test_who_is_always_wrong_loses_weight(upheld: int, dismissed: int, share: int) -> None:
    assert Record(upheld, dismissed).weight == share


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_weight_falls_with_each_wrong_report_and_rises_with_each_right_one(up: int, down: int) -> None:
    here = Record(up, down).weight
    assert 0 <= Record(up, down + 1).weight <= here <= Record(up + 1, down).weight <= 100


def test_the_word_of_who_is_mostly_wrong_hurries_nobody_and_stops_nothing() -> None:
    good, bad = Record(0, 2), Record(0, 3)
    assert weight.due_in(ReportKind.MALICIOUS, good) == timedelta(hours=4)
    assert weight.due_in(ReportKind.MALICIOUS, bad) == timedelta(hours=72)
    assert weight.stops_at_once(ReportKind.MALICIOUS, good, trusted=True)
    assert not weight.stops_at_once(ReportKind.MALICIOUS, bad, trusted=True)
    assert not weight.stops_at_once(ReportKind.MALICIOUS, good, trusted=False)
    assert not weight.stops_at_once(ReportKind.BROKEN, good, trusted=True)


def test_a_removal_that_can_be_appealed_is_a_quarantine_first() -> None:
    assert verdicts.wanted_state(Verdict.REMOVE, final=False) is S.QUARANTINED
    assert verdicts.wanted_state(Verdict.REMOVE, final=True) is S.REMOVED
    assert verdicts.wanted_state(Verdict.BLOCK, final=False) is S.BLOCKED


@given(st.sampled_from(ReleaseState), st.sampled_from([S.YANKED, *STOPPED, S.LISTED, S.DEPRECATED]))
def test_every_way_is_one_that_the_state_machine_has(present: ReleaseState, wanted: ReleaseState) -> None:
    here = present
    for step in verdicts.way(present, wanted):
        assert step in MOVES[Mover.STAFF][here]
        here = step
    assert here is wanted or present in (S.PROCESSING, S.HELD, S.REMOVED)
