"""Which newer release an installation goes to by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import parse_version
from aei_marketplace.installations.errors import PolicyUnfit
from aei_marketplace.installations.rules.policies import changed_policies
from aei_marketplace.installations.rules.terms import check_policy
from aei_marketplace.installations.rules.updates import (
    Newer,
    Terms,
    Updates,
    choose_update,
    hindrance,
    is_compatible_update,
    terms_of,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ANY = Terms(Updates.ALL, timedelta())
FINE = Newer(
    "1.1.0",
    security=False,
    reached=True,
    listed_at=NOW - DAY,
    refusal=None,
    asks_more=False,
    config_fits=True,
    same_publisher=True,
)


def chosen(terms: Terms, present: str, *newer: Newer, endangered: bool = False) -> str | None:
    found = choose_update(terms, present, newer, NOW, endangered=endangered)
    return None if found is None else found.version


def versions(*names: str) -> list[Newer]:
    return [replace(FINE, version=name) for name in names]


@pytest.mark.parametrize(
    ("mode", "expected"), [("off", None), ("security", None), ("compatible", "1.9.0"), ("all", "2.0.0")]
)
def test_each_mode_goes_as_far_as_it_says(mode: str, expected: str | None) -> None:
    newer = versions("1.1.0", "2.0.0", "1.9.0")
    assert chosen(Terms(Updates(mode), timedelta()), "1.0.0", *newer) == expected


def test_a_security_release_is_taken_and_those_that_are_none_are_left() -> None:
    security, plain = replace(FINE, version="1.1.0", security=True), replace(FINE, version="1.2.0")
    breaking = replace(FINE, version="2.0.0", security=True)
    terms = Terms(Updates.SECURITY, timedelta())
    assert chosen(terms, "1.0.0", plain, security, breaking) == "1.1.0"


def test_whatever_replaces_an_endangered_release_counts_as_a_security_release() -> None:
    assert chosen(Terms(Updates.SECURITY, timedelta()), "1.0.0", FINE, endangered=True) == "1.1.0"


def test_an_update_that_asks_for_more_waits_and_the_highest_that_does_not_is_taken() -> None:
    asking = replace(FINE, version="1.2.0", asks_more=True)
    assert chosen(ANY, "1.0.0", asking) is None
    assert chosen(ANY, "1.0.0", asking, FINE) == "1.1.0"


def test_nothing_goes_by_itself_to_what_its_publisher_advises_against() -> None:
    deprecated = replace(FINE, version="1.2.0", deprecated=True)
    assert chosen(ANY, "1.0.0", deprecated) is None
    assert chosen(ANY, "1.0.0", deprecated, FINE) == "1.1.0"


def test_a_deprecated_release_is_still_better_than_one_that_is_no_better_or_harms() -> None:
    deprecated = replace(FINE, version="1.2.0", deprecated=True)
    assert chosen(ANY, "1.0.0", deprecated, endangered=True) == "1.2.0"
    assert chosen(ANY, "1.0.0", replace(deprecated, security=True)) == "1.2.0"
    assert choose_update(ANY, "1.0.0", [deprecated], NOW, endangered=False, deprecated=True) == deprecated
    both = [deprecated, FINE]
    assert choose_update(ANY, "1.0.0", both, NOW, endangered=False, deprecated=True) == FINE


@pytest.mark.parametrize(
    "change",
    [
        {"asks_more": True},
        {"config_fits": False},
        {"same_publisher": False},
        {"reached": False},
        {"refusal": "it is incompatible"},
        {"version": "1.0.0"},
        {"version": "0.9.0"},
        {"version": "1.0.0-rc.1"},
    ],
)
def test_whatever_stands_against_a_release_is_said(change: dict[str, Any]) -> None:
    newer = replace(FINE, **change)
    assert hindrance(ANY, "1.0.0", newer, NOW)
    assert chosen(ANY, "1.0.0", newer) is None


def test_a_release_is_old_enough_from_the_very_hour_on() -> None:
    terms = Terms(Updates.ALL, timedelta(hours=24))
    assert chosen(terms, "1.0.0", replace(FINE, listed_at=NOW - DAY)) == "1.1.0"
    assert chosen(terms, "1.0.0", replace(FINE, listed_at=NOW - DAY + timedelta(seconds=1))) is None


numbers = st.integers(0, 3)
some_version = st.builds("{}.{}.{}{}".format, numbers, numbers, numbers, st.sampled_from(["", "-rc.1"]))
some_newer = st.builds(
    Newer,
    version=some_version,
    security=st.booleans(),
    reached=st.booleans(),
    listed_at=st.just(NOW - DAY),
    refusal=st.none() | st.just("no"),
    asks_more=st.booleans(),
    config_fits=st.booleans(),
    same_publisher=st.booleans(),
)


@given(st.sampled_from(Updates), some_version, st.lists(some_newer, max_size=6), st.booleans())
def test_no_policy_and_no_rollout_ever_leads_downwards_or_to_more_permissions(
    mode: Updates, present: str, newer: list[Newer], endangered: bool
) -> None:
    found = choose_update(Terms(mode, timedelta()), present, newer, NOW, endangered=endangered)
    if found is not None:
        assert parse_version(found.version) > parse_version(present)
        assert not found.asks_more
        assert found.reached


@pytest.mark.parametrize(
    ("present", "wanted", "compatible"),
    [
        ("1.2.3", "1.9.0", True),
        ("1.2.3", "2.0.0", False),
        ("0.2.3", "0.2.9", True),
        ("0.2.3", "0.3.0", False),
        ("0.0.3", "0.0.4", False),
        ("0.9.0", "1.0.0", False),
        ("1.0.0-rc.1", "1.0.0", True),
    ],
)
def test_compatible_is_what_semver_promises(present: str, wanted: str, compatible: bool) -> None:
    assert is_compatible_update(present, wanted) is compatible


def test_an_installations_own_mode_goes_before_the_tenants() -> None:
    assert terms_of({}, {}).updates is Updates.OFF
    assert terms_of({"updates": "all"}, {}).updates is Updates.ALL
    assert terms_of({"updates": "all"}, {"updates": "off"}).updates is Updates.OFF
    assert terms_of({"minimum_release_age_hours": 48}, {}).minimum_age == 2 * DAY


@pytest.mark.parametrize("mode", ["sometimes", "", "ALL", 1, True, ["all"], {}])
def test_a_mode_that_is_none_is_refused_by_both_policies(mode: Any) -> None:
    with pytest.raises(PolicyUnfit):
        check_policy({"updates": mode})
    with pytest.raises(PolicyUnfit):
        changed_policies({}, {"updates": mode})


@pytest.mark.parametrize("hours", [-1, 1.5, True, "24", 365 * 24 + 1])
def test_an_age_that_is_none_is_refused(hours: Any) -> None:
    with pytest.raises(PolicyUnfit):
        changed_policies({}, {"minimum_release_age_hours": hours})


def test_null_takes_a_policy_of_updates_back() -> None:
    present = {"updates": "all", "minimum_release_age_hours": 24}
    assert changed_policies(present, {"updates": None, "minimum_release_age_hours": None}) == {}
