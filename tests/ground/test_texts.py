"""Texts of strangers, made printable and short."""

from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.texts import one_line, plain_lines

texts = st.text(st.characters(), max_size=300)  # halves of characters among them


@given(texts, st.integers(1, 50))
def test_one_line_is_one_printable_line_that_fits(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    line.encode()
    assert one_line(line, longest) == line


@given(texts)
def test_lines_keep_their_breaks_and_lose_what_cannot_be_seen(text: str) -> None:
    kept = plain_lines(text, 1000)
    kept.encode()
    assert kept.count("\n") == text.count("\n")
    assert not any(ord(c) < 32 and c not in "\n\t" for c in kept)


def test_what_is_cut_says_so() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_marks_that_turn_what_is_read_are_gone() -> None:
    assert one_line("a\u202egpj.exe\u2066b\x1b[2J", 50) == "a gpj.exe b [2J"
