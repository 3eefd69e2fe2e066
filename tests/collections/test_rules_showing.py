"""Which collections are shown, to whom and in which week."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.collections.errors import CollectionUnfit
from aei_marketplace.collections.rules.clicks import Clicks, by_day, is_reader
from aei_marketplace.collections.rules.content import Collection, Content, Kind, State
from aei_marketplace.collections.rules.showing import (
    Rotation,
    Section,
    check_percentage,
    rotates_for,
    shown_now,
    week_number,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
WEEK = timedelta(weeks=1)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 the strategy adds the zone
OFF = {"weekly": Rotation("weekly", 0)}


def one(title: str, position: int = 1, **content: object) -> Collection:
    kept = Content(title, "", ("acme.a",), **{"state": State.PUBLISHED, **content})  # type: ignore[arg-type]
    return Collection(uuid4(), title, Kind.CURATED, kept, position, 1, NOON, NOON)


def titles(collections, now=NOON, flags=None, tenant: UUID | None = None) -> list[str]:
    return [c.content.title for c in shown_now(collections, flags or {}, tenant, now)]


def test_drafts_and_archived_ones_are_not_shown():
    assert titles([one("d", state=State.DRAFT), one("p"), one("a", state=State.ARCHIVED)]) == ["p"]


def test_collections_stand_in_the_pages_order():
    assert titles([one("c", 3), one("a", 1), one("b", 2)]) == ["a", "b", "c"]


def test_a_collection_is_shown_within_its_time_alone():
    timed = [one("t", shown_from=NOON, shown_until=NOON + WEEK)]
    instant = timedelta(microseconds=1)
    assert titles(timed, NOON - instant) == []
    assert titles(timed, NOON) == ["t"]
    assert titles(timed, NOON + WEEK - instant) == ["t"]
    assert titles(timed, NOON + WEEK) == []


def group() -> list[Collection]:
    return [one(name, 10 + slot, rotation="weekly", slot=slot) for slot, name in enumerate("xyz", 1)]


def test_each_member_of_a_rotation_is_shown_for_one_week_in_turn():
    shown = [titles(group(), NOON + n * WEEK) for n in range(6)]
    assert all(len(titles_of_week) == 1 for titles_of_week in shown)
    order = [title for (title,) in shown]
    assert order[:3] == order[3:]
    assert sorted(order[:3]) == ["x", "y", "z"]


def test_a_rotation_changes_on_monday_at_midnight_utc():
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    sunday_night = monday - timedelta(microseconds=1)
    sunday_later = monday + timedelta(days=6, hours=23)
    assert titles(group(), sunday_night) != titles(group(), monday) == titles(group(), sunday_later)


def test_no_turn_is_left_out_or_doubled_when_a_year_ends():
    weeks = [datetime(2026, 12, 14, tzinfo=UTC) + n * WEEK for n in range(6)]  # 2026 has 53 weeks
    order = [titles(group(), week)[0] for week in weeks]
    assert all(order[n] != order[n + 1] for n in range(5))
    assert order[:3] == order[3:]


def test_a_rotation_that_is_off_shows_its_first_member_every_week():
    assert {tuple(titles(group(), NOON + n * WEEK, OFF)) for n in range(5)} == {("x",)}


def test_a_rotation_keeps_the_place_of_its_highest_member():
    page = [*group(), one("above", 5), one("between", 12), one("below", 99)]
    shown = titles(page, NOON, OFF)
    assert shown == ["above", "x", "between", "below"]


def test_a_member_whose_time_is_over_has_no_turn():
    members = group()
    members[1] = replace(members[1], content=replace(members[1].content, shown_until=NOON))
    assert {titles(members, NOON + n * WEEK)[0] for n in range(4)} == {"x", "z"}


@given(MOMENTS)
def test_weeks_are_counted_through(moment: datetime):
    assert week_number(moment + WEEK) == week_number(moment) + 1
    monday = moment.date() - timedelta(days=moment.isocalendar().weekday - 1)
    start = datetime.combine(monday, datetime.min.time(), UTC)
    assert week_number(start) == week_number(moment) == week_number(start - timedelta(microseconds=1)) + 1


@given(st.uuids(), st.integers(0, 100), st.integers(0, 100))
def test_who_is_reached_by_a_percentage_stays_reached_by_a_larger_one(tenant: UUID, one: int, other: int):
    small, large = sorted((one, other))
    if rotates_for(Rotation("weekly", small), tenant):
        assert rotates_for(Rotation("weekly", large), tenant)


def test_a_percentage_reaches_about_so_many_tenants_and_always_the_same():
    tenants = [UUID(int=number) for number in range(2_000)]
    reached = [rotates_for(Rotation("weekly", 30), tenant) for tenant in tenants]
    assert 500 < sum(reached) < 700
    assert reached == [rotates_for(Rotation("weekly", 30), tenant) for tenant in tenants]
    assert not any(rotates_for(Rotation("weekly", 0), tenant) for tenant in tenants)
    assert all(rotates_for(Rotation("weekly", 100), tenant) for tenant in tenants)


def test_visitors_see_a_rotation_once_it_is_on_for_everybody():
    assert rotates_for(Rotation("weekly", 100), None)
    assert not rotates_for(Rotation("weekly", 99), None)


@pytest.mark.parametrize("percentage", [-1, 101])
def test_a_percentage_that_is_none_is_refused(percentage: int):
    with pytest.raises(CollectionUnfit):
        check_percentage(percentage)


def test_a_section_leads_through_its_own_address_and_can_be_cut():
    section = Section(uuid4(), "work", Kind.CURATED, "Work", "", ("acme.a", "acme.b"))
    assert section.href("acme.a") == "/marketplace/c/work/acme.a"
    assert section.first(1).plugin_ids == ("acme.a",)


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}, True),
        ({"user-agent": "Mozilla/5.0 Chrome/140.0", "sec-purpose": "prefetch"}, False),
        ({"user-agent": "Mozilla/5.0 Chrome/140.0", "sec-purpose": "prefetch;prerender"}, False),
        ({"user-agent": "Mozilla/5.0 Chrome/140.0", "purpose": "prefetch"}, False),
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, False),
        ({"user-agent": "Slackbot-LinkExpanding 1.0"}, False),
        ({"user-agent": "curl/8.0"}, False),
        ({}, False),
    ],
)
def test_readers_count_and_robots_do_not(headers: dict[str, str], counts: bool):
    assert is_reader(headers) is counts


def test_days_without_any_count_stand_in_the_row_too():
    today = date(2026, 11, 23)
    counted = {today: Clicks(4, 1), date(2026, 11, 21): Clicks(2, 0), date(2026, 1, 1): Clicks(9, 9)}
    assert by_day(counted, today, 3) == [Clicks(2, 0), Clicks(), Clicks(4, 1)]
    assert Clicks(4, 1).rate == 0.25
    assert Clicks(0, 3).rate is None
