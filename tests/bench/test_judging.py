"""How an order of what was found is judged."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.bench.judging import Judged, gain, ndcg, read_judged
from aei_marketplace.bench.topical import judged_queries

GRADES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(1, 3), min_size=1, max_size=15
)


def test_a_worked_example_comes_to_what_was_computed_by_hand() -> None:
    judged = Judged("q", {"best": 3, "good": 2, "fair": 1, "missed": 2})
    # 7 / 1 + 3 / 1.584963 + 0 / 2 + 1 / 2.321928, of 7 / 1 + 3 / 1.584963 + 3 / 2 + 1 / 2.321928
    found = ["best", "good", "wrong", "fair"]
    assert gain([3, 2, 0, 1]) == pytest.approx(9.323466)
    assert ndcg(found, judged, 10) == pytest.approx(9.323466 / 10.823466)


@given(GRADES, st.data())
def test_no_order_is_better_than_the_best_or_worse_than_none(
    grades: dict[str, int], data: st.DataObject
) -> None:
    judged = Judged("q", grades)
    names = [*grades, "wrong1", "wrong2", "wrong3"]
    found = data.draw(st.permutations(names))[: data.draw(st.integers(0, len(names)))]
    assert 0.0 <= ndcg(found, judged, 10) <= 1.0 + 1e-9
    best = sorted(grades, key=lambda name: -grades[name])
    assert ndcg(best, judged, 10) == pytest.approx(1.0)


@given(GRADES, st.data())
def test_a_better_name_moved_ahead_of_a_worse_one_never_costs(
    grades: dict[str, int], data: st.DataObject
) -> None:
    judged = Judged("q", grades)
    found = data.draw(st.permutations([*grades, "wrong"]))
    at = data.draw(st.integers(0, len(found) - 2))
    pair = sorted(found[at : at + 2], key=lambda name: -grades.get(name, 0))
    bettered = [*found[:at], *pair, *found[at + 2 :]]
    assert ndcg(bettered, judged, 10) >= ndcg(found, judged, 10) - 1e-9


def test_what_stands_below_the_depth_does_not_count() -> None:
    judged = Judged("q", {"one": 3, "two": 3})
    assert ndcg(["one", "wrong", "two"], judged, 2) == ndcg(["one"], judged, 2) < 1.0


def test_names_that_are_not_there_are_no_part_of_the_best_order() -> None:
    judged = Judged("q", {"one": 1, "two": 3}).among(["one", "other"])
    assert ndcg(["one"], judged, 10) == 1.0
    with pytest.raises(ValueError, match="nothing that can be found"):
        ndcg(["one"], judged.among(["other"]), 10)


def test_lines_are_taken_turn_by_turn_for_development_and_held_out() -> None:
    halves = read_judged(["# why", "", "a b | x | y z | w", "c | v | | ", "d | | u |"])
    assert [each.query for each in halves.development] == ["a b", "d"]
    assert halves.development[0].grades == {"x": 3, "y": 2, "z": 2, "w": 1}
    assert [each.query for each in halves.held_out] == ["c"]


@pytest.mark.parametrize("line", ["q | a | b", "q | a | b | c | d", "| a | b | c", "q | a | a | b"])
def test_a_line_that_says_something_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="three groups"):
        read_judged([line])


def test_our_own_judgements_are_whole() -> None:
    halves = judged_queries()
    every = [*halves.development, *halves.held_out]
    assert len(halves.development) == len(halves.held_out) >= 30
    assert len({each.query for each in every}) == len(every)
    for each in every:
        assert 1 <= len(each.query.split()) <= 4, each.query
        assert 5 <= len(each.grades) <= 60, each.query  # with what five rankings brought
        assert 3 in each.grades.values(), each.query
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in each.grades), each.query
