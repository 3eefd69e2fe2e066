"""What people type is stored without what cannot be seen or turns the line round."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.typed import TURNING, clean_typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  it phones home \n", "it phones home"),
        ("one\r\ntwo\u2028three\rfour", "one\ntwo\nthree\nfour"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("cafe\u0301", "caf\u00e9"),
        (
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        ("\ue000private\ud800half", "privatehalf"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_words_stay_and_the_rest_goes(typed: str, kept: str) -> None:
    assert clean_typed(typed, 100, "/text") == kept


@pytest.mark.parametrize("typed", ["", " \n\t", "\u202e\u2066", "\x00\x01", "\u200b\u200d"])
def test_what_says_nothing_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_typed(typed, 100, "/text")
    assert refused.value.faults[0].pointer == "/text"


def test_what_is_too_long_is_refused_and_not_cut() -> None:
    assert clean_typed("x" * 100, 100, "/text") == "x" * 100
    with pytest.raises(Invalid):
        clean_typed("x" * 101, 100, "/text")


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more_and_leaves_nothing_hostile(typed: str) -> None:
    try:
        clean = clean_typed(typed, 60, "/text")
    except Invalid:
        return
    assert clean_typed(clean, 60, "/text") == clean
    assert len(clean) <= 60
    assert not any(c in TURNING or (unicodedata.category(c) == "Cc" and c not in "\n\t") for c in clean)
    clean.encode("utf-8")
