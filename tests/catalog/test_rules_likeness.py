"""Names that would pass for another's: the laws of skeletons and distances, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.errors import NameConfusable, NamespaceReserved
from aei_marketplace.catalog.rules.likeness import Likeness, closest, distance, skeleton, squeezed
from aei_marketplace.catalog.rules.names import check_namespace, check_unlike

names = st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True)
short = st.text("abc", max_size=7)


def plain_distance(a: str, b: str) -> int:
    """Optimal string alignment, as its definition has it."""
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(short, short, st.integers(0, 3))
def test_the_distance_is_that_of_optimal_string_alignment_up_to_its_limit(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit) == min(plain_distance(a, b), limit + 1)


@given(names, names, st.integers(1, 3))
def test_the_distance_does_not_depend_on_the_order(a: str, b: str, limit: int) -> None:
    assert distance(a, b, limit) == distance(b, a, limit)


@given(names, st.data())
def test_a_separator_anywhere_changes_no_skeleton(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name)))
    for separator in "-.":
        assert skeleton(name[:place] + separator + name[place:]) == skeleton(name)


@given(names)
def test_nothing_resembles_itself_and_its_squeezed_form_does(name: str) -> None:
    assert closest(name, [name], popular=True) is None
    if squeezed(name) != name:
        like = closest(name, [squeezed(name)], popular=False)
        assert like is not None
        assert like.likeness is Likeness.SEPARATORS


@pytest.mark.parametrize(
    ("name", "other", "likeness"),
    [
        ("acme-labs", "acmelabs", Likeness.SEPARATORS),
        ("a-c-m-e", "acme", Likeness.SEPARATORS),
        ("acrne", "acme", Likeness.LOOK_ALIKE),
        ("g1obex", "globex", Likeness.LOOK_ALIKE),
        ("giobex", "globex", Likeness.LOOK_ALIKE),
        ("gl0-bex", "globex", Likeness.LOOK_ALIKE),
        ("vveather", "weather", Likeness.LOOK_ALIKE),
        ("c1oud", "cloud", Likeness.LOOK_ALIKE),
        ("summarize-it", "summarise-it", Likeness.SPELLING),
        ("globxe", "globex", Likeness.SPELLING),
        ("globexx", "globex", Likeness.SPELLING),
        ("gobex", "globex", Likeness.SPELLING),
        ("translaotrs", "translators", Likeness.SPELLING),
    ],
)
def test_each_kind_of_likeness_to_a_popular_name_is_refused_with_its_reason(
    name: str, other: str, likeness: Likeness
) -> None:
    with pytest.raises(NameConfusable) as refused:
        check_unlike(name, (), ["something", other])
    assert refused.value.extensions == {"likeness": likeness, "resembles": other, "name": name}
    assert other in refused.value.detail
    assert "/api/name-claims" in refused.value.next_step


@pytest.mark.parametrize(
    ("name", "other"), [("acne", "acme"), ("globes-x", "globex-tools"), ("date", "data"), ("echo", "globex")]
)
def test_short_names_and_names_far_apart_are_told_apart(name: str, other: str) -> None:
    check_unlike(name, [other], [other])


def test_slips_of_the_finger_count_against_popular_names_alone() -> None:
    check_unlike("globexx", ["globex"], ())


@pytest.mark.parametrize("name", ["a-p-i", "adm1n", "offic-ial", "r00t", "l0gin"])
def test_a_name_that_looks_like_a_reserved_one_is_reserved(name: str) -> None:
    with pytest.raises(NamespaceReserved) as refused:
        check_namespace(name)
    assert refused.value.extensions["likeness"] == Likeness.RESERVED


@pytest.mark.parametrize("name", ["aei-team", "official-studio", "studio-0fficial", "my-ae1-tools"])
def test_a_name_that_claims_to_be_the_marketplaces_own_is_reserved(name: str) -> None:
    with pytest.raises(NamespaceReserved) as refused:
        check_namespace(name)
    assert refused.value.extensions["resembles"] in ("aei", "official")


@pytest.mark.parametrize("name", ["aeisland", "unofficially", "team-aeiou", "acme"])
def test_letters_inside_of_a_word_claim_nothing(name: str) -> None:
    assert check_namespace(name) == name
