"""Advisories as rules: what may be said, which versions it concerns, whose it is to change."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import satisfies
from aei_marketplace.catalog.errors import AdvisoryWithdrawn, NotYourAdvisory
from aei_marketplace.catalog.rules.advisories import (
    Advisory,
    Severity,
    check_hand,
    is_told_anew,
    new_id,
    read_statement,
)
from aei_marketplace.ground.errors import Invalid

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAID: dict[str, Any] = {
    "severity": "high",
    "title": "Counts can be read by others",
    "details": "Whoever asks gets them.",
    "affected": ">=1.0.0 <1.4.2",
    "fixed": "1.4.2",
    "links": ["https://acme.example/advisories/7?lang=en"],
}


def test_a_complete_statement_is_taken_as_it_is() -> None:
    said = read_statement(SAID)
    assert (said.severity, said.fixed, said.links) == (Severity.HIGH, "1.4.2", tuple(SAID["links"]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("severity", "grave"),
        ("severity", None),
        ("title", ""),
        ("title", "\u202e\u200b"),
        ("title", "x" * 201),
        ("details", " \n "),
        ("details", "x" * 10_001),
        ("affected", ""),
        ("affected", "no range"),
        ("affected", "1.2.3 ||"),
        ("affected", "x" * 300),
        ("affected", ">2.0.0 <1.0.0"),
        ("fixed", "soon"),
        ("fixed", "1.4.1"),
        ("links", ["javascript:alert(1)"]),
        ("links", ["https://acme.example/ <script>"]),
        ("links", ["https://user@acme.example/"]),
        ("links", ["https://acme.example/" + "x" * 500]),
        ("links", ["https://acme.example/"] * 11),
    ],
)
def test_what_cannot_be_said_is_refused_at_its_place(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read_statement(SAID | {name: value})
    assert {fault.pointer.split("/")[1] for fault in refused.value.faults} == {name}


def test_all_places_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_statement({})
    places = [fault.pointer for fault in refused.value.faults]
    assert places == ["/severity", "/title", "/details", "/affected"]


def test_what_turns_lines_round_is_taken_out_of_texts() -> None:
    said = read_statement(SAID | {"title": "safe\u202e\x00 \nname", "details": "a\r\nb\x1b[2J"})
    assert (said.title, said.details) == ("safe name", "a\nb[2J")


def test_a_pre_release_counts_by_its_place_in_the_order() -> None:
    with pytest.raises(Invalid):
        read_statement(SAID | {"fixed": "1.4.2-rc.1"})
    before = read_statement(SAID | {"fixed": "1.0.0-rc.1"})
    assert before.fixed == "1.0.0-rc.1", "it comes before what is affected"


ordinary = st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3)
ranges = st.sampled_from(["<1.4.2", ">=1.0.0 <2.1.0", "^1.2", "~0.3", "1.x || 3.x", "*", "2.0.0"])


@given(ordinary, ranges)
def test_of_versions_without_pre_release_those_outside_the_range_alone_can_mend_it(
    version: str, affected: str
) -> None:
    statement = SAID | {"affected": affected, "fixed": version}
    with pytest.raises(Invalid) if satisfies(version, affected) else nullcontext():
        assert read_statement(statement).fixed == version


def test_those_who_run_it_hear_of_other_releases_and_of_more_harm_alone() -> None:
    said = read_statement(SAID)
    assert is_told_anew(said, replace(said, affected="<1.4.2"))
    assert is_told_anew(said, replace(said, severity=Severity.CRITICAL))
    assert not is_told_anew(said, replace(said, severity=Severity.LOW, title="Other", fixed="1.4.3"))


def advisory(*, by_staff: bool = False, withdrawn_at: datetime | None = None) -> Advisory:
    said = read_statement(SAID)
    return Advisory(new_id(), "acme.tally", said, by_staff, NOW, NOW, withdrawn_at, withdrawn_at and "wrong")


def test_what_staff_filed_its_subject_does_not_change() -> None:
    with pytest.raises(NotYourAdvisory):
        check_hand(advisory(by_staff=True), staff=False)
    check_hand(advisory(by_staff=True), staff=True)
    check_hand(advisory(), staff=True)
    check_hand(advisory(), staff=False)


def test_what_was_withdrawn_is_not_changed_any_more() -> None:
    with pytest.raises(AdvisoryWithdrawn):
        check_hand(advisory(withdrawn_at=NOW), staff=True)


def test_an_id_tells_nothing() -> None:
    assert len({new_id() for _ in range(200)}) == 200
