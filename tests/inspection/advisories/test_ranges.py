"""Whether a version lies in what is affected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.advisories.ecosystems import Ecosystem
from aei_inspection.advisories.ranges import Event, Extent, Standing, fixed_versions, standing

AFFECTED, NOT_AFFECTED, UNKNOWN = Standing.AFFECTED, Standing.NOT_AFFECTED, Standing.UNKNOWN
PYPI, NPM, CRATES, GO = Ecosystem.PYPI, Ecosystem.NPM, Ecosystem.CRATES, Ecosystem.GO

_UNSORTED = "introduced 2.0.0, fixed 2.0.6, introduced 0, fixed 1.26.17"


def events(text: str) -> tuple[Event, ...]:
    """`introduced 0, fixed 2.0` → events."""
    return tuple((kind, version) for kind, version in (part.split() for part in text.split(", ")))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ecosystem", "said", "version", "expected"),
    [
        (PYPI, "introduced 0, fixed 2.11.3", "2.11.2", AFFECTED),
        (PYPI, "introduced 0, fixed 2.11.3", "2.11.3", NOT_AFFECTED),
        (PYPI, "introduced 0, fixed 2.11.3", "2.11.3.post1", NOT_AFFECTED),
        (PYPI, "introduced 0, fixed 2.11.3", "1!2.11.2", NOT_AFFECTED),
        (PYPI, "introduced 0, fixed 2.11.3", "2.11.3rc1", AFFECTED),
        (PYPI, "introduced 0, fixed 1!1.0", "9.0", AFFECTED),
        (PYPI, "introduced 1.7a0, fixed 1.7b4", "1.7b3", AFFECTED),
        (PYPI, "introduced 0, last_affected 1.11.0", "1.11.0", AFFECTED),
        (PYPI, "introduced 0, last_affected 1.11.0", "1.11.0.post1", NOT_AFFECTED),
        (PYPI, _UNSORTED, "2.0.4", AFFECTED),
        (PYPI, _UNSORTED, "1.26.17", NOT_AFFECTED),
        (PYPI, _UNSORTED, "1.26.3", AFFECTED),
        (PYPI, "introduced 0, fixed 2019-09-12", "1.0", UNKNOWN),
        (PYPI, "introduced 0, fixed 2.0", "unreleased", UNKNOWN),
        (PYPI, "fixed 2.0", "1.0", UNKNOWN),
        (NPM, "introduced 1.0.0, fixed 2.0.0, introduced 2.0.0, fixed 3.0.0", "2.0.0", AFFECTED),
        (NPM, "introduced 1.0.0, fixed 2.0.0, introduced 2.0.0, fixed 3.0.0", "2.5.0", AFFECTED),
        (NPM, "introduced 2.0.0, fixed 2.0.0", "2.0.0", NOT_AFFECTED),
        (NPM, "introduced 2.0.0, fixed 2.0.0", "2.1.0", NOT_AFFECTED),
        (NPM, "introduced 0.8.0, last_affected 0.8.0", "0.8.0", AFFECTED),
        (NPM, "introduced 0, limit 2.0.0", "1.9.9", AFFECTED),
        (NPM, "introduced 0, limit 2.0.0", "2.0.0", NOT_AFFECTED),
        (NPM, "introduced 0, limit *", "99.0.0", AFFECTED),
        (NPM, "introduced 0, fixed 4.17", "4.16.9", AFFECTED),
        (CRATES, "introduced 0.7.0-0, fixed 0.7.0", "0.7.0", NOT_AFFECTED),
        (CRATES, "introduced 0.7.0-0, fixed 0.7.0", "0.7.0-alpha.1", AFFECTED),
        (CRATES, "introduced 0.0.0-0", "0.0.0", AFFECTED),
        (
            GO,
            "introduced 0, fixed 0.0.0-20200101000000-000000000000",
            "v0.0.0-20190101000000-abcdef012345",
            AFFECTED,
        ),
        (GO, "introduced 0, fixed 1.20.8, introduced 1.21.0-0, fixed 1.21.1", "go1.21rc2", AFFECTED),
        (GO, "introduced 0, fixed 3.0.0", "v2.1.0+incompatible", AFFECTED),
    ],
)
def test_a_version_is_held_against_a_range(
    ecosystem: Ecosystem, said: str, version: str, expected: Standing
) -> None:
    assert standing(ecosystem, Extent((events(said),)), version) is expected


def test_a_version_is_affected_where_any_of_several_overlapping_ranges_holds_it() -> None:
    extent = Extent((events("introduced 0, fixed 1.0.0"), events("introduced 0.5.0, fixed 2.0.0")))
    assert [standing(NPM, extent, v) for v in ("0.7.0", "1.5.0", "2.0.0")] == [
        AFFECTED,
        AFFECTED,
        NOT_AFFECTED,
    ]
    # 1.0.0 is called fixed by one range and affected by the other.
    assert fixed_versions(NPM, extent, "0.7.0") == ("2.0.0",)


def test_versions_named_one_by_one_are_affected_in_every_spelling() -> None:
    extent = Extent(versions=("0.5", "1"))
    assert standing(PYPI, extent, "0.5.0") is AFFECTED
    assert standing(PYPI, extent, "1.0+acme.2") is AFFECTED
    assert standing(PYPI, extent, "0.6") is NOT_AFFECTED
    assert standing(PYPI, Extent(versions=("2004b!",)), "2004b!") is AFFECTED


def test_a_record_that_says_nothing_about_versions_clears_none() -> None:
    assert standing(PYPI, Extent(), "1.0") is UNKNOWN


def test_fixed_versions_are_later_ones_in_order_and_never_a_bound() -> None:
    assert fixed_versions(PYPI, Extent((events(_UNSORTED),)), "1.26.3") == ("1.26.17", "2.0.6")
    assert fixed_versions(PYPI, Extent((events(_UNSORTED),)), "2.0.4") == ("2.0.6",)
    assert fixed_versions(CRATES, Extent((events("introduced 0.0.0-0, fixed 0.3.1-0"),)), "0.2.0") == (
        "0.3.1",
    )
    assert fixed_versions(PYPI, Extent((events("introduced 0"),)), "1.0") == ()


_EVENT = st.tuples(
    st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
    st.builds(
        lambda a, b, pre: f"{a}.{b}.0{pre}",
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["", "-rc.1"]),
    ),
)


@given(st.lists(_EVENT, max_size=8), st.booleans(), st.randoms(use_true_random=False), _EVENT)
def test_the_order_of_events_says_nothing(found, from_start, chance, probe) -> None:
    said = [("introduced", "0"), *found] if from_start else found
    shuffled = chance.sample(said, len(said))
    version = probe[1]
    assert standing(NPM, Extent((tuple(said),)), version) is standing(
        NPM, Extent((tuple(shuffled),)), version
    )


@given(st.lists(st.integers(0, 20), min_size=2, max_size=8, unique=True), st.integers(0, 21))
def test_a_version_is_affected_between_where_it_began_and_where_it_ended(bounds: list[int], at: int) -> None:
    ordered = sorted(bounds)
    pairs = list(zip(ordered[::2], ordered[1::2], strict=False))
    said = tuple(e for a, b in pairs for e in (("introduced", f"{a}.0.0"), ("fixed", f"{b}.0.0")))
    expected = AFFECTED if any(a <= at < b for a, b in pairs) else NOT_AFFECTED
    assert standing(NPM, Extent((said,)), f"{at}.0.0") is expected
