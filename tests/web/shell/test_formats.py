"""How values read on pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from aei_marketplace.web.shell.formats import (
    REPLACEMENT,
    exact_time,
    harmless,
    money,
    relative_time,
    short_number,
    shown,
    size,
)

NOW = datetime(2026, 11, 22, 17, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-10), "just now"),
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=-59), "59 seconds ago"),
        (timedelta(seconds=-60), "1 minute ago"),
        (timedelta(minutes=-59, seconds=-50), "1 hour ago"),
        (timedelta(hours=3), "in 3 hours"),
        (timedelta(hours=-23, minutes=-45), "1 day ago"),
        (timedelta(days=-29, hours=-12), "30 days ago"),
        (timedelta(days=-30), "23 Oct 2026"),
        (timedelta(days=400), "27 Dec 2027"),
    ],
)
def test_a_time_reads_as_a_distance_and_beyond_a_month_as_a_date(distance: timedelta, words: str):
    assert relative_time(NOW + distance, NOW) == words


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000)))
def test_what_lies_behind_never_reads_as_what_lies_ahead(distance: timedelta):
    words = relative_time(NOW + distance, NOW)
    assert not (words.startswith("in ") and distance < timedelta(0))
    assert not (words.endswith(" ago") and distance > timedelta(0))


def test_the_exact_time_names_its_zone():
    assert exact_time(NOW) == "22 November 2026, 17:45 UTC"


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (0, "USD", "USD 0.00"),
        (1, "USD", "USD 0.01"),
        (1234560, "USD", "USD 12,345.60"),
        (-50, "EUR", "EUR −0.50"),
        (1234, "JPY", "JPY 1,234"),
        (1234, "KWD", "KWD 1.234"),
    ],
)
def test_money_is_exact_to_its_minor_unit(minor: int, currency: str, words: str):
    assert money(minor, currency) == words


@given(st.integers(min_value=0, max_value=10**15))
def test_no_minor_unit_is_lost_in_the_words(minor: int):
    digits = money(minor, "USD").removeprefix("USD ").replace(",", "").replace(".", "")
    assert int(digits) == minor


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (987, "987"), (3_100, "3.1k"), (9_960, "10k"), (12_000_000, "12M"), (999_600, "1.0M")],
)
def test_large_numbers_are_shortened(value: int, words: str):
    assert short_number(value) == words


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 byte"), (812, "812 bytes"), (1_400_000, "1.4 MB"), (999_960, "1.0 MB")]
)
def test_sizes_have_a_unit(count: int, words: str):
    assert size(count) == words


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u061c", "\x00", "\x1b", "\x7f", "\ufeff"])
def test_a_character_that_steers_its_neighbours_is_replaced(letter: str):
    assert harmless(f"a{letter}b") == f"a{REPLACEMENT}b"


@pytest.mark.parametrize(
    "text", ["Ada", "Zoë", "می\u200cخواهم", "👩\u200d🔬", "two\nlines\tand a tab", "שלום"]
)
def test_what_writing_needs_stays(text: str):
    assert harmless(text) == text


def test_nothing_reads_as_nothing_and_markup_of_ours_is_left_alone():
    assert shown(None) == ""
    assert shown(3) == 3
    assert shown(Markup("<b>\u202e</b>")) == Markup("<b>\u202e</b>")
