"""What of a collection can be kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.collections.errors import CollectionConflict, CollectionUnfit
from aei_marketplace.collections.rules.content import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    MOST_PLUGINS,
    STAFF_PICKS_ROTATION,
    Content,
    Kind,
    State,
    changed_fields,
    check_content,
    check_move,
    kept_form,
    read_kept_form,
)
from aei_marketplace.collections.rules.order import moved, without
from aei_marketplace.collections.rules.slugs import slug_for

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
IDS = st.lists(st.from_regex(r"[a-z]{1,5}\.[a-z]{1,5}", fullmatch=True), max_size=8, unique=True)


def faults(wanted: Content, kind: Kind = Kind.CURATED) -> dict[str, str]:
    with pytest.raises(CollectionUnfit) as refused:
        check_content(wanted, kind)
    return {fault.pointer: fault.message for fault in refused.value.faults}


def many(count: int) -> tuple[str, ...]:
    return tuple(f"acme.p{number}" for number in range(count))


def test_the_largest_collection_is_kept():
    largest = Content("t" * LONGEST_TITLE, "d" * LONGEST_DESCRIPTION, many(MOST_PLUGINS))
    assert check_content(largest, Kind.CURATED) == largest


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (Content(""), "/title"),
        (Content(" \N{RIGHT-TO-LEFT OVERRIDE}\n"), "/title"),
        (Content("t" * (LONGEST_TITLE + 1)), "/title"),
        (Content("t", "d" * (LONGEST_DESCRIPTION + 1)), "/description"),
        (Content("t", plugin_ids=many(MOST_PLUGINS + 1)), "/plugins"),
        (Content("t", plugin_ids=("acme.a", "acme.b", "acme.a")), "/plugins/2"),
        (Content("t", plugin_ids=("../../etc/passwd",)), "/plugins/0"),
        (Content("t", state=State.PUBLISHED), "/plugins"),
        (Content("t", shown_from=NOON, shown_until=NOON), "/until"),
        (Content("t", shown_from=NOON.replace(tzinfo=None)), "/from"),
        (Content("t", shown_until=datetime(9999, 1, 1, tzinfo=UTC)), "/until"),
        (Content("t", rotation="Not a name"), "/rotation"),
        (Content("t", rotation=STAFF_PICKS_ROTATION), "/rotation"),
        (Content("t", rotation="weekly", slot=0), "/slot"),
        (Content("t", rotation="weekly", slot=54), "/slot"),
        (Content("t", slot=1), "/slot"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_place(wanted: Content, pointer: str):
    assert list(faults(wanted)) == [pointer]


def test_all_that_is_wrong_is_told_at_once():
    assert set(faults(Content("", "d" * 501, ("nonsense",), slot=1))) == {
        "/title",
        "/description",
        "/plugins/0",
        "/slot",
    }


def test_a_title_is_one_line_without_characters_that_turn_it_round():
    kept = check_content(Content("Work\nwith \N{RIGHT-TO-LEFT OVERRIDE}text "), Kind.CURATED)
    assert kept.title == "Work with text"


def test_staff_picks_belong_to_their_rotation_and_to_no_other():
    assert check_content(Content("t"), Kind.STAFF_PICKS).rotation == STAFF_PICKS_ROTATION
    assert list(faults(Content("t", rotation="weekly"), Kind.STAFF_PICKS)) == ["/rotation"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.ARCHIVED, State.PUBLISHED),
    ],
)
def test_what_is_archived_becomes_a_draft_before_it_is_published(before: State, after: State):
    with pytest.raises(CollectionConflict):
        check_move(before, after)


def test_every_state_can_be_left_and_reached():
    allowed = set()
    for before in State:
        for after in State:
            try:
                check_move(before, after)
            except CollectionConflict:
                continue
            allowed.add((before, after))
    for state in State:
        assert any(before is state and after is not state for before, after in allowed)
        assert any(after is state and before is not state for before, after in allowed)


@given(IDS, st.integers(0, 7), st.integers(-10, 10))
def test_a_move_loses_and_doubles_nothing_and_moving_a_neighbour_back_restores(ids, at, by):
    if not ids:
        return
    here = ids[at % len(ids)]
    after = moved(ids, here, by)
    assert sorted(after) == sorted(ids)
    assert without(after, here) == without(ids, here)
    assert after.index(here) == min(max(ids.index(here) + by, 0), len(ids) - 1)
    assert moved(after, here, ids.index(here) - after.index(here)) == tuple(ids)


def test_what_is_not_in_a_collection_is_neither_moved_nor_removed():
    for change in (lambda: moved(("acme.a",), "acme.b", 1), lambda: without(("acme.a",), "acme.b")):
        with pytest.raises(CollectionConflict):
            change()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Work with text", "work-with-text"),
        ("  Über-Größe!  ", "uber-groe"),
        ("2026 picks", "collection-2026-picks"),
        ("文章", "collection"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
    ],
)
def test_a_slug_is_made_of_the_titles_letters(title: str, slug: str):
    assert slug_for(title, ()) == slug


@given(st.text(min_size=1, max_size=80), st.integers(0, 12))
def test_every_title_gets_a_slug_that_fits_an_address_and_is_free(title: str, count: int):
    taken: list[str] = []
    for _ in range(count):
        taken.append(slug_for(title, taken))
    slug = slug_for(title, taken)
    assert slug not in taken
    assert slug.isascii()
    assert slug[0].isalpha()
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(slug) <= 63


@given(IDS, st.sampled_from(State), st.none() | st.just("weekly"), st.booleans())
def test_what_undo_keeps_is_what_was_there(ids, state, rotation, windowed):
    content = Content("T", "D", tuple(ids), state, rotation=rotation, slot=rotation and 3)
    if windowed:
        content = replace(content, shown_from=NOON, shown_until=NOON + timedelta(microseconds=1))
    assert read_kept_form(kept_form(content)) == content


def test_what_changed_is_named():
    assert changed_fields(Content("a"), Content("b", state=State.ARCHIVED)) == ["title", "state"]
