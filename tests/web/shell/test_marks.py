"""Generated icons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.web.shell.marks import HUES, person_mark, plugin_mark


@pytest.mark.parametrize(
    ("plugin_id", "letters"),
    [("acme.summarise", "SU"), ("studio.link-check", "LC"), ("a.b", "B"), ("a.one-two-three", "OT")],
)
def test_a_plugins_letters_come_from_its_name(plugin_id: str, letters: str):
    assert plugin_mark(plugin_id).letters == letters


def test_a_persons_letters_are_their_initials():
    assert person_mark("Ada King Lovelace").letters == "AL"


@given(st.text(max_size=80))
def test_every_name_has_letters_and_a_colour_and_always_the_same(name: str):
    mark = person_mark(name)
    assert mark == person_mark(name)
    assert mark.letters
    assert 0 <= mark.hue < HUES
