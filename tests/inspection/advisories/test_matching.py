"""What a plugin contains, held against advisories; and how that is said."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aei_inspection.advisories import matching
from aei_inspection.advisories.checking import check_against_export
from aei_inspection.advisories.files import read_export
from aei_inspection.advisories.matching import MatchingRefused, index, match
from aei_inspection.advisories.records import read_record
from aei_inspection.advisories.results import broken, check_result
from aei_inspection.checks.report import Component, Result, Severity
from tests.inspection.advisories.osv import before, encoded, record

DATED = datetime(2026, 1, 1, tzinfo=UTC)
_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def _component(name: str, version: str, ecosystem: str = "PyPI") -> Component:
    return Component(ecosystem, name, version, "sbom")


def _index(*documents: dict) -> matching.LookUp:
    return index(read_record(encoded(document)) for document in documents)


def _ids(components: list[Component], look_up: matching.LookUp) -> list[tuple[str, bool]]:
    return [(each.statement.advisory, each.certain) for each in match(components, look_up)]


def test_a_component_is_found_under_every_spelling_of_its_package() -> None:
    look_up = _index(record("A-1", package="jinja2", events=before("2.11.3")))
    assert _ids([_component("Jinja2", "2.11.2"), _component("jinja2", "2.11.3")], look_up) == [("A-1", True)]
    assert _ids([_component("jinja2", "2.11.2", "npm"), _component("jinja2", "2.11.2", "deb")], look_up) == []


def test_what_cannot_be_told_is_never_clean() -> None:
    look_up = _index(
        record("A-1", package="jQuery", ecosystem="npm", events=before("3.0.0")),
        record("A-2", package="jinja2", events=before("2.11.3")),
    )
    assert _ids([_component("jquery", "2.0.0", "npm")], look_up) == [("A-1", False)]
    assert _ids([_component("jQuery", "2.0.0", "npm")], look_up) == [("A-1", True)]
    assert _ids([_component("jinja2", "")], look_up) == [("A-2", False)]


def test_withdrawn_advisories_and_older_twins_say_nothing() -> None:
    older = record("A-1", events=before("9.0"), modified="2025-01-01T00:00:00Z")
    newer = record("A-1", events=before("1.0"), modified="2026-01-01T00:00:00Z")
    gone = record("A-2", events=before("9.0"), withdrawn="2026-01-01T00:00:00Z")
    for documents in ((older, newer, gone), (newer, older, gone)):
        assert _ids([_component("jinja2", "2.0")], _index(*documents)) == []


def test_an_inventory_that_is_made_to_be_slow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_PAIRS", 10)
    look_up = _index(*(record(f"A-{number}", events=before("9.0")) for number in range(4)))
    assert len(match([_component("jinja2", f"1.{minor}") for minor in range(2)], look_up)) == 8
    with pytest.raises(MatchingRefused, match="12 pairs"):
        match([_component("jinja2", f"1.{minor}") for minor in range(3)], look_up)


def _result(component: Component, document: dict) -> tuple[Result, list[Severity]]:
    found = check_result([component], match([component], _index(document)), DATED)
    return found.result, [finding.severity for finding in found.findings]


def test_a_match_weighs_what_its_advisory_says_and_no_word_of_it_counts_as_high() -> None:
    affected, spoilt = _component("jinja2", "1.0"), _component("jinja2", "one")
    low = record(events=before("2.0"), database_specific={"severity": "LOW"})
    silent = record(events=before("2.0"))
    assert _result(affected, low) == (Result.PASS, [Severity.LOW])
    assert _result(affected, silent) == (Result.FAIL, [Severity.HIGH])
    # Writing a version that is none must not help.
    assert _result(spoilt, silent) == (Result.FAIL, [Severity.HIGH])
    assert _result(affected, record(events=before("2019-09-12"))) == (Result.PASS, [Severity.MEDIUM])
    unmaintained = record(events=before("2.0"))
    unmaintained["affected"][0]["database_specific"] = {"informational": "unmaintained"}
    assert _result(affected, unmaintained) == (Result.PASS, [Severity.INFO])


def test_a_finding_says_what_to_take_instead() -> None:
    component = _component("Jinja2", "2.11.2")
    document = record("A-1", events=before("2.11.3"), aliases=["CVE-2020-1"], summary="A slow pattern")
    (finding,) = check_result([component], match([component], _index(document)), DATED).findings
    assert (finding.rule, finding.advice) == ("A-1", "Take Jinja2 2.11.3.")
    assert finding.title == "PyPI Jinja2 2.11.2: affected by A-1"
    assert finding.evidence == "A-1, CVE-2020-1: A slow pattern"


def test_nothing_compared_is_no_pass() -> None:
    assert check_result([_component("a", "1")], (), None).result is Result.NOT_RUN
    assert check_result(None, (), DATED).result is Result.NOT_RUN
    assert broken("too much").result is Result.ERROR
    passed = check_result([_component("a", "1", "deb")], (), DATED)
    assert (passed.result, passed.note) == (
        Result.PASS,
        "1 of 1 components belong to no ecosystem that is known here.",
    )


def test_an_export_is_asked_by_the_newest_record_of_each_id(tmp_path: Path) -> None:
    older = record("A-1", events=before("9.0"), modified="2025-01-01T00:00:00Z")
    newer = record("A-1", package="else", events=before("9.0"), modified="2026-01-01T00:00:00Z")
    other = record("A-2", events=before("2.0"))
    for documents in ((older, newer, other), (newer, older, other)):
        path = tmp_path / "export.jsonl"
        path.write_bytes(b"\n".join(map(encoded, documents)))
        (finding,) = check_against_export(path, [_component("jinja2", "1.0")]).findings
        assert finding.rule == "A-2"
        assert check_against_export(path, None).result is Result.NOT_RUN


@pytest.mark.skipif(not (_DATA / "osv-truth.json").exists(), reason="the real records are not here")
def test_every_pair_of_the_truth_table_is_right() -> None:
    truth = json.loads((_DATA / "osv-truth.json").read_text("utf-8"))
    pairs = [(pair, wanted) for wanted in ("match", "no_match") for pair in truth[wanted]]
    names = {pair["name"].lower() for pair, _ in pairs}
    files = [_DATA / name for name in truth["data_files"]]
    advisories = (counted.advisory for file in files for counted in read_export(file))
    look_up = index(a for a in advisories if any(each.name.lower() in names for each in a.affected))
    wrong = []
    for pair, wanted in pairs:
        found = match([_component(pair["name"], pair["version"], pair["ecosystem"])], look_up)
        certain = {each.statement.advisory for each in found if each.certain}
        reported = {each.statement.advisory for each in found}
        right = certain >= set(pair["ids"]) if wanted == "match" else not reported & set(pair["ids"])
        wrong += [] if right else [(wanted, pair["name"], pair["version"], pair["edge"])]
    assert (wrong, len(pairs) >= 36) == ([], True)
