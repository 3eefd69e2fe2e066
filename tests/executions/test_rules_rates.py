"""The token bucket."""

from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.executions.rules.rates import Bucket, is_full, take
from aei_protocol.limits import Allowance

allowances = st.builds(Allowance, st.just(1), st.integers(1, 100_000), st.integers(1, 500))
pauses = st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=200)


@given(allowances, pauses)
def test_no_stretch_of_time_sees_more_than_the_burst_and_the_rate(
    allowance: Allowance, waits: list[float]
) -> None:
    bucket, now, started = None, 100.0, []
    for wait in waits:
        now += wait
        bucket, refused = take(bucket, now, allowance)
        if not refused:
            started.append(now)
    for first in range(len(started)):
        for last in range(first, len(started)):
            seconds = started[last] - started[first]
            most = allowance.executions_burst + seconds * allowance.executions_per_minute / 60
            assert last - first + 1 <= most + 1e-6


@given(allowances, pauses)
def test_who_waits_as_long_as_told_may_start(allowance: Allowance, waits: list[float]) -> None:
    bucket, now = None, 0.0
    for wait in waits:
        now += wait
        bucket, refused = take(bucket, now, allowance)
        if refused:
            now += refused + 1e-6
            bucket, refused = take(bucket, now, allowance)
            assert refused == 0


@given(allowances, st.floats(0, 1000), st.floats(0, 100))
def test_a_full_bucket_is_as_good_as_none(allowance: Allowance, tokens: float, later: float) -> None:
    bucket = Bucket(tokens, 0.0)
    if is_full(bucket, later, allowance):
        assert take(bucket, later, allowance) == take(None, later, allowance)


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    bucket, _ = take(None, 10.0, Allowance(1, 60, 1))
    bucket, refused = take(bucket, 5.0, Allowance(1, 60, 1))
    assert refused > 0


def test_a_policy_that_is_lowered_holds_at_once() -> None:
    bucket, _ = take(None, 0.0, Allowance(1, 60, 1000))
    for _ in range(2):
        bucket, _ = take(bucket, 0.0, Allowance(1, 60, 2))
    assert take(bucket, 0.0, Allowance(1, 60, 2))[1] > 0
