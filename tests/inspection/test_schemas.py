"""Author schemas: nothing remote, nothing endless, nothing that keeps the process busy."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.problems import PackageRefused
from aei_inspection.schemas import MAX_COST, MAX_ERRORS, check, compile_schema

#: Far more than a check takes, far less than what is prevented.
PATIENCE = 20.0


def nested(levels: int) -> dict[str, Any]:
    return {"not": nested(levels - 1)} if levels else {}


def doubling(levels: int, through: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Definitions of which each applies the next one twice."""
    steps = {f"a{n}": {"allOf": [through({"$ref": f"#/$defs/a{n + 1}"})] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**steps, f"a{levels}": {"type": "string"}}}


REFUSED: dict[str, tuple[Any, str, str]] = {
    "no object": ([], "schema_invalid", ""),
    "boolean": (True, "schema_invalid", ""),
    "unknown type": ({"properties": {"a": {"type": "strng"}}}, "schema_invalid", "/properties/a/type"),
    "negative length": ({"minLength": -1}, "schema_invalid", "/minLength"),
    "another dialect": ({"$schema": "http://json-schema.org/draft-07/schema#"}, "schema_dialect", "/$schema"),
    "dialect that is no text": ({"$schema": 7}, "schema_dialect", "/$schema"),
    "remote reference": ({"$ref": "http://127.0.0.1:1/x"}, "schema_reference", "/$ref"),
    "file reference": ({"items": {"$ref": "file:///etc/passwd"}}, "schema_reference", "/items/$ref"),
    "relative reference": ({"$ref": "other.json"}, "schema_reference", "/$ref"),
    "remote dynamic reference": ({"$dynamicRef": "http://a.example/#x"}, "schema_reference", "/$dynamicRef"),
    "reference to nothing": ({"$ref": "#/$defs/nothing"}, "schema_reference", "/$ref"),
    "reference to no anchor": ({"$ref": "#nothing"}, "schema_reference", "/$ref"),
    "reference to itself": ({"$ref": "#"}, "schema_endless", ""),
    "circle of two": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}},
        "schema_endless",
        "",
    ),
    "circle by anchor": ({"$dynamicAnchor": "x", "if": {"$dynamicRef": "#x"}}, "schema_endless", ""),
    "another base": ({"not": {"$id": "https://a.example/"}}, "schema_keyword", ""),
    "unevaluated": ({"anyOf": [{"unevaluatedProperties": False}]}, "schema_keyword", ""),
    "look-ahead": ({"properties": {"a": {"pattern": "(?=a)b"}}}, "schema_pattern", "/properties/a/pattern"),
    "back reference": ({"pattern": r"(a)\1"}, "schema_pattern", "/pattern"),
    "huge repetition": ({"pattern": r"(\w{1000}){1000}"}, "schema_pattern", "/pattern"),
    "too large": ({"description": "x" * 33_000}, "schema_too_large", ""),
    "too deep": (nested(30), "schema_too_deep", ""),
    "too many patterns": ({"anyOf": [{"pattern": f"a{n}"} for n in range(65)]}, "schema_too_large", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_schema_that_could_harm_is_refused(case: str) -> None:
    schema, code, pointer = REFUSED[case]
    with pytest.raises(PackageRefused) as refusal:
        compile_schema(schema)
    assert (code, pointer) in {(p.code, p.pointer) for p in refusal.value.problems}


def test_the_pointers_of_a_refusal_begin_where_the_schema_stands() -> None:
    with pytest.raises(PackageRefused) as refusal:
        compile_schema({"type": 3}, ("config_schema",))
    assert refusal.value.problems[0].pointer == "/config_schema/type"


def test_a_value_that_fits_has_no_problems() -> None:
    compiled = compile_schema(
        {"type": "object", "properties": {"text": {"type": "string", "pattern": r"\S"}}}
    )
    assert check(compiled, {"text": "hello"}) == []
    assert check(compiled, {}) == []


def test_every_problem_of_a_value_points_at_its_place() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "maxLength": 3}, "b": {"items": {"enum": [1, 2]}}},
        "required": ["c"],
        "additionalProperties": False,
    }
    found = check(compile_schema(schema), {"a": "long text", "b": [1, 3], "d": 1}, ("task",))
    assert {(p.code, p.pointer) for p in found} == {
        ("too_long", "/task/a"),
        ("not_allowed", "/task/b/1"),
        ("unknown_key", "/task/d"),
        ("missing_key", "/task"),
    }


def test_no_more_than_twenty_problems_are_reported() -> None:
    compiled = compile_schema({"items": {"type": "string"}})
    assert len(check(compiled, list(range(500)))) == MAX_ERRORS


def test_a_large_wrong_value_is_refused_without_listing_all_that_is_wrong() -> None:
    compiled = compile_schema({"items": {"type": "string"}})
    began = time.process_time()
    assert [p.pointer for p in check(compiled, list(range(200_000)))] == ["/0"]
    assert time.process_time() - began < PATIENCE


def test_a_message_never_holds_a_long_value() -> None:
    found = check(compile_schema({"type": "object"}), "x" * 100_000)
    assert len(found[0].message) < 300


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (doubling(40, lambda next_one: next_one), "x"),
        (
            doubling(9, lambda next_one: {"items": next_one, "contains": next_one}),
            [[[[[["x"]]]]]] * 5000,
        ),
        (
            {"$defs": {"a": {"allOf": [{"items": {"$ref": "#/$defs/a"}}] * 2}}, "$ref": "#/$defs/a"},
            [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],
        ),
        ({"items": {"allOf": [{}] * 5000}}, [0] * 100_000),
        ({"uniqueItems": True}, [{"a": [n]} for n in range(250_000)]),
        ({"items": {"items": {"enum": [[1]]}}}, [[[n] for n in range(250_000)]]),
        ({"pattern": "^(a|b)*a(a|b){200}c$"}, "ab" * 500_000),
        ({"patternProperties": {"(a|b)*a(a|b){300}c": {}}}, {"ab" * 500_000: 1}),
        ({"propertyNames": {"pattern": "(a|b)*a(a|b){300}c"}}, {"ab" * 500_000: 1}),
    ],
)
def test_a_check_that_would_take_too_long_is_not_begun(schema: dict[str, Any], value: Any) -> None:
    compiled = compile_schema(schema)
    began = time.process_time()
    assert [p.code for p in check(compiled, value)] == ["too_costly"]
    assert time.process_time() - began < PATIENCE


def test_a_pattern_that_backtracks_elsewhere_is_linear_here() -> None:
    began = time.process_time()
    assert [p.code for p in check(compile_schema({"pattern": "^(a+)+$"}), "a" * 50_000 + "b")] == ["bad_form"]
    assert time.process_time() - began < PATIENCE


def test_the_costliest_check_that_is_begun_ends_soon() -> None:
    schema = {"items": {"allOf": [{"type": "integer"}] * 200}}
    compiled = compile_schema(schema)
    value = [0] * 1000
    while compiled.cost.of(value * 2) <= MAX_COST:
        value *= 2
    began = time.process_time()
    assert check(compiled, value) == []
    assert time.process_time() - began < PATIENCE


def test_many_distinct_items_are_an_ordinary_value() -> None:
    schema = {"type": "array", "uniqueItems": True, "items": {"type": "string", "pattern": "^.{1,200}$"}}
    assert check(compile_schema(schema), [f"item {n}" for n in range(5000)]) == []


def test_an_ordinary_recursive_schema_is_applied() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "name": {"type": "string"}},
        "additionalProperties": False,
    }
    value: dict[str, Any] = {"name": "leaf"}
    for _ in range(10):
        value = {"left": value, "right": value}
    assert check(compile_schema(tree), value) == []
    assert [p.code for p in check(compile_schema(tree), {"left": {"name": 3}})] == ["wrong_type"]


def test_a_large_text_is_checked_against_an_ordinary_schema() -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1, "pattern": r"\S"}}}
    assert check(compile_schema(schema), {"text": "word " * 200_000}) == []


def test_a_text_that_is_not_unicode_does_not_fit() -> None:
    assert [p.code for p in check(compile_schema({"type": "string", "maxLength": 9}), "\ud800")] == [
        "not_json"
    ]


def test_a_value_nested_too_deep_does_not_fit() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert [p.code for p in check(compile_schema({}), deep)] == ["too_deep"]


def test_the_same_schema_is_compiled_once() -> None:
    schema = {"type": "object", "title": "compiled once"}
    assert compile_schema(dict(schema)) is compile_schema(dict(schema))


def test_threads_may_share_a_compiled_schema() -> None:
    compiled = compile_schema(doubling(12, lambda next_one: {"items": next_one}))
    value: Any = "x"
    for _ in range(12):
        value = [value]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: compiled.cost.of(value), range(64))) == {compiled.cost.of(value)}


schemas = st.recursive(
    st.sampled_from(
        [{}, {"type": "string"}, {"type": "integer"}, {"minimum": 1}, {"enum": [1, "a"]}, {"maxLength": 1}]
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2)}),
    ),
    max_leaves=5,
)
values = st.recursive(
    st.integers(-2, 2) | st.text("ab", max_size=2) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=6,
)


@given(schemas, values)
def test_an_ordinary_value_fits_exactly_when_the_validator_says_so(
    schema: dict[str, Any], value: Any
) -> None:
    assert (check(compile_schema(schema), value) == []) is jsonschema_rs.is_valid(schema, value)
