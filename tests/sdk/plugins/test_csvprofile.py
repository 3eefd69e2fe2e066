"""The CSV profiler on awkward files, in its component."""

import csv
import io
import json
import random
import statistics

import pytest

from aei_sdk.builder.cache import BuildCache
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE, KEPT_BUILDS
from tests.sdk.guests import Guest, component_of
from tests.sdk.javascript import needs_node

pytestmark = [pytest.mark.slow, needs_node]

PROJECT = CLONE / "plugins" / "studio.csvprofile"


@pytest.fixture(scope="module")
def profiler() -> Guest:
    cache = BuildCache(KEPT_BUILDS)
    return Guest(component_of(read_project(PROJECT), cache), cache)


@pytest.fixture
def profile(profiler: Guest):
    """The profile of a text."""
    return lambda text, **given: profiler.ask({"text": text, **given})


def column(report: dict, name: str) -> dict:
    (found,) = [each for each in report["columns"] if each["name"] == name]
    return found


@pytest.mark.parametrize(
    ("text", "delimiter", "newline"),
    [
        ("a,b\n1,2\n3,4\n", ",", "lf"),
        ("a;b\r\n1,5;2\r\n3,5;4\r\n", ";", "crlf"),
        ("a\tb\r1\t2\r", "\t", "cr"),
        ("a|b|c\n1|2|3", "|", "lf"),
        ('a;b\n"1,5; or so";2\n"x;y";3\n', ";", "lf"),
        ("when,what\n2026-01-01,one; two; three\n2026-01-02,four; five\n", ",", "lf"),
        ("just one column\nof words\n", ",", "lf"),
        ("", ",", "none"),
    ],
)
def test_delimiter_and_line_ends_are_found(profile, text: str, delimiter: str, newline: str) -> None:
    dialect = profile(text)["dialect"]
    assert (dialect["delimiter"], dialect["newline"]) == (delimiter, newline)


def test_single_quotes_are_found(profile) -> None:
    report = profile("a,b\n'one, two',3\n'four, five',6\n")
    assert report["dialect"]["quote"] == "'"
    assert report["ragged"]["count"] == 0


def test_apostrophes_are_no_quotes(profile) -> None:
    report = profile("name,city\nO'Brien,Cork\nD'Arcy,Galway\n")
    assert (report["dialect"]["quote"], report["problems"]) == ('"', [])


def test_a_byte_order_mark_is_no_part_of_the_first_name(profile) -> None:
    report = profile("\ufeffid,name\n1,Ada\n2,Grace\n")
    assert report["dialect"]["bom"] is True
    assert [each["name"] for each in report["columns"]] == ["id", "name"]


def test_line_ends_inside_quotes_belong_to_the_field_and_count_as_lines(profile) -> None:
    report = profile('id,note\n1,"two\nlines"\n2,"a\r\nb\rc"\n3\n')
    assert report["rows"] == 3
    assert report["ragged"] == {"count": 1, "expected": 2, "examples": [{"line": 7, "fields": 1}]}
    assert column(report, "note")["nulls"] == 1


def test_doubled_quotes_are_one_quote(profile) -> None:
    report = profile('word,n\n"say ""x""",1\n"say ""x""",2\n', header=True)
    assert column(report, "word")["top"] == [{"value": 'say "x"', "count": 2}]


def test_a_quote_that_is_never_closed_does_not_swallow_the_file(profile) -> None:
    report = profile('id,size\n1,5"\n2,"7\n3,8\n4,9\n')
    assert report["rows"] == 4
    assert report["problems"] == [{"kind": "unclosed_quote", "count": 1, "first_line": 3}]
    assert column(report, "id")["type"] == "integer"


def test_text_after_a_closing_quote_is_kept_and_reported(profile) -> None:
    report = profile('id,name\n1,"Ada" Lovelace"\n2,Grace\n')
    assert report["rows"] == 2
    assert report["problems"] == [{"kind": "stray_quote", "count": 1, "first_line": 2}]


def test_ragged_rows_are_counted_and_what_is_missing_is_null(profile) -> None:
    report = profile("a,b,c\n1,2,3\n1,2\n1,2,3,4\n\n1\n")
    assert report["rows"] == 4
    assert report["ragged"]["count"] == 3
    assert report["ragged"]["examples"][1] == {"line": 4, "fields": 4}
    assert [each["nulls"] for each in report["columns"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "+3"], "integer"),
        (["1", "2.5", "1e-3"], "number"),
        (["1,234", "12,345,678"], "integer"),
        (["1.234.567,5", "2,25"], "number"),
        (["yes", "No", "y"], "boolean"),
        (["2026-02-28", "2024-02-29"], "date"),
        (["2026-02-30", "2026-13-01"], "text"),
        (["31.12.2026", "1.1.2026"], "date"),
        (["2026-01-01T10:00:00Z", "2026-01-01 11:30"], "datetime"),
        (["01234", "00567"], "text"),
        (["4111111111111111", "4222222222222222"], "text"),
        (["1", "2", "three"], "text"),
        (["NA", "", "null"], "empty"),
        (["1", "NA", "3"], "integer"),
        (["Infinity", "NaN"], "text"),
        (["0x10", "1_000"], "text"),
        (["-", "."], "text"),
    ],
)
def test_types(profile, cells: list[str], kind: str) -> None:
    text = "\n".join(["value;n", *(f"{cell};{n}" for n, cell in enumerate(cells))])
    found = column(profile(text, delimiter=";", header=True), "value")
    assert found["type"] == kind


def test_decimal_commas_are_read_as_such(profile) -> None:
    found = column(profile("amount;n\n1.250,50;1\n980,00;2\n12,75;3\n"), "amount")
    assert (found["decimal"], found["min"], found["max"]) == (",", 12.75, 1250.5)


def test_a_number_that_could_be_two_is_noted(profile) -> None:
    assert "notes" in column(profile("amount;n\n1,234;1\n5,678;2\n"), "amount")
    assert "notes" not in column(profile("amount;n\n1,234;1\n5,678.5;2\n"), "amount")


def test_days_and_months_that_could_be_swapped_are_noted(profile) -> None:
    assert "notes" in column(profile("day;n\n03/04/2026;1\n05/06/2026;2\n"), "day")
    sure = column(profile("day;n\n03/04/2026;1\n05/26/2026;2\n"), "day")
    assert (sure["min"], sure["max"]) == ("2026-03-04", "2026-05-26")
    assert "notes" not in sure


def test_a_few_odd_values_make_no_text_and_are_shown(profile) -> None:
    rows = [f"{n};{'x' if n == 7 else n * 2}" for n in range(40)]
    found = column(profile("\n".join(["n;twice", *rows])), "twice")
    assert found["type"] == "integer"
    assert found["exceptions"] == {"count": 1, "examples": [{"line": 9, "value": "x"}]}


def test_statistics_agree_with_those_of_python(profile) -> None:
    dice = random.Random(7)
    values = [round(dice.gauss(50, 10), 3) for _ in range(500)] + [999.0]
    report = profile("n;value\n" + "\n".join(f"{n};{v}" for n, v in enumerate(values)))
    found = column(report, "value")
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    assert found["mean"] == pytest.approx(statistics.fmean(values))
    assert found["deviation"] == pytest.approx(statistics.stdev(values))
    for name, cut in {"p05": 4, "p25": 24, "p50": 49, "p75": 74, "p95": 94}.items():
        assert found["quantiles"][name] == pytest.approx(cuts[cut])
    reach = 1.5 * (cuts[74] - cuts[24])
    outside = [v for v in values if not cuts[24] - reach <= v <= cuts[74] + reach]
    assert found["outliers"]["count"] == len(outside)
    assert {"line": 502, "value": 999} in found["outliers"]["examples"] or len(outside) > 5


def test_distinct_values_and_keys(profile) -> None:
    report = profile("id,group,part\n1,a,x\n2,a,y\n3,b,x\n4,b,y\n")
    assert [each["distinct"] for each in report["columns"]] == [4, 2, 2]
    assert report["candidate_keys"] == [["id"]]


def test_two_columns_together_are_a_key_where_none_is_alone(profile) -> None:
    report = profile("group,part,same\na,1,x\na,2,x\nb,1,x\nb,2,x\n")
    assert report["candidate_keys"] == [["group", "part"]]


def test_a_column_with_nulls_is_no_key(profile) -> None:
    assert profile("id,n\n1,1\n,1\n3,1\n")["candidate_keys"] == []


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("name,age\nAda,36\n", True),
        ("Ada,36\nGrace,85\n", False),
        ("name,city\nAda,London\nGrace,New York\n", True),
        ("a,a\n1,2\n", False),
        ("name,\nAda,1\n", False),
    ],
)
def test_headers_are_told_from_values(profile, text: str, header: bool) -> None:
    assert profile(text)["dialect"]["header"] is header


def test_equal_names_are_told_apart(profile) -> None:
    names = [each["name"] for each in profile("x,x,,x\n1,2,3,4\n", header=True)["columns"]]
    assert names == ["x", "x (2)", "column 3", "x (3)"]


def test_what_python_writes_is_read_alike(profile) -> None:
    dice, file = random.Random(3), io.StringIO()
    pieces = ["", "a", '"', ",", "\n", "\r\n", " ", "ü", "😀", "'", ";", "x"]
    rows = [["".join(dice.choices(pieces, k=dice.randrange(6))) for _ in range(3)] for _ in range(300)]
    csv.writer(file).writerows(
        [["one", "two", "three"], *([f"k{n}", *row[1:]] for n, row in enumerate(rows))]
    )
    report = profile(file.getvalue(), delimiter=",", quote='"', header=True)
    assert (report["rows"], report["ragged"]["count"], report["problems"]) == (300, 0, [])
    assert column(report, "one")["distinct"] == 300


@pytest.mark.parametrize(
    "text",
    [
        ',"a' * 100_000,
        '"a""b,' * 60_000,
        '"' * 300_000,
        "1\n" * 100_000,
        "a," * 150_000,
        "x" * 900_000,
        "\n" * 300_000,
        "\r" * 300_000,
        "\0" * 100_000,
        "'\"" * 100_000,
    ],
)
def test_hostile_texts_end_with_an_answer(profile, text: str) -> None:
    report = profile(text)
    assert len(report["columns"]) <= 200
    assert len(json.dumps(report)) < 200_000


@pytest.mark.parametrize("task", [{}, [], None, {"text": 1}])
def test_what_is_no_request_is_refused_in_words(profiler: Guest, task: object) -> None:
    assert '{"text": "…"}' in profiler.error(task)
