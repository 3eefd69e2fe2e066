"""Histories made of chance, told at once, late, shuffled and twice: the laws hold of all of them."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sales import laws
from tests.sales.histories import draw_history


@settings(max_examples=150)
@given(st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_books_keep_every_law_whatever_happens_and_in_whatever_order_it_is_told(
    chance: Random, order: Random
):
    laws.check(draw_history(chance), order)
