"""The text of the kill list: written and read in one way only."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.kill_list import Killed, KillList, KillListMalformed, read_kill_list

ENTRY = Killed("ab" * 32, "cd" * 32, "acme.echo", "1.0.0", "steals keys", "2030-01-01T00:00:00.000000Z")
LISTED = KillList("marketplace.example/kill-list", 7, "2030-01-02T00:00:00.000000Z", (ENTRY,))


@given(st.lists(st.text(max_size=50), max_size=4), st.integers(1, 10**17))
def test_what_was_written_is_read_back_whatever_the_reasons_say(reasons: list[str], serial: int) -> None:
    entries = tuple(replace(ENTRY, reason=reason) for reason in reasons)
    listed = replace(LISTED, serial=serial, entries=entries)
    assert read_kill_list(listed.text()) == listed


@given(st.text(max_size=50))
def test_an_entry_is_one_line_of_ascii_whatever_its_reason_holds(reason: str) -> None:
    line = replace(ENTRY, reason=reason).line()
    assert line.isascii()
    assert line.isprintable()


def test_an_empty_list_is_a_list() -> None:
    empty = replace(LISTED, entries=())
    assert read_kill_list(empty.text()) == empty


WHOLE = LISTED.text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "marketplace.example/kill-list\n",
        WHOLE[:-1],
        WHOLE + "\n",
        WHOLE + "[]\n",
        WHOLE + "{}\n",
        WHOLE + "not json\n",
        WHOLE + "[" * 100_000 + "\n",
        WHOLE.replace("kill-list/1 7", "kill-list/2 7"),
        WHOLE.replace("kill-list/1 7", "kill-list/1 07"),
        WHOLE.replace("kill-list/1 7", "kill-list/1 0"),
        WHOLE.replace('{"at":', '{ "at":'),
        WHOLE.replace("ab" * 32, "AB" * 32),
        WHOLE.replace("ab" * 32, "ab" * 31),
        WHOLE.replace('"steals keys"', "1"),
        WHOLE.replace('"reason"', '"because"'),
        WHOLE.replace('"steals keys"', '"st\\u0065als keys"'),
    ],
)
def test_what_is_not_written_in_that_way_is_refused(text: str) -> None:
    with pytest.raises(KillListMalformed):
        read_kill_list(text)
