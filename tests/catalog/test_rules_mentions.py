"""How plugins are called, who names them, and what their names are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules.mentions import callings, mentioned, parts_of, times_said

KNOWN = {"pdf", "plumber", "plum", "lumber", "cach", "tool"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pandas", ["pandas"]),
        ("python dateutil", ["pythondateutil", "dateutil"]),
        ("beautifulsoup4", ["beautifulsoup4", "beautifulsoup"]),
        ("python", ["python"]),
        ("go", []),
    ],
)
def test_a_plugin_is_called_by_its_name_and_by_what_tells_in_it(name: str, expected: list[str]) -> None:
    assert list(callings(name.split(), {"python"})) == expected


def test_a_text_names_plugins_in_one_word_and_in_two() -> None:
    called = {"beautifulsoup": 1, "pandas": 2, "soup": 3, "nobody": 4}
    assert mentioned(["what", "beautiful", "soup", "and", "pandas", "share"], called) == {1, 2, 3}
    assert mentioned([], called) == set()


@pytest.mark.parametrize(
    ("said_by", "of", "times"),
    [(1, 1, 0), (1, 9, 0), (2, 2, 4), (2, 4, 2), (2, 16, 1), (2, 17, 0), (9, 18, 2)],
)
def test_a_word_weighs_by_how_many_of_those_say_it_who_name_a_plugin(
    said_by: int, of: int, times: int
) -> None:
    assert times_said(said_by, of) == times


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("pdfplumber", ["pdf", "plumber"]),
        ("cachetools", ["cach"]),
        ("mytool", ["tool"]),
        ("pdf", []),
        ("", []),
    ],
)
def test_a_name_is_taken_apart_at_the_longest_words_that_are_known(word: str, parts: list[str]) -> None:
    assert list(parts_of(word, KNOWN)) == parts


@given(st.text("pdflumber", max_size=12))
def test_parts_are_known_and_shorter_than_the_word(word: str) -> None:
    for part in parts_of(word, KNOWN):
        assert part in KNOWN
        assert part != word
        assert word.startswith(part) or word.endswith(part)
