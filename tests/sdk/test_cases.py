"""`aei plugin test`: cases, expectations, recorded answers, and everything that a file can get wrong."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.messages import Denial, Ended, Usage
from aei_protocol.outcomes import Outcome
from aei_sdk.errors import ProjectRefused
from aei_sdk.places import line_of
from aei_sdk.project import read_project
from aei_sdk.testing.cases import read_cases
from aei_sdk.testing.expectations import unmet
from tests.sdk.conftest import Aei
from tests.sdk.guests import write_project

#: Fetches `url` when it is told one, draws a number when told, and answers with what it got.
SOURCE = r"""
#include "aei.h"
bool aei_run(aei_text task, aei_writer *result) {
  aei_json root, value; aei_text url;
  aei_json_parse(task, &root);
  if (aei_json_member(root, AEI_TEXT("draw"), &value)) {
    aei_write_string(result, aei_random_hex(8));
    return true;
  }
  if (!aei_json_member(root, AEI_TEXT("url"), &value) || !aei_json_string(value, &url)) {
    aei_write(result, task);
    return true;
  }
  aei_writer asked = {0};
  AEI_WRITE(&asked, "{\"url\":"); aei_write_string(&asked, url); AEI_WRITE(&asked, "}");
  aei_answer answer = aei_http_fetch((aei_text){asked.data, asked.size});
  AEI_WRITE(result, "{\"answer\":");
  aei_write(result, answer.text); AEI_WRITE(result, "}");
  return answer.ok;
}
"""


def ended(outcome: Outcome = Outcome.OK, problem: str | None = None, *denied: str) -> Ended:
    return Ended(
        "id", outcome, None, problem, Usage(), denied=tuple(Denial(name, "there", 1) for name in denied)
    )


def places(expect: dict[str, Any], output: Any) -> list[str]:
    """Where an output is not what was expected."""
    return [fault.pointer for fault in unmet(expect, ended(), output)]


@pytest.mark.parametrize(
    ("expected", "got", "at"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, ["output/a"]),
        ({"a": 1}, {"a": 1, "b": 2}, ["output/b"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["output/a/b/1"]),
        ([1, 2], [1], ["output"]),
        ({"a": 1, "b": 2}, {}, ["output/a", "output/b"]),
        (None, 0, ["output"]),
        ("", None, ["output"]),
        ([], {}, ["output"]),
    ],
)
def test_an_exact_output_is_compared_as_json(expected: Any, got: Any, at: list[str]) -> None:
    assert places({"output": expected}, got) == at


@pytest.mark.parametrize(
    ("expected", "got", "at"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}, "b": 3}, []),
        ([{"a": 1}, {}], [{"a": 1, "b": 1}, {"c": 1}], []),
        ([{"a": 1}], [{"a": 1}, {"a": 1}], ["output"]),
        ({"a": {"x": 1}}, {"a": 1}, ["output/a"]),
        ({"a": None}, {}, ["output/a"]),
    ],
)
def test_a_subset_asks_for_no_more_than_it_names(expected: Any, got: Any, at: list[str]) -> None:
    assert places({"output_subset": expected}, got) == at


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@given(values)
def test_every_value_is_itself_and_its_own_subset(value: Any) -> None:
    assert places({"output": value, "output_subset": value}, value) == []


@given(values, values)
def test_exactly_equal_values_are_subsets_both_ways(one: Any, other: Any) -> None:
    equal = not places({"output": one}, other)
    assert equal == (not places({"output": other}, one))
    assert not equal or not places({"output_subset": one}, other)


def test_a_schema_says_where_the_output_breaks_it() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    assert places({"output_schema": schema}, {"n": 3}) == []
    assert places({"output_schema": schema}, {"n": 2}) == ["output/n"]


def test_outcome_problem_and_denials_are_expected_too() -> None:
    failed = ended(Outcome.DENIED, "it was not granted", "network")
    assert unmet({"outcome": "denied", "problem": "not granted", "denied": ["network"]}, failed, None) == []
    assert [fault.pointer for fault in unmet({}, failed, None)] == ["outcome"]
    assert [f.pointer for f in unmet({"outcome": "denied", "problem": "other"}, failed, None)] == ["problem"]
    assert [f.pointer for f in unmet({"outcome": "denied", "denied": []}, failed, None)] == ["denied"]


# --- files that are no test cases


def with_case(folder: Path, content: str | bytes, name: str = "one.json") -> Path:
    """A project with one case file."""
    write_project(folder, "", "c")
    (folder / "tests").mkdir()
    (folder / "tests" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ("{", "tests/one.json", "Not JSON"),
        ("[]", "tests/one.json:1", "object"),
        ('{\n "input": 1,\n "expekt": {}\n}', "tests/one.json:3", "expekt"),
        ('{\n "title": "x"\n}', "tests/one.json:1", "input"),
        ('{"input": 1,\n "expect": {\n  "outcome": "fine"}}', "tests/one.json:3", "outcome"),
        ('{"input": 1,\n "expect": {"output_schema": {"type": "thing"}}}', "tests/one.json:2", ""),
        ('{"input": 1,\n "expect": {"output_schema": {"$ref": "http://x.example"}}}', "tests/one.json:2", ""),
        ('{"input": 1, "input": 2}', "tests/one.json", "input"),
        (b'{"input": "\xff"}', "tests/one.json", "UTF-8"),
        ("[" * 100_000, "tests/one.json", ""),
        ('{"input": 1, "title": ""}', "tests/one.json:1", ""),
        ('{"input": 123456789012345678901234567890}', "tests/one.json", ""),
        (" " * (1024 * 1024 + 1), "", "bytes"),
    ],
)
def test_a_file_that_is_no_case_is_refused_with_its_line(
    tmp_path: Path, content: str, place: str, words: str
) -> None:
    project = read_project(with_case(tmp_path, content))
    with pytest.raises(ProjectRefused) as refused:
        read_cases(project)
    fault = refused.value.faults[0]
    assert fault.place.startswith(place)
    assert words in fault.message or words in fault.pointer


def test_a_case_that_is_a_link_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    write_project(tmp_path / "p", "", "c")
    (tmp_path / "p" / "tests").mkdir()
    (tmp_path / "secret.json").write_text('{"input": "secret"}')
    (tmp_path / "p" / "tests" / "one.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ProjectRefused, match="leads out"):
        read_cases(read_project(tmp_path / "p"))


def test_cases_are_named_after_their_files_and_examples_after_their_titles(tmp_path: Path) -> None:
    examples = [{"title": title, "input": 1} for title in ("A first: try!", "a FIRST try", "…")]
    write_project(tmp_path, "", "c", examples=examples)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "weather.json").write_text('{"$schema": "x", "input": null}')
    cases = read_cases(read_project(tmp_path))
    assert [case.name for case in cases] == [
        "example-a-first-try", "example-a-first-try-2", "example-untitled", "weather",
    ]  # fmt: skip
    assert [case.title for case in read_cases(read_project(tmp_path), "WEATH")] == ["weather"]
    with pytest.raises(ProjectRefused, match="No test case"):
        read_cases(read_project(tmp_path), "nothing like it")


@given(values)
def test_every_place_of_a_document_is_found_on_its_line(value: Any) -> None:
    text = json.dumps({"top": value}, indent=1)
    for line, pointer in enumerate(_members(value, "/top"), 2):
        assert line_of(text.encode(), pointer) is not None, (line, pointer)
    assert line_of(text.encode(), "/top") == 2


def _members(value: Any, pointer: str) -> Iterator[str]:
    yield pointer
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _members(member, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _members(element, f"{pointer}/{index}")


@pytest.mark.parametrize(
    ("pointer", "line"), [("", 1), ("/", 1), ("/a", 2), ("/b/1", 5), ("/b/1/c", 6), ("/b/7", 3), ("/z/y", 1)]
)
def test_what_is_not_there_is_looked_for_around_it(pointer: str, line: int) -> None:
    text = '{\n "a": "x, { y",\n "b": [\n  0,\n  {\n   "c": 1\n  }\n ]\n}'
    assert line_of(text.encode(), pointer) == line


@pytest.mark.parametrize("text", ["", "]", "}{", '{"a', "[[[", ",,,", '{"a":}', "\x00", "[" * 500_000])
def test_a_malformed_document_has_places_or_none(text: str) -> None:
    assert line_of(text.encode(), "/a/b") in (None, 1)


# --- recording and running offline


@pytest.fixture
def web() -> Iterator[tuple[int, dict[str, Any]]]:
    """A server on loopback: its port, and what it answers with and how often it was asked."""
    state: dict[str, Any] = {"body": "first", "asked": 0}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(state["body"].encode())

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetcher(tmp_path: Path) -> Path:
    """A project with one case that reaches out, one that draws a number and one that does neither."""
    network = {"network": {"hosts": ["there.example:8080"], "reason": "fetches"}}
    write_project(tmp_path / "p", SOURCE, "c", permissions=network)
    (tmp_path / "p" / "tests").mkdir()
    subset = {"answer": {"status": 200, "body": "first"}}
    write_case(tmp_path / "p", "fetch", {"url": "http://there.example:8080/a"}, {"output_subset": subset})
    write_case(tmp_path / "p", "draw", {"draw": 1}, {})
    write_case(tmp_path / "p", "echo", {"x": 1}, {"output": {"x": 1}})
    return tmp_path / "p"


def write_case(project: Path, name: str, task: Any, expect: dict[str, Any]) -> None:
    (project / "tests" / f"{name}.json").write_text(json.dumps({"input": task, "expect": expect}))


def cases_of(aei: Aei, project: Path, *words: object) -> dict[str, dict[str, Any]]:
    """Run the cases and return each by its name, with the command's exit code under it."""
    result = aei("plugin", "test", project, "--json", *words)
    assert result.exit_code in (0, 1), result.output
    return {case["name"]: case for case in json.loads(result.stdout)["cases"]}


@pytest.mark.slow
def test_answers_are_recorded_once_and_answer_offline_from_then_on(
    aei: Aei, fetcher: Path, web: tuple[int, dict[str, Any]]
) -> None:
    port, state = web
    offline = cases_of(aei, fetcher)
    assert (offline["fetch"]["passed"], offline["fetch"]["refused_offline"]) == (
        False,
        ["network there.example:8080"],
    )
    assert state["asked"] == 0

    way = ("--egress-host", f"there.example:8080=127.0.0.1:{port}")
    recorded = cases_of(aei, fetcher, "--record", "--yes", *way)
    assert {name: (case["passed"], case["answers"]) for name, case in recorded.items()} == {
        "draw": (True, "kept"), "echo": (True, "live"), "fetch": (True, "kept"),
    }  # fmt: skip
    kept = sorted(path.name for path in (fetcher / "tests" / "recorded").iterdir())
    assert kept == ["draw.journal", "fetch.journal"]

    state["body"] = "second"
    again = cases_of(aei, fetcher)
    assert all(case["passed"] for case in again.values())
    assert again["draw"]["output"] == recorded["draw"]["output"]
    assert state["asked"] == 1

    live = cases_of(aei, fetcher, "--live", "--yes", *way)
    assert (live["fetch"]["passed"], state["asked"]) == (False, 2)


@pytest.mark.slow
def test_a_call_that_is_not_the_recorded_one_fails_and_is_shown(
    aei: Aei, fetcher: Path, web: tuple[int, dict[str, Any]]
) -> None:
    way = ("--egress-host", f"there.example:8080=127.0.0.1:{web[0]}")
    cases_of(aei, fetcher, "--record", "--yes", *way)
    write_case(fetcher, "fetch", {"url": "http://there.example:8080/other"}, {})
    result = aei("plugin", "test", fetcher, "--case", "fetch")
    assert result.exit_code == 1
    assert "call 1: recorded was http.fetch" in result.stdout
    assert "--record" in result.stdout


@pytest.mark.slow
def test_a_damaged_recording_is_refused_and_a_stray_one_is_named(aei: Aei, fetcher: Path) -> None:
    recorded = fetcher / "tests" / "recorded"
    recorded.mkdir()
    (recorded / "gone.journal").write_bytes(b"x")
    result = aei("plugin", "test", fetcher, "--json")
    assert json.loads(result.stdout)["stray_recordings"] == ["gone.journal"]
    for content in (b"", b"hello", b"x" * 10_000):
        (recorded / "fetch.journal").write_bytes(content)
        refused = aei("plugin", "test", fetcher)
        assert refused.exit_code == 5
        assert "tests/recorded/fetch.journal" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--record",), ("--live",)])
def test_no_host_is_asked_without_permission(aei: Aei, fetcher: Path, words: tuple[str, ...]) -> None:
    result = aei("plugin", "test", fetcher, *words)
    assert result.exit_code == 1
    assert "there.example:8080" in result.stderr
    assert "--yes" in result.stderr
    assert not (fetcher / "tests" / "recorded").exists()


@pytest.mark.parametrize("words", [("--record", "--live"), ("--egress-host", "a.example:80=127.0.0.1:1")])
def test_contradicting_options_are_refused(aei: Aei, fetcher: Path, words: tuple[str, ...]) -> None:
    assert aei("plugin", "test", fetcher, *words).exit_code == 2


@pytest.mark.slow
def test_a_failing_expectation_is_shown_with_its_place_and_the_limits(aei: Aei, fetcher: Path) -> None:
    write_case(fetcher, "echo", {"x": 1}, {"output": {"x": 2}})
    result = aei("plugin", "test", fetcher, "--case", "echo")
    assert result.exit_code == 1
    assert "✗ echo  (tests/echo.json, offline)" in result.stdout
    assert "output/x: expected 2, got 1" in result.stdout
    assert "limits: 1000 ms CPU" in result.stderr


@pytest.mark.parametrize("name", ["manifest", "test-case", "messages"])
def test_schemas_are_printed(aei: Aei, name: str) -> None:
    result = aei("schema", name)
    assert json.loads(result.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_an_unknown_schema_is_refused_with_those_there_are(aei: Aei) -> None:
    result = aei("schema", "../manifest")
    assert result.exit_code == 2
    assert "test-case" in result.stderr
