"""SemVer 2.0.0: precedence, channels, and ranges of AEI versions as intervals."""

from functools import cmp_to_key
from itertools import pairwise

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import satisfies
from aei_marketplace.catalog.rules.compatibility import intervals
from aei_marketplace.catalog.rules.versions import (
    Channel,
    channel_of,
    just_above,
    precedence_key,
    prerelease_core,
)

#: In order: the examples of semver.org, section 11, and what is easily got wrong.
ORDERED = [
    "0.0.0-0",
    "0.0.0",
    "0.0.1",
    "0.9.0",
    "0.10.0",
    "1.0.0--",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-alphabet",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-beta.11.0",
    "1.0.0-beta.99999999999999999999",
    "1.0.0-rc.1",
    "1.0.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "10.0.0",
]

numbers = st.one_of(st.integers(0, 12), st.integers(0, 2**53 - 1)).map(str)
identifiers = st.one_of(numbers, st.from_regex(r"[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,4}", fullmatch=True))
prereleases = st.lists(identifiers, min_size=0, max_size=3).map(lambda i: "-" + ".".join(i) if i else "")
small = st.integers(0, 3).map(str)
versions = st.builds("{}.{}.{}{}".format, numbers, small, small, prereleases).filter(lambda v: len(v) <= 64)


def test_keys_sort_as_the_standard_lists_its_examples() -> None:
    keys = [precedence_key(version) for version in ORDERED]
    assert all(lower < higher for lower, higher in pairwise(keys))


@given(versions, versions)
def test_keys_compare_as_semver_compares(one: str, other: str) -> None:
    expected = semver.Version.parse(one).compare(other)
    mine, theirs = precedence_key(one), precedence_key(other)
    assert (mine > theirs) - (mine < theirs) == expected


@given(versions, versions)
def test_just_above_lies_between_a_version_and_every_higher_one(one: str, other: str) -> None:
    assert precedence_key(one) < just_above(precedence_key(one))
    if precedence_key(one) < precedence_key(other):
        assert just_above(precedence_key(one)) < precedence_key(other)


def test_build_metadata_has_no_say() -> None:
    assert precedence_key("1.0.0+one") == precedence_key("1.0.0+two") == precedence_key("1.0.0")


@given(st.lists(versions, max_size=8))
def test_sorting_by_key_gives_the_same_order_as_comparing(found: list[str]) -> None:
    by_comparing = sorted(found, key=cmp_to_key(lambda a, b: semver.Version.parse(a).compare(b)))
    assert sorted(found, key=precedence_key) == by_comparing


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "v1.0.0", "1.0.0-", "01.0.0", "1.0.0-01", "1.0.0 ", "1" * 70]
)
def test_what_is_no_version_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        precedence_key(text)


def test_a_pre_release_part_makes_a_preview() -> None:
    assert channel_of("1.0.0") is Channel.STABLE
    assert channel_of("1.0.0+build") is Channel.STABLE
    assert channel_of("1.0.0-rc.1") is Channel.PREVIEW
    assert prerelease_core("1.2.3-rc.1") == "1.2.3"
    assert prerelease_core("1.2.3") is None


RANGES = [
    "*",
    ">=1.0.0 <3.0.0",
    "^1.2.3",
    "~1.2",
    "1.x || 3.x",
    "1.2.3 - 2.3",
    ">1",
    "<=2.0.0",
    "=1.2.3",
    "1.2.3+build",
    "^1.2.3-beta.2",
    ">=1.0.0-rc.1 <1.0.0 || ^0.1.0",
    ">2.0.0-alpha <=2.0.0",
    ">3.0.0 <1.0.0",
    "<0.0.0-0",
    "^9007199254740991.0.0",
]


@given(st.sampled_from(RANGES), st.one_of(versions, st.sampled_from(ORDERED)))
def test_intervals_hold_exactly_the_versions_that_satisfy_the_range(version_range: str, version: str) -> None:
    held = any(interval.holds(version) for interval in intervals(version_range))
    assert held == satisfies(version, version_range)


comparators = st.builds("{}{}".format, st.sampled_from([">=", ">", "<", "<=", "=", "^", "~", ""]), versions)
ranges = st.lists(st.lists(comparators, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=2).map(
    " || ".join
)


@given(ranges.filter(lambda r: len(r) <= 200), versions)
def test_intervals_agree_with_the_range_for_any_range(version_range: str, version: str) -> None:
    held = any(interval.holds(version) for interval in intervals(version_range))
    assert held == satisfies(version, version_range)


def test_a_range_that_nothing_satisfies_has_no_interval() -> None:
    assert intervals(">3.0.0 <1.0.0") == ()


@pytest.mark.parametrize("text", ["", "not a range", "1.0.0 ||", ">" * 201])
def test_a_range_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        intervals(text)
