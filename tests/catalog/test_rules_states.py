"""The state machine of a release, and what a listing points at."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.errors import NamespaceReserved, PluginNotFound, StateChangeRefused
from aei_marketplace.catalog.rules.listing import Candidate, choose_latest
from aei_marketplace.catalog.rules.names import RESERVED, check_namespace, check_plugin_id
from aei_marketplace.catalog.rules.searching import Criteria, check_criteria
from aei_marketplace.catalog.rules.states import (
    MOVES,
    OFFERED,
    Change,
    Mover,
    ReleaseState,
    action_needed,
    bound_after,
    check_change,
    possible_changes,
)
from aei_marketplace.catalog.rules.versions import Channel, channel_of, precedence_key
from aei_marketplace.ground.errors import Invalid

S = ReleaseState
PUBLISHER_MAY = {
    (S.LISTED, S.DEPRECATED),
    (S.LISTED, S.YANKED),
    (S.DEPRECATED, S.DEPRECATED),
    (S.DEPRECATED, S.LISTED),
    (S.DEPRECATED, S.YANKED),
    (S.YANKED, S.YANKED),
    (S.YANKED, S.LISTED),
    (S.YANKED, S.DEPRECATED),
}


@pytest.mark.parametrize(("present", "wanted"), list(product(S, S)))
def test_a_publisher_has_exactly_these_moves(present: ReleaseState, wanted: ReleaseState) -> None:
    change = Change(wanted, "because")
    if (present, wanted) in PUBLISHER_MAY:
        check_change(present, change, Mover.PUBLISHER, was_listed=True)
    else:
        with pytest.raises(StateChangeRefused):
            check_change(present, change, Mover.PUBLISHER, was_listed=True)


@pytest.mark.parametrize(
    ("bound", "present", "possible"),
    [
        (S.DEPRECATED, S.DEPRECATED, {S.YANKED}),
        (S.DEPRECATED, S.YANKED, {S.YANKED}),
        (S.YANKED, S.YANKED, set()),
    ],
)
def test_what_staff_decided_a_publisher_takes_further_and_never_back(
    bound: ReleaseState, present: ReleaseState, possible: set[ReleaseState]
) -> None:
    assert possible_changes(present, Mover.PUBLISHER, was_listed=True, bound=bound) == possible
    free = possible_changes(present, Mover.STAFF, was_listed=True)
    assert possible_changes(present, Mover.STAFF, was_listed=True, bound=bound) == free
    with pytest.raises(StateChangeRefused, match=f"Staff have {bound}"):
        check_change(present, Change(S.LISTED), Mover.PUBLISHER, was_listed=True, bound=bound)


def test_staff_bind_by_what_a_publisher_could_decide_as_well_and_let_go_by_listing() -> None:
    assert bound_after(None, Change(S.YANKED, "x"), Mover.STAFF) is S.YANKED
    assert bound_after(S.YANKED, Change(S.DEPRECATED, "x"), Mover.STAFF) is S.DEPRECATED
    assert bound_after(S.YANKED, Change(S.LISTED), Mover.STAFF) is None
    for state in (S.QUARANTINED, S.BLOCKED, S.REMOVED):
        assert bound_after(S.YANKED, Change(state, "x"), Mover.STAFF) is S.YANKED
    assert bound_after(None, Change(S.YANKED, "x"), Mover.PUBLISHER) is None


@pytest.mark.parametrize("wanted", list(S))
@pytest.mark.parametrize("mover", list(Mover))
def test_what_is_removed_stays_removed(wanted: ReleaseState, mover: Mover) -> None:
    with pytest.raises(StateChangeRefused, match="removed"):
        check_change(S.REMOVED, Change(wanted, "because"), mover, was_listed=True)


@pytest.mark.parametrize("mover", list(Mover))
@pytest.mark.parametrize("present", list(S))
@pytest.mark.parametrize("wanted", [S.PROCESSING, S.HELD])
def test_nobody_sends_a_release_back_to_its_beginning(
    present: ReleaseState, wanted: ReleaseState, mover: Mover
) -> None:
    with pytest.raises(StateChangeRefused):
        check_change(present, Change(wanted, "because"), mover, was_listed=True)


@pytest.mark.parametrize("present", [S.PROCESSING, S.HELD, S.BLOCKED, S.QUARANTINED])
def test_what_was_never_listed_is_not_listed_by_a_detour(present: ReleaseState) -> None:
    for wanted in (S.LISTED, S.DEPRECATED, S.YANKED, S.QUARANTINED):
        with pytest.raises(StateChangeRefused):
            check_change(present, Change(wanted, "because"), Mover.STAFF, was_listed=False)


@pytest.mark.parametrize("present", [S.LISTED, S.DEPRECATED, S.YANKED])
def test_quarantine_is_reversible(present: ReleaseState) -> None:
    check_change(present, Change(S.QUARANTINED, "a look"), Mover.STAFF, was_listed=True)
    check_change(S.QUARANTINED, Change(present, None), Mover.STAFF, was_listed=True)


@pytest.mark.parametrize("wanted", [S.DEPRECATED, S.YANKED, S.QUARANTINED, S.BLOCKED, S.REMOVED])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_taking_a_release_back_in_any_way_needs_a_reason(wanted: ReleaseState, reason: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        check_change(S.LISTED, Change(wanted, reason), Mover.STAFF, was_listed=True)
    assert refused.value.faults[0].pointer == "/reason"


def test_only_deprecation_and_yanking_name_a_replacement() -> None:
    check_change(S.LISTED, Change(S.DEPRECATED, "old", "acme.new"), Mover.PUBLISHER, was_listed=True)
    with pytest.raises(Invalid):
        check_change(S.YANKED, Change(S.LISTED, None, "acme.new"), Mover.PUBLISHER, was_listed=True)


def test_a_reason_has_a_largest_length() -> None:
    with pytest.raises(Invalid):
        check_change(S.LISTED, Change(S.YANKED, "x" * 2001), Mover.PUBLISHER, was_listed=True)


def test_the_registrys_own_states_need_staff_actions() -> None:
    assert action_needed(S.LISTED, S.YANKED) == "plugin.publish"
    assert action_needed(S.LISTED, S.QUARANTINED) == "plugin.moderate"
    assert action_needed(S.QUARANTINED, S.LISTED) == "plugin.moderate"
    assert action_needed(S.LISTED, S.REMOVED) == "plugin.moderate"
    assert action_needed(S.LISTED, S.BLOCKED) == "killlist.administer"
    assert action_needed(S.BLOCKED, S.QUARANTINED) == "killlist.administer"


def test_a_refused_change_says_which_state_it_is_and_what_can_be_done() -> None:
    with pytest.raises(StateChangeRefused) as refused:
        check_change(S.BLOCKED, Change(S.LISTED), Mover.STAFF, was_listed=True)
    assert refused.value.status == 409
    assert "is blocked" in refused.value.detail
    assert refused.value.next_step == "From here it can become: quarantined, removed."


def test_staff_have_every_move_of_a_publisher() -> None:
    for present, possible in MOVES[Mover.PUBLISHER].items():
        assert possible <= MOVES[Mover.STAFF][present]


def candidate(version: str, state: ReleaseState = S.LISTED, *, was_listed: bool = True) -> Candidate:
    return Candidate(uuid4(), precedence_key(version), channel_of(version), state, was_listed)


def test_a_listing_describes_its_highest_stable_release() -> None:
    old, new, preview = candidate("1.9.0"), candidate("1.10.0"), candidate("2.0.0-rc.1")
    latest = choose_latest([new, preview, old])
    assert (latest.stable, latest.preview, latest.shown) == (new.id, preview.id, new.id)


def test_previews_end_with_their_stable_release() -> None:
    preview, final = candidate("2.0.0-rc.1"), candidate("2.0.0")
    assert choose_latest([preview, final]).preview == final.id


def test_yanked_and_stopped_releases_are_not_offered_but_a_listing_remains() -> None:
    yanked, stopped = candidate("1.0.0", S.YANKED), candidate("0.9.0", S.QUARANTINED)
    latest = choose_latest([stopped, yanked])
    assert (latest.stable, latest.preview, latest.shown) == (None, None, yanked.id)


def test_what_was_never_listed_does_not_stand_for_what_was() -> None:
    listed, held = candidate("1.0.0", S.YANKED), candidate("2.0.0", S.HELD, was_listed=False)
    assert choose_latest([listed, held]).shown == listed.id


states = st.sampled_from(list(S))
releases = st.lists(
    st.tuples(st.integers(0, 9), st.booleans(), states), max_size=8, unique_by=lambda r: r[:2]
)


@given(releases)
def test_only_offered_releases_are_ever_latest(described: list[tuple[int, bool, ReleaseState]]) -> None:
    found = [candidate(f"1.{n}.0{'-rc' if preview else ''}", s) for n, preview, s in described]
    by_id: dict[UUID | None, Candidate] = {c.id: c for c in found}
    latest = choose_latest(found)
    for chosen in (latest.stable, latest.preview):
        assert chosen is None or by_id[chosen].state in OFFERED
    assert latest.stable is None or by_id[latest.stable].channel is Channel.STABLE
    assert (latest.preview is None) == (not any(c.state in OFFERED for c in found))
    assert (latest.shown is None) == (not found)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_namespaces_are_refused(name: str) -> None:
    with pytest.raises(NamespaceReserved):
        check_namespace(name)


@pytest.mark.parametrize(
    "text", ["", "acme", "acme.", ".x", "Acme.x", "acme.x.y", "acme.x\n", "a\x00.b", "x" * 500]
)
def test_a_malformed_plugin_id_names_no_plugin(text: str) -> None:
    with pytest.raises(PluginNotFound):
        check_plugin_id(text)


@pytest.mark.parametrize(
    ("criteria", "pointers"),
    [
        (Criteria(q="x" * 201), ["q"]),
        (Criteria(q="a\x00b"), ["q"]),
        (Criteria(kind="robot", price="cheap"), ["kind", "price"]),
        (Criteria(permission="root"), ["permission"]),
        (Criteria(compatible_with="2"), ["compatible_with"]),
        (Criteria(publisher="\n"), ["publisher"]),
    ],
)
def test_every_parameter_that_cannot_be_searched_for_is_named(
    criteria: Criteria, pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        check_criteria(criteria)
    assert [fault.pointer for fault in refused.value.faults] == pointers


@given(st.text(max_size=200))
def test_words_hold_nothing_that_a_search_language_reads(text: str) -> None:
    for word in Criteria(q=text).words:
        assert not set(word) & set("'\\:&|!()<>* ")
