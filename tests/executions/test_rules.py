"""Decisions about executions, without a database."""

import json
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.schemas import compile_schema
from aei_marketplace.executions.errors import TaskTooLarge, TaskUnfit
from aei_marketplace.executions.rules.endings import MOST_DENIALS, ending, storable
from aei_marketplace.executions.rules.requests import check_task, read_request
from aei_marketplace.executions.rules.views import shown_output
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.installations.rules.limits import effective_limits, limit_faults
from aei_protocol.limits import LIMIT_NAMES, OPERATOR_CAP, Limits
from aei_protocol.messages import Denial, Ended, Usage
from aei_protocol.outcomes import Outcome

ID = UUID(int=7)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
limit_sets = st.dictionaries(st.sampled_from(LIMIT_NAMES), st.integers(1, 2**40))


@given(json_values)
def test_a_task_is_sent_as_the_text_that_came(task: object) -> None:
    text = json.dumps(task)
    assert bytes(read_request(b'{"task": ' + text.encode() + b"}").task).decode() == text


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    with suppress(Refusal):
        check_task(bytes(read_request(body).task), Limits(), None)
        json.loads(body)


@given(st.lists(limit_sets, max_size=4), limit_sets)
def test_limits_are_only_ever_lowered(lowered: list[dict[str, int]], more: dict[str, int]) -> None:
    asked = Limits(cpu_ms=90_000, wall_ms=10_000)
    held = effective_limits(asked, OPERATOR_CAP, *lowered)
    assert held == held.capped(OPERATOR_CAP) == held.capped(asked)
    lower = effective_limits(asked, OPERATOR_CAP, *lowered, more)
    assert lower == lower.capped(held)


@pytest.mark.parametrize(
    "limits",
    [
        {"speed": 1},
        {"cpu_ms": 0},
        {"cpu_ms": -1},
        {"cpu_ms": 1.5},
        {"cpu_ms": True},
        {"cpu_ms": 2**60},
        [],
        "x",
    ],
)
def test_what_is_no_limit_is_named(limits: object) -> None:
    assert limit_faults(limits, "/limits")


def test_both_ways_of_naming_memory_together_mean_the_smaller() -> None:
    held = effective_limits(Limits(), OPERATOR_CAP, {"memory_mib": 64, "memory_bytes": 1024 * 1024})
    assert held.memory_bytes == 1024 * 1024


def test_a_task_is_measured_before_it_is_read() -> None:
    with pytest.raises(TaskTooLarge):
        check_task(b"[" * 20, Limits(input_bytes=10), None)


def test_every_place_where_a_task_does_not_fit_is_named() -> None:
    schema = compile_schema(
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    )
    with pytest.raises(TaskUnfit) as refusal:
        check_task(b'{"a": 1, "b": "x"}', Limits(), schema)
    assert {f.pointer for f in refusal.value.faults} == {"/task/a", "/task/b"}


@given(json_values)
def test_shown_output_means_what_the_guest_wrote(value: object) -> None:
    shown = shown_output(json.dumps(value).encode())
    assert json.loads(bytes(shown)) == value


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_can_be_shown(text: str) -> None:
    shown = shown_output(text.encode())
    assert shown == text or json.loads(bytes(shown)) == json.loads(text)


@given(st.text(max_size=6000))
def test_what_guests_say_can_be_stored(text: str) -> None:
    kept = storable(text)
    assert "\x00" not in kept
    assert len(kept) <= 4_000


@given(st.integers(0, 60), st.integers(0, 2**40))
def test_every_denied_call_is_counted_in_exactly_one_entry(targets: int, more: int) -> None:
    denied = tuple(Denial("secrets", f"NAME_{n}", n + 1) for n in range(targets))
    end = ending(
        Ended(str(ID), Outcome.OK, "1", None, Usage(), (), denied, more_denied=more), "acme.echo", "1.0.0", ID
    )
    entries = [f for f in end.facts if f.action == "permission.denied"]
    assert sum(f.context["count"] for f in entries) == sum(d.count for d in denied) + more
    assert len(entries) <= MOST_DENIALS + 1
    assert [f.action for f in end.facts].count("execution.end") == 1


def test_entries_hold_whole_numbers_only() -> None:
    end = ending(Ended(str(ID), Outcome.OK, "1", None, Usage(1.2345, 2.5)), "acme.echo", "1.0.0", ID)
    assert all(isinstance(v, str | int) for f in end.facts for v in f.context.values())
    assert end.facts[0].context["cpu_us"] == 1234
    assert json.loads(end.usage)["cpu_ms"] == 1.234
