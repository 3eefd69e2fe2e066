"""How executions read: ends, usage, denials, trends."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.executions.rules.trends import DAYS, MOST_COUNTED, Group, trend
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.rules.words import duration, end_of, measures, refusals, wall_words
from aei_marketplace.ground.clock import first_id
from aei_protocol.limits import Limits
from aei_protocol.outcomes import Outcome
from aei_sandbox import walls

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RUN = Execution(
    id=uuid4(),
    plugin_id="acme.echo",
    version="1.0.0",
    installation_id=uuid4(),
    actor_id=uuid4(),
    mode="async",
    limits=json.dumps({"cpu_ms": 1000, "wall_ms": 5000, "memory_bytes": 1_000_000, "host_calls": 10}),
    started_at=NOW,
    ended_at=NOW,
    outcome="ok",
    usage=json.dumps({"cpu_ms": 250.0, "wall_ms": 7000.0, "peak_memory_bytes": 500_000, "host_calls": 1}),
)


def test_every_wall_that_the_sandbox_builds_says_what_it_is_for():
    unexplained = [wall for wall, words in wall_words(walls.ALL) if not words]
    assert unexplained == []


@pytest.mark.parametrize("outcome", [None, *map(str, Outcome)])
def test_every_outcome_has_its_words(outcome: str | None):
    end = end_of(outcome)
    assert end.meaning in ("ok", "note", "warn", "danger")
    assert end.sentence.endswith(".")
    if outcome not in (None, "ok", "cancelled"):
        assert end.next_step.endswith(".")


def test_usage_stands_beside_the_limit_that_held_and_never_beyond_it():
    shown = {m.label: m for m in measures(RUN)}
    assert shown["CPU time"].used == "250 ms"
    assert shown["CPU time"].limit == "1 s"
    assert shown["CPU time"].share == 0.25
    assert shown["Time"].share == 1
    assert not any(m.reached for m in shown.values())
    limited = measures(replace(RUN, outcome="wall_limit"))
    assert [m.label for m in limited if m.reached] == ["Time"]
    assert measures(replace(RUN, usage=None)) == ()


def test_every_limit_of_the_protocol_that_is_shown_has_the_name_it_has_there():
    limits = json.dumps(dict.fromkeys(Limits.__slots__, 1))
    usage = json.dumps(
        dict.fromkeys(("cpu_ms", "wall_ms", "peak_memory_bytes", "host_calls", "bytes_out"), 1)
    )
    assert all(m.limit for m in measures(replace(RUN, limits=limits, usage=usage)))


def denied(permission: str, **change: object) -> Execution:
    permissions = {
        "used": [],
        "denied": [{"permission": permission, "target": "x", "count": 1}],
        "more_denied": 0,
    }
    return replace(RUN, permissions=json.dumps(permissions), **change)  # type: ignore[arg-type]  # its own fields


def test_a_denial_says_why_and_what_can_be_done():
    (not_granted,) = refusals(denied("network"), ["network"], may_grant=True)
    assert not_granted.asked == "It asked to reach x."
    assert "change what the installation is granted" in not_granted.advice
    (for_others,) = refusals(denied("network"), ["network"], may_grant=False)
    assert "Ask somebody" in for_others.advice
    (unannounced,) = refusals(denied("network"), [], may_grant=True)
    assert "nobody can grant it" in unannounced.why
    (tried,) = refusals(denied("network", installation_id=None), ["network"], may_grant=True)
    assert tried.why == "A try-out holds no permission at all."
    (unknown,) = refusals(denied("network"), None, may_grant=True)
    assert "nobody can grant it" not in unknown.why
    (future,) = refusals(denied("teleport"), ["teleport"], may_grant=True)
    assert future.asked == "It asked for x."


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0, "0 ms"),
        (1.26, "1.3 ms"),
        (412.5, "412 ms"),
        (1_830, "1.8 s"),
        (10_000, "10 s"),
        (185_000, "3 min 5 s"),
    ],
)
def test_durations_read_as_people_say_them(milliseconds: float, words: str):
    assert duration(milliseconds) == words


TODAY = date(2026, 11, 22)
groups = st.builds(
    lambda back, plugin, ok, failed, running: Group(
        TODAY - timedelta(days=back), plugin, ok + failed + running, ok, running, 10.0 * (ok + failed)
    ),
    st.integers(-2, DAYS + 5),
    st.sampled_from(["a.a", "a.b", "a.c"]),
    *[st.integers(0, 50)] * 3,
)


@given(st.lists(groups, max_size=20))
def test_a_trend_adds_up_to_what_lies_in_its_days(counted: list[Group]):
    found = trend(counted, TODAY)
    within = [g for g in counted if TODAY - timedelta(days=DAYS) < g.day <= TODAY]
    assert len(found.days) == DAYS
    assert found.days[-1].day == TODAY
    assert found.count == sum(g.count for g in within) == sum(n for _, n in found.plugins)
    assert found.failed == sum(g.count - g.ok - g.running for g in within)
    assert all(day.mean_ms == pytest.approx(10) for day in found.days if day.mean_ms is not None)
    assert found.top == max(day.count for day in found.days)


def test_a_trend_says_when_not_all_could_be_counted():
    assert trend([Group(TODAY, "a.a", MOST_COUNTED, 0, 0, 0.0)], TODAY).cut
    assert not trend([Group(TODAY, "a.a", MOST_COUNTED - 1, 0, 0, 0.0)], TODAY).cut


def test_the_first_id_of_a_moment_comes_before_all_that_are_made_then():
    moment = datetime(2026, 11, 22, 17, 45, 41, 999_000, tzinfo=UTC)
    milliseconds = int(moment.timestamp() * 1000)
    made_then = UUID(int=(milliseconds << 80) | (7 << 76) | (0b10 << 62))
    made_before = UUID(int=((milliseconds - 1) << 80) | (2**80 - 1))
    assert made_before < first_id(moment) < made_then
    assert first_id(datetime(1, 1, 1, tzinfo=UTC)) == UUID(int=0)
