"""How outputs and logs are laid out for people."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.executions.rules.outputs import (
    DEEPEST,
    LARGEST_LAID_OUT,
    LONGEST_LINE,
    LONGEST_TEXT,
    MOST_LINES,
    MOST_PARTS,
    MOST_ROWS,
    Part,
    laid_out,
    laid_out_log,
    plain,
)


def of(value: Any) -> Part:
    return laid_out(json.dumps(value).encode()).part


def size(part: Part) -> int:
    return 1 + sum(size(each) for each in part.parts) + sum(len(row) for row in part.rows)


def test_flat_objects_are_a_table_with_every_key_as_a_column():
    part = of([{"name": "a", "count": 1}, {"name": "b", "ok": True, "none": None}])
    assert part.shape == "table"
    assert part.columns == ("name", "count", "ok", "none")
    assert part.rows == (("a", "1", "", ""), ("b", "", "true", "null"))


@pytest.mark.parametrize(
    "value", [[{"a": [1]}], [{"a": 1}, 2], [{}], [1, 2], [{str(n): n for n in range(20)}]]
)
def test_what_a_table_cannot_show_is_a_list(value: list[Any]):
    assert of(value).shape == "list"


def test_nested_values_keep_their_order_and_their_labels():
    part = of({"b": {"x": [1, "two"]}, "a": None})
    assert [each.label for each in part.parts] == ["b", "a"]
    inner = part.parts[0].parts[0]
    assert [(each.label, each.shape, each.text) for each in inner.parts] == [
        ("0", "scalar", "1"),
        ("1", "text", "two"),
    ]
    assert part.parts[1].text == "null"


@pytest.mark.parametrize("value", [{}, [], "", 0, False, None])
def test_what_holds_nothing_is_shown_as_what_it_is(value: Any):
    part = of(value)
    assert part.shape == ("text" if value == "" else "scalar")
    assert part.text == ("" if value == "" else json.dumps(value))


def test_text_that_is_not_json_stays_text():
    shown = laid_out(b"plain \xff words")
    assert (shown.part.shape, shown.is_json, shown.cut) == ("text", False, False)
    assert shown.part.text.startswith("plain ")


def test_what_is_nested_too_deeply_is_text():
    assert laid_out(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1)).part.shape == "text"
    assert laid_out(b"[" * 100_000).part.shape == "text"


def test_a_large_output_is_its_beginning_and_says_so():
    shown = laid_out(b'"' + "ü".encode() * LARGEST_LAID_OUT + b'"')
    assert shown.cut
    assert len(shown.part.text) <= LONGEST_TEXT
    assert shown.part.text[1:3] == "üü"


def test_many_parts_are_cut_and_what_is_left_out_is_counted():
    part = of(list(range(5 * MOST_PARTS)))
    assert len(part.parts) + part.left_out == 5 * MOST_PARTS
    assert size(part) <= MOST_PARTS + 1
    table = of([{"a": n} for n in range(MOST_ROWS + 7)])
    assert (len(table.rows), table.left_out) == (MOST_ROWS, 7)
    assert table.count == MOST_ROWS + 7


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=8),
    max_leaves=60,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_whatever_a_guest_returns_is_laid_out_within_bounds(output: bytes):
    shown = laid_out(output)
    assert shown.size == len(output)
    assert size(shown.part) <= MOST_PARTS + 1


@given(st.text() | st.text("\x1b\x9b[];m\x07x"))
def test_nothing_steers_a_terminal_after_it_is_made_plain(text: str):
    assert not {"\x1b", "\x9b"} & set(plain(text))


def test_sequences_for_terminals_leave_their_words():
    assert (
        plain("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07 \x1bM\x9b2Jend") == "red link end"
    )
    assert plain("no sequence: [31m") == "no sequence: [31m"


def test_of_a_long_log_the_last_lines_are_shown():
    lines = [{"at_ms": n, "level": "info", "message": "x" * 9_000} for n in range(MOST_LINES + 5)]
    shown, left_out = laid_out_log(lines)
    assert (len(shown), left_out) == (MOST_LINES, 5)
    assert shown[-1]["at_ms"] == MOST_LINES + 4
    assert len(shown[0]["message"]) == LONGEST_LINE
