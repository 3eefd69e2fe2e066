"""Versions by SemVer 2.0.0, ranges as npm reads them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import check_range, parse_version, satisfies


@pytest.mark.parametrize(
    "text", ["1.0.0", "0.0.0", "1.2.3-alpha.1", "1.2.3-0a", "1.2.3+build.01", "9007199254740991.0.0"]
)
def test_a_semver_version_is_read(text: str) -> None:
    assert str(parse_version(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "v1.2.3",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3+",
        "1.2.3 ",
        "١.2.3",
        "9007199254740992.0.0",
        "1.0.0-" + "a" * 60,
    ],
)
def test_what_semver_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 the words are the parser's own, and differ by what is wrong
        parse_version(text)


@pytest.mark.parametrize(
    "text", ["*", "^1.2.0", "~1.2", ">=1.0.0 <3.0.0", "1.x || 2.x", "1.2.3 - 2.0.0", "^1.2.3-beta.1"]
)
def test_an_npm_range_is_read(text: str) -> None:
    assert check_range(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "latest", "^a.b.c", ">=1.0.0 <", "><1", ">=01.0.0", "1.0.0 ||", "|| 1", "🦊", "1" * 201),
        *("1.2.3.4", "^^1.2.3", "1.2.3, 2.0.0", "!=1.2.3", "1.2.3 -2.0.0", "1 - 2 - 3", "^1.2.3-01"),
        *("~1.02.3", "99999999999999999999.0.0", "<1" + "0" * 120, "1.2.3+a+b", "1.2.3 | 2.0.0"),
    ],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 as above
        check_range(text)


@pytest.mark.parametrize("text", [">1.x.0", "3.x.1", "<=*.1.2", "9007199254740992.0.0", "1.2.3>=2"])
def test_what_npm_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 as above
        check_range(text)


@pytest.mark.parametrize("text", ["==1.0.0", ">==1.0.0", "^=1.0.0", "vv1.0.0", "~=1.0"])
def test_an_operator_stands_once(text: str) -> None:
    """npm reads these by chance of its patterns; nobody means them."""
    with pytest.raises(ValueError):  # noqa: PT011 as above
        check_range(text)


@pytest.mark.parametrize(
    ("version", "version_range", "inside"),
    [
        ("2.3.1", ">=1.0.0 <3.0.0", True),
        ("3.0.0", ">=1.0.0 <3.0.0", False),
        ("1.9.0", "^1.2.0", True),
        ("2.0.0", "^1.2.0", False),
        ("1.3.0-beta.1", "^1.2.0", False),
        ("1.2.0-beta.2", "^1.2.0-beta.1", True),
        # Below 1.0.0 the caret holds the leftmost number that is not 0.
        ("0.0.3", "^0.0.3", True),
        ("0.0.4", "^0.0.3", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("0.0.9", "^0.0", True),
        ("0.1.0", "^0.0.x", False),
        ("0.9.0", "^0", True),
        # The tilde holds what is written of major and minor.
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2", False),
        ("1.9.0", "~1", True),
        ("1.2.3-beta.3", "~1.2.3-beta.2", True),
        ("1.2.4-beta.3", "~1.2.3-beta.2", False),
        # A hyphen range takes all of what its end leaves out, and no more than that.
        ("2.3.9", "1.2.3 - 2.3", True),
        ("2.4.0", "1.2.3 - 2.3", False),
        ("2.3.5", "1.2.3 - 2.3.4", False),
        ("1.2.0", "1.2 - 2.3.4", True),
        ("2.9.9", "1.2.3 - 2", True),
        # Comparators with numbers left out stand for all that they leave out.
        ("1.2.9", ">1.2", False),
        ("1.3.0", ">1.2", True),
        ("1.2.9", "<=1.2", True),
        ("1.2.0", "<1.2", False),
        ("2.0.0-alpha", "<2", False),
        ("7.1.2", "*", True),
        ("7.1.2-rc.1", "*", False),
        ("0.0.1", "<*", False),
        # Alternatives stand beside each other; a pre-release needs one that names its own three numbers.
        ("1.5.0", "<1.0.0 || >=1.5.0", True),
        ("1.2.0", "<1.0.0 || >=1.5.0", False),
        ("3.4.5-alpha.9", ">1.2.3-alpha.3 || ^3", False),
        ("1.2.3-alpha.7", ">1.2.3-alpha.3", True),
        ("1.2.3-alpha.10", "<1.2.3-alpha.9", False),
        # Build metadata has no say.
        ("1.2.3+one", "=1.2.3+other", True),
        ("1.2.4", "<=1.2.3+other", False),
        # Where an alternative admits everything, the others say nothing more: not for pre-releases either.
        ("1.2.3-beta.2", "* || >=1.2.3-beta", False),
        ("1.2.3-beta.2", ">=1.2.3-beta || >=0.0.0", False),
        ("1.2.3-beta.2", ">=1.2.3-beta || x.x", False),
        ("0.1.0-alpha", "x.1.3 - 0.1.0-beta || x", False),
        ("1.2.3-beta.2", "* >=1.2.3-beta", True),
        ("1.2.3-beta.2", ">=1.2.3-beta || >=0.0.1", True),
        # What ends below a version ends below its pre-releases, unless it names the version itself.
        ("2.0.0-beta", "^1.2.3 >=2.0.0-alpha", False),
        ("2.0.0-beta", "1.x >=2.0.0-alpha", False),
        ("2.0.0-beta", "<2 >=2.0.0-alpha", False),
        ("2.0.0-beta", "<2.0.0 >=2.0.0-alpha", True),
        ("0.0.0-beta", "<0.1.0 <0.0.0-x", True),
        ("0.0.0-beta", "~0.0 <0.0.0-x", True),
        ("1.3.0-beta", "<=1.2 >=1.3.0-alpha", False),
        # Build metadata beside numbers that are left out, hyphens in a pre-release, an x before its numbers.
        ("2.9.0", "<3+build", True),
        ("1.2.9", "1.2+build", True),
        ("2.1.1--", "~2.1.1--", True),
        ("9.1.0", "^x.1.2", True),
        ("1.0.4", "1.0.x-beta.2", True),
        ("1.2.4", "> 1.2.3  <\t1.3 ~> 1.2 ^ v1", True),
        # Nothing lies in a range that excludes itself, and the largest number is one like any other.
        ("1.5.0", ">1.5.0 <1.5.0", False),
        ("9007199254740991.1.0", "^9007199254740991.0.0", True),
    ],
)
def test_a_version_lies_in_a_range_as_npm_says(version: str, version_range: str, inside: bool) -> None:
    assert satisfies(version, version_range) is inside


@given(st.text(max_size=40) | st.text("0123456789.^~<>=|-x* ", max_size=40))
def test_any_text_is_a_range_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert check_range(text) == text
