"""What a plugin is given on trial."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.rehearsal.tasks import smallest, tasks_of
from aei_inspection.schemas import check, compile_schema


def test_examples_come_before_anything_made_up_and_only_the_first_three() -> None:
    examples = [{"title": str(n), "input": {"n": n}} for n in range(5)]
    found = tasks_of({"examples": examples, "input_schema": {"type": "object"}})
    assert [(task.place, task.value, task.promised) for task in found] == [
        ("example 1", {"n": 0}, True), ("example 2", {"n": 1}, True), ("example 3", {"n": 2}, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "task"),
    [
        ({}, {}),
        ({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}, {"text": ""}),
        ({"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 3}}, [3, 3]),
        ({"type": ["null", "string"]}, None),
        ({"type": "boolean"}, False),
        ({"type": "string", "minLength": 3}, "aaa"),
        ({"enum": ["de", "en"]}, "de"),
        ({"const": 7}, 7),
        ({"type": "string", "pattern": "^[0-9]+$", "examples": ["42"]}, "42"),
        ({"oneOf": [{"type": "number", "exclusiveMinimum": 1}, {"type": "string"}]}, 2),
        ({"type": "integer", "maximum": -4}, -4),
    ],
)
def test_the_smallest_task_is_built_from_what_a_schema_requires(schema: dict[str, Any], task: Any) -> None:
    assert smallest(schema) == (task,)
    assert tasks_of({"input_schema": schema})[0].value == task


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[0-9]+$"},
        {"not": {}},
        {"type": "string", "minLength": 1_000_000},
        {"type": "array", "minItems": 100, "items": {"type": "array", "minItems": 1000}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}},
    ],
)
def test_where_no_small_task_is_found_nothing_is_made_up(schema: dict[str, Any]) -> None:
    assert smallest(schema) is None
    assert tasks_of({"input_schema": schema}) == ()


_bounds = st.integers(-50, 50)
_leaves = st.one_of(
    st.just({"type": "boolean"}),
    st.builds(lambda n: {"type": "string", "minLength": n}, st.integers(0, 9)),
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        _bounds,
        st.integers(0, 9),
    ),
)
_schemas = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda n, items: {"type": "array", "minItems": n, "items": items}, st.integers(0, 3), inner
        ),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda known: {"type": "object", "properties": known, "required": sorted(known)}
        ),
    ),
    max_leaves=6,
)


@given(_schemas)
def test_what_is_built_of_types_and_lower_bounds_always_fits(schema: dict[str, Any]) -> None:
    found = smallest(schema)
    assert found is not None
    assert check(compile_schema(schema), found[0]) == []
