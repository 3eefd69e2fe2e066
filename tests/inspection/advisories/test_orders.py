"""How versions are ordered."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.advisories.ecosystems import Ecosystem, normal_name, read_ecosystem, same_name
from aei_inspection.advisories.orders import VersionUnreadable, bound, canonical, position

PYPI, NPM, CRATES, GO = Ecosystem.PYPI, Ecosystem.NPM, Ecosystem.CRATES, Ecosystem.GO

_ASCENDING = [
    (PYPI, ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0+acme.1", "1.0.post1", "1.2"]),
    (PYPI, ["1.2", "1.10", "2004.1", "1!0.1"]),
    (NPM, ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0"]),
    (CRATES, ["0.7.0-0", "0.7.0-alpha", "0.7.0", "0.7.9", "0.7.10"]),
    (
        GO,
        [
            "v0.0.0-20190101000000-abcdef012345", "v0.0.0-20200101000000-000000000000", "v0.0.1",
            "v1.2.3-pre.0.20200101000000-abcdef012345", "v1.2.3", "v2.0.0+incompatible", "v2.0.1-0", "v2.0.1",
        ],
    ),
    (GO, ["go1.20", "go1.20.1", "go1.21beta1", "go1.21rc2", "go1.21", "go1.21.3"]),
]  # fmt: skip


@pytest.mark.parametrize(("ecosystem", "versions"), _ASCENDING)
def test_versions_are_ordered_as_their_ecosystem_orders_them(
    ecosystem: Ecosystem, versions: list[str]
) -> None:
    places = [position(ecosystem, version) for version in versions]
    assert all(lower < higher for lower, higher in pairwise(places))


@pytest.mark.parametrize(
    ("ecosystem", "one", "other"),
    [
        (PYPI, "2.11.2", "2.11.2.0"),
        (PYPI, "2022.12.07", "2022.12.7"),
        (PYPI, "v1.0-1", "1.0.post1"),
        (PYPI, "1.0-alpha_1", "1.0a1"),
        (NPM, "v1.2.3", "1.2.3+build.5"),
        (GO, "v2.0.0+incompatible", "2.0.0"),
    ],
)
def test_spellings_of_one_version_stand_at_one_place(ecosystem: Ecosystem, one: str, other: str) -> None:
    assert position(ecosystem, one) == position(ecosystem, other)
    assert canonical(ecosystem, one) == canonical(ecosystem, other)


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        (PYPI, ""), (PYPI, "latest"), (PYPI, "1.0-n653x!"), (PYPI, "1" * 300),
        (NPM, "1.2"), (NPM, "^1.2.3"), (NPM, "1.02.3"), (NPM, "1.2.3-01"), (NPM, "file:../x"),
        (NPM, "1.2.3\n4"),
        (CRATES, "v1.2.3"), (CRATES, "1"), (GO, "(devel)"), (GO, "v1"), (GO, "go1"), (NPM, "9" * 255 + ".1"),
    ],
)  # fmt: skip
def test_what_is_no_version_is_not_guessed_at(ecosystem: Ecosystem, text: str) -> None:
    with pytest.raises(VersionUnreadable):
        position(ecosystem, text)


def test_a_bound_may_leave_out_minor_number_and_patch() -> None:
    assert bound(NPM, "3") == bound(NPM, "3.0") == position(NPM, "3.0.0")
    with pytest.raises(VersionUnreadable):
        bound(NPM, "3.0.RC3")


@pytest.mark.parametrize(
    ("ecosystem", "one", "other"),
    [
        (PYPI, "Zope.Interface", "zope-interface"),
        (PYPI, "ruamel.yaml", "ruamel__yaml"),
        (CRATES, "Serde_Json", "serde-json"),
        (NPM, "%40babel/core", "@babel/core"),
        (GO, "github.com/!burnt!sushi/toml/", "github.com/BurntSushi/toml"),
    ],
)
def test_spellings_of_one_package_have_one_name(ecosystem: Ecosystem, one: str, other: str) -> None:
    assert normal_name(ecosystem, one) == normal_name(ecosystem, other)


def test_names_that_differ_in_more_stay_apart() -> None:
    assert normal_name(GO, "github.com/a/B") != normal_name(GO, "github.com/a/b")
    assert normal_name(NPM, "lodash_trim") != normal_name(NPM, "lodash.trim")
    assert normal_name(NPM, "jQuery") == normal_name(NPM, "jquery")
    assert not same_name(NPM, "jQuery", "jquery")
    assert read_ecosystem("Go:1.21") is GO
    assert read_ecosystem("Debian:12") is None


_NUMBERS = st.integers(0, 12)
_PRE = st.sampled_from(["", "-0", "-1", "-alpha", "-alpha.1", "-beta.2", "-rc.11", "-x.7.z"])
_SEMVER = st.builds(lambda a, b, c, pre: f"{a}.{b}.{c}{pre}", _NUMBERS, _NUMBERS, _NUMBERS, _PRE)
_PEP440 = st.builds(
    lambda epoch, numbers, tail: f"{epoch}{'.'.join(map(str, numbers))}{tail}",
    st.sampled_from(["", "1!"]),
    st.lists(_NUMBERS, min_size=1, max_size=4),
    st.sampled_from(["", "a1", "b2", "rc1", ".post1", ".dev3", "a1.dev2", "+local.1"]),
)


@given(st.lists(_SEMVER, min_size=3, max_size=3), st.sampled_from([NPM, CRATES, GO]))
def test_the_order_of_semver_is_total(versions: list[str], ecosystem: Ecosystem) -> None:
    _assert_total([position(ecosystem, version) for version in versions])


@given(st.lists(_PEP440, min_size=3, max_size=3))
def test_the_order_of_pep_440_is_total_and_fits_its_spelling(versions: list[str]) -> None:
    places = [position(PYPI, version) for version in versions]
    _assert_total(places)
    public = [position(PYPI, version.partition("+")[0]) for version in versions]
    names = [canonical(PYPI, version) for version in versions]
    assert (public[0] == public[1]) == (names[0] == names[1])


def _assert_total(places: list) -> None:
    a, b, c = places
    assert (a < b) + (a == b) + (b < a) == 1
    assert not (a <= b <= c) or a <= c
