"""Which of two kill lists of another marketplace is kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aei_marketplace.catalog.errors import KillListOutdated
from aei_marketplace.catalog.rules.kill_lists import Remembered, digest_of, is_news
from aei_protocol.kill_list import KillList

LISTED = KillList("other.example", 7, "2026-11-23T00:00:00Z", ())


def known(serial: int, digest: str = digest_of(LISTED)) -> Remembered:
    return Remembered("other.example", serial, "2026-11-22T00:00:00Z", digest, "key", datetime.now(UTC), 0)


@pytest.mark.parametrize(("before", "news"), [(None, True), (known(6), True), (known(7), False)])
def test_a_list_is_taken_unless_it_is_known(before: Remembered | None, news: bool) -> None:
    assert is_news(LISTED, before) is news


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (known(8), r"list 7 of other\.example, made .*; list 8, made .*, is known\. Nothing was blocked"),
        (known(7, digest_of(replace(LISTED, at="2026-11-24T00:00:00Z"))), "another one with this number"),
    ],
)
def test_an_older_list_and_another_of_the_same_number_are_refused(before: Remembered, words: str) -> None:
    with pytest.raises(KillListOutdated, match=words) as refusal:
        is_news(LISTED, before)
    assert refusal.value.next_step
