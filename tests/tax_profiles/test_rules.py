"""Declarations, standings and reviews as rules."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from aei_marketplace.ground.tax_ids import personal_tax_id_of, tax_id_of
from aei_marketplace.tax_profiles.errors import ProfileUnfit, ReviewRefused, ReviewUnfit
from aei_marketplace.tax_profiles.rules.declarations import (
    Declaration,
    Form,
    Kind,
    check_declaration,
    end_of,
    expiry_of,
)
from aei_marketplace.tax_profiles.rules.profiles import Profile, State, check_review, standing_of

TODAY = date(2026, 11, 23)
GOOD = Declaration(Form.SELF_DECLARATION, Kind.COMPANY, "de", "Acme GmbH", "Hafen 1\nHamburg", "136 695 976")


def profile(state: State, withholding: int | None = None, expires_on: date | None = None) -> Profile:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return Profile(
        id=UUID(int=1), tenant_id=UUID(int=2), form=Form.W8BEN, kind=Kind.PERSON, residence="DE",
        tax_id_end="976", submitted_at=at, submitted_by=UUID(int=3), expires_on=expires_on, state=state,
        withholding_bps=withholding, reason=None, reviewed_at=None, reviewed_by=None, version=1,
    )  # fmt: skip


def test_what_was_declared_is_tidied():
    tidy = check_declaration(GOOD)
    assert (tidy.residence, tidy.tax_id) == ("DE", "DE136695976")


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("residence", "XX", "/residence"),
        ("residence", "US", "/form"),
        ("name", "\u202e\u0000", "/name"),
        ("name", "x" * 121, "/name"),
        ("address", "", "/address"),
        ("tax_id", "136 695 977", "/tax_id"),
        ("tax_id", "FR40303265045", "/tax_id"),
        ("tax_id", "9" * 500, "/tax_id"),
        ("form", Form.W9, "/form"),
        ("form", Form.W8BEN, "/form"),
    ],
)
def test_what_cannot_be_so_is_refused_at_its_place(field: str, value: str, pointer: str):
    declared = Declaration(**{**{f: getattr(GOOD, f) for f in GOOD.__slots__}, field: value})
    with pytest.raises(ProfileUnfit) as refusal:
        check_declaration(declared)
    assert pointer in {fault.pointer for fault in refusal.value.faults}


@pytest.mark.parametrize(
    ("country", "written", "compact"),
    [
        ("US", "12-3456789", "123456789"),
        ("GB", "GB 980 7806 84", "980780684"),
        ("PA", "8-442-445", "8-442-445"),
    ],
)
def test_a_business_has_the_tax_id_of_its_country(country: str, written: str, compact: str):
    assert tax_id_of(country, written) == compact


@pytest.mark.parametrize(
    ("country", "written", "compact"),
    [
        ("DE", "36 574 261 809", "36574261809"),
        ("US", "536-90-4399", "536904399"),
        ("LT", "33309240064", "33309240064"),
    ],
)
def test_a_person_has_another(country: str, written: str, compact: str):
    assert personal_tax_id_of(country, written) == compact
    with pytest.raises(ValueError, match="tax id of DE"):
        personal_tax_id_of("DE", "DE136695976")


def test_no_more_than_half_of_a_tax_id_is_shown():
    assert (end_of("DE136695976"), end_of("1234"), end_of("1")) == ("976", "34", "")


def test_american_forms_for_foreigners_end_with_the_third_year_after():
    assert expiry_of(Form.W8BEN, TODAY) == date(2029, 12, 31)
    assert expiry_of(Form.W9, TODAY) is None


@pytest.mark.parametrize(
    ("held", "passes"),
    [
        (None, False),
        (profile(State.SUBMITTED), False),
        (profile(State.REFUSED), False),
        (profile(State.SUPERSEDED, 0), False),
        (profile(State.REVIEWED, 3000), True),
        (profile(State.REVIEWED, 3000, TODAY), True),
        (profile(State.REVIEWED, 3000, date(2026, 11, 22)), False),
    ],
)
def test_money_passes_on_a_reviewed_profile_that_holds_alone(held: Profile | None, passes: bool):
    standing = standing_of(held, TODAY)
    assert (standing.reviewed, standing.why_not is None) == (passes, passes)
    assert standing.withholding_bps == (3000 if passes else 0)


@pytest.mark.parametrize("withheld", [None, -1, 10_001, 15.5, True, "15"])
def test_a_review_withholds_a_share(withheld: object):
    with pytest.raises(ReviewUnfit):
        check_review(profile(State.SUBMITTED), True, withheld, None, TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "approve"),
    [(State.SUPERSEDED, True), (State.SUPERSEDED, False), (State.REFUSED, True), (State.REVIEWED, True)],
)
def test_what_is_decided_is_not_decided_again(state: State, approve: bool):
    with pytest.raises(ReviewRefused):
        check_review(profile(state, 0), approve, 0, "no", TODAY)


def test_a_refusal_says_why_and_what_has_ended_is_not_reviewed():
    with pytest.raises(ReviewUnfit):
        check_review(profile(State.SUBMITTED), False, None, None, TODAY)
    with pytest.raises(ReviewRefused):
        check_review(profile(State.SUBMITTED, None, date(2026, 1, 1)), True, 0, None, TODAY)
    assert check_review(profile(State.REVIEWED, 0), False, None, "Wrong name.", TODAY).reason == "Wrong name."
