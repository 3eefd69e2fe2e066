"""Who may do what in a namespace: the whole table of standings, and that an owner is never missing."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.errors import (
    FirstMemberOwns,
    LastOwner,
    NoSuchNamespaceMember,
    TooManyOffers,
    TransferEnded,
    TransferToOneself,
)
from aei_marketplace.catalog.rules.membership import (
    MOST_OFFERS,
    OFFER_LASTS,
    OFFERS_WITHIN,
    NamespaceRole,
    Right,
    Standing,
    Transfer,
    TransferState,
    check_frequency,
    check_named,
    check_offer,
    check_open,
    check_removed,
)
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.errors import Conflict

OWNER, MAINTAINER = NamespaceRole.OWNER, NamespaceRole.MAINTAINER
PEOPLE = [UUID(int=number) for number in range(4)]


@pytest.mark.parametrize(
    ("standing", "rights"),
    [
        (Standing(None, members_only=False, administers=False), {Right.PUBLISH, Right.DELEGATE}),
        (Standing(None, members_only=True, administers=False), set()),
        (Standing(MAINTAINER, members_only=True, administers=False), {Right.PUBLISH}),
        (Standing(OWNER, members_only=True, administers=False), set(Right)),
        (Standing(None, members_only=True, administers=True), set(Right)),
        (Standing(None, members_only=False, administers=True), set(Right)),
    ],
)
def test_a_standing_gives_these_rights_and_no_others(standing: Standing, rights: set[Right]) -> None:
    assert {right for right in Right if standing.may(right)} == rights


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([*NamespaceRole, None])), max_size=30))
def test_whatever_is_asked_in_whatever_order_a_namespace_with_members_has_an_owner(
    asked: list[tuple[UUID, NamespaceRole | None]],
) -> None:
    now: dict[UUID, NamespaceRole] = {}
    for user, role in asked:
        try:
            if role is None:
                check_removed(now, user)
                del now[user]
            else:
                check_named(now, user, role)
                now[user] = role
        except (Conflict, NoSuchNamespaceMember):
            pass
        assert not now or OWNER in now.values()


def test_the_first_member_is_an_owner_and_the_last_owner_stays_one() -> None:
    first, second, stranger = PEOPLE[:3]
    with pytest.raises(FirstMemberOwns):
        check_named({}, first, MAINTAINER)
    for one in ({first: OWNER}, {first: OWNER, second: MAINTAINER}):
        with pytest.raises(LastOwner):
            check_named(one, first, MAINTAINER)
        with pytest.raises(LastOwner):
            check_removed(one, first)
    check_removed({first: OWNER, second: OWNER}, first)
    with pytest.raises(NoSuchNamespaceMember):
        check_removed({first: OWNER}, stranger)


@pytest.mark.parametrize("state", [state for state in TransferState if state is not TransferState.OFFERED])
def test_an_offer_that_has_ended_is_not_open_and_says_how_it_ended(state: TransferState) -> None:
    with pytest.raises(TransferEnded, match=r"acme was (accepted|taken|declined|not answered)"):
        check_open(offer(state), utc_now())


def test_an_offer_is_open_until_its_last_moment_and_expired_from_then_on() -> None:
    transfer = offer(TransferState.OFFERED)
    check_open(transfer, transfer.expires_at - timedelta(microseconds=1))
    with pytest.raises(TransferEnded, match="not answered in time"):
        check_open(transfer, transfer.expires_at)
    with pytest.raises(TransferToOneself):
        check_offer(PEOPLE[0], PEOPLE[0])


@given(st.lists(st.integers(0, 86_399), max_size=2 * MOST_OFFERS))
def test_an_offer_beyond_the_days_share_waits_until_the_day_has_room_again(seconds_ago: list[int]) -> None:
    now = utc_now()
    made = sorted(now - timedelta(seconds=ago) for ago in seconds_ago)
    if len(made) < MOST_OFFERS:
        check_frequency(made, now)
        return
    with pytest.raises(TooManyOffers) as refused:
        check_frequency(made, now)
    then = now + timedelta(seconds=int(refused.value.headers["Retry-After"]))
    check_frequency([at for at in made if at > then - OFFERS_WITHIN], then)


def offer(state: TransferState) -> Transfer:
    now = utc_now()
    return Transfer(
        PEOPLE[0], "acme", PEOPLE[1], PEOPLE[2], "acme", "globex", state, now, now + OFFER_LASTS, None
    )
