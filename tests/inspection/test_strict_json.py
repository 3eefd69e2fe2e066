"""JSON documents that Python would read and the gate does not."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.problems import PackageRefused
from aei_inspection.strict_json import LARGEST_INTEGER, depth, read_json

REFUSED: dict[str, tuple[bytes, str]] = {
    "too large": (b'"' + b"x" * 1000 + b'"', "json_too_large"),
    "byte order mark": (b"\xef\xbb\xbf{}", "json_not_utf8"),
    "latin-1": (b'"\xe9"', "json_not_utf8"),
    "utf-16": ("{}".encode("utf-16"), "json_not_utf8"),
    "encoded surrogate": (b'"\xed\xa0\x80"', "json_not_utf8"),
    "escaped half of a pair": (b'"\\ud800"', "json_text"),
    "half of a pair as a key": (b'{"\\udc00": 1}', "json_text"),
    "half of a pair in a list": (b'["\\ud800"]', "json_text"),
    "escaped NUL": (b'{"a": "x\\u0000"}', "json_text"),
    "duplicate key": (b'{"a": 1, "a": 2}', "json_duplicate_key"),
    "duplicate key by escape": (b'{"a": 1, "\\u0061": 2}', "json_duplicate_key"),
    "duplicate key inside": (b'[{"b": {"a": 1, "a": 1}}]', "json_duplicate_key"),
    "NaN": (b"[NaN]", "json_number"),
    "Infinity": (b"-Infinity", "json_number"),
    "overflowing fraction": (b"1e400", "json_number"),
    "endless fraction": (b"0." + b"1" * 60, "json_number"),
    "integer beyond 2^53": (str(LARGEST_INTEGER + 1).encode(), "json_number"),
    "integer of 500 digits": (b"9" * 500, "json_number"),
    "too deep": (b"[" * 11 + b"]" * 11, "json_too_deep"),
    "too deep in objects": (b'{"a":' * 11 + b"1" + b"}" * 11, "json_too_deep"),
    "unclosed and deep": (b"[" * 900, "json_too_deep"),
    "empty": (b"", "json_malformed"),
    "trailing comma": (b"[1,]", "json_malformed"),
    "comment": (b"{} // no", "json_malformed"),
    "two documents": (b"{} {}", "json_malformed"),
    "single quotes": (b"{'a': 1}", "json_malformed"),
    "line break in a text": (b'"a\nb"', "json_malformed"),
}


def read(content: bytes) -> Any:
    return read_json(content, "", 1000, 10)


@pytest.mark.parametrize("case", REFUSED)
def test_a_document_that_readers_disagree_on_is_refused(case: str) -> None:
    content, code = REFUSED[case]
    with pytest.raises(PackageRefused) as refusal:
        read(content)
    assert [problem.code for problem in refusal.value.problems] == [code]


def test_brackets_inside_texts_are_no_depth() -> None:
    assert read(b'{"a": "[[[[[[[[[[[[[[", "b\\"{{{{{{{{{{{{{{": 1}') == {"a": "[" * 14, 'b"' + "{" * 14: 1}


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read(b'"\\ud83d\\ude00"') == "😀"


def test_an_unclosed_text_of_escaped_quotes_is_refused_quickly() -> None:
    content = b'"' + b'\\"' * 200_000
    began = time.process_time()
    with pytest.raises(PackageRefused):
        read_json(content, "", 1 << 20, 10)
    assert time.process_time() - began < 10  # reading it once for each quote would take minutes


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(documents)
def test_an_ordinary_document_is_read_as_it_was_written(document: Any) -> None:
    assert read_json(json.dumps(document).encode(), "", 10_000, 32) == document
    assert read_json(json.dumps(document, ensure_ascii=False).encode(), "", 10_000, 32) == document


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(PackageRefused):
        read(content)


@given(documents)
def test_the_depth_of_a_document_is_that_of_its_brackets(document: Any) -> None:
    def nested(value: Any) -> int:
        if isinstance(value, dict):
            value = list(value.values())
        return 1 + max(map(nested, value), default=0) if isinstance(value, list) else 0

    assert depth(document, 100) == nested(document)
    assert depth([[[[[]]]]], 2) == 3
