"""The C guest: canonical ABI, JSON, memory."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_sdk.builder.cache import BuildCache
from tests.sdk.conftest import KEPT_BUILDS
from tests.sdk.guests import Guest, component_of, err, ok, write_project

pytestmark = pytest.mark.slow

#: Says back what `text` holds, what `number` is, and which items `items` has.
ECHO = r"""
#include "aei.h"
bool aei_run(aei_text task, aei_writer *result) {
  aei_json root, value, item; aei_text text; double number; bool first = true;
  if (!aei_json_parse(task, &root)) { AEI_WRITE(result, "not JSON"); return false; }
  AEI_WRITE(result, "{\"text\":");
  if (aei_json_member(root, AEI_TEXT("text"), &value) && aei_json_string(value, &text))
    aei_write_string(result, text);
  else AEI_WRITE(result, "null");
  AEI_WRITE(result, ",\"number\":");
  if (aei_json_member(root, AEI_TEXT("number"), &value) && aei_json_number(value, &number))
    aei_write_decimal(result, number, 3);
  else AEI_WRITE(result, "null");
  AEI_WRITE(result, ",\"items\":[");
  if (aei_json_member(root, AEI_TEXT("items"), &value)) {
    aei_json rest = aei_json_inside(value);
    for (; aei_json_next_item(&rest, &item); first = false) {
      if (!first) AEI_WRITE(result, ",");
      aei_write(result, item);
    }
  }
  AEI_WRITE(result, "]}");
  return true;
}
"""

#: Tries the host's calls: what they return becomes the result.
CALLS = r"""
#include "aei.h"
bool aei_run(aei_text task, aei_writer *result) {
  aei_log(AEI_TEXT("warn"), task);
  aei_progress(0.25, AEI_TEXT("quarter"));
  aei_answer answer = aei_http_fetch(task);
  AEI_WRITE(result, "[");
  aei_write_string(result, aei_random_hex(2)); AEI_WRITE(result, ",");
  aei_write_integer(result, (int64_t)aei_clock_now()); AEI_WRITE(result, ",");
  aei_write_integer(result, (int64_t)aei_clock_monotonic()); AEI_WRITE(result, ",");
  aei_write(result, aei_config()); AEI_WRITE(result, ",");
  AEI_WRITE(result, "null,");
  aei_write(result, answer.text); AEI_WRITE(result, "]");
  return answer.ok;
}
"""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    project = write_project(tmp_path_factory.mktemp("echo"), ECHO, "c")
    cache = BuildCache(KEPT_BUILDS)
    return Guest(component_of(project, cache), cache)


@given(text=st.text(max_size=200), escaped=st.booleans())
def test_any_text_comes_back_as_it_was(echo: Guest, text: str, escaped: bool) -> None:
    fine, said = echo.run(json.dumps({"text": text}, ensure_ascii=escaped))
    assert fine
    assert json.loads(said)["text"] == text


@given(items=st.lists(JSON, max_size=6))
def test_any_items_are_stepped_over_in_order(echo: Guest, items: list[object]) -> None:
    assert echo.ask({"items": items, "text": "x"})["items"] == items


@given(st.floats(-1e6, 1e6))
def test_numbers_are_read_and_written_to_three_places(echo: Guest, number: float) -> None:
    fine, said = echo.run(json.dumps({"number": number}))
    assert fine
    assert abs(json.loads(said)["number"] - number) <= 0.000501


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a\udc00b", "\ud83d\ud83d\ude00"],
    ids=["high alone", "low alone", "high before a pair"],
)
def test_half_a_surrogate_pair_becomes_the_replacement_character(echo: Guest, text: str) -> None:
    fine, said = echo.run(json.dumps({"text": text}))
    assert fine
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(said)["text"] == expected


@pytest.mark.parametrize(
    "task",
    [
        "",
        "{",
        "[1,]",
        '{"a" 1}',
        '{"a":1,}',
        "01",
        "1.",
        "1e",
        "-",
        "tru",
        '"\\x"',
        '"\\u12g4"',
        '"',
        "1 2",
        "\x00",
    ],
)
def test_what_is_not_json_is_refused(echo: Guest, task: str) -> None:
    assert echo.run(task) == (False, "not JSON")


@pytest.mark.parametrize("task", ['"a\tb"', "[" * 101 + "]" * 101], ids=["control character", "too deep"])
def test_what_json_forbids_or_is_too_deep_is_refused(echo: Guest, task: str) -> None:
    assert echo.run(task) == (False, "not JSON")


def test_the_deepest_allowed_nesting_is_read(echo: Guest) -> None:
    nested = json.loads("[" * 97 + "]" * 97)
    assert echo.ask({"items": [nested]})["items"] == [nested]


def test_the_last_of_two_members_of_one_name_counts(echo: Guest) -> None:
    fine, said = echo.run('{"text":"one","te\\u0078t":"two"}')
    assert fine
    assert json.loads(said)["text"] == "two"


def test_a_megabyte_goes_in_and_out(echo: Guest) -> None:
    text = "größer 😀 " * 75_000
    assert len(text.encode()) > 1_000_000
    assert echo.ask({"text": text})["text"] == text


def test_the_hosts_calls_arrive_and_their_answers_return(tmp_path: Path, build_cache: BuildCache) -> None:
    network = {"network": {"hosts": ["example.com"], "reason": "why"}}
    component = component_of(write_project(tmp_path, CALLS, "c", permissions=network), build_cache)
    asked: list[str] = []

    def fetch(_store: object, request: str) -> object:
        asked.append(request)
        return ok('{"status": 200}') if "fine" in request else err("denied", "nein — größer")

    guest = Guest(component, build_cache, http={"fetch": fetch})
    assert guest.run('"fine ü"') == (True, '["5a5a",1900000000123,42,{"depth": 3},null,{"status": 200}]')
    fine, said = guest.run('"other"')
    assert not fine
    assert json.loads(said)[-1] == {"code": "denied", "message": "nein — größer"}
    assert asked == ['"fine ü"', '"other"']
    assert guest.said[:2] == [("warn", '"fine ü"'), (0.25, "quarter")]
