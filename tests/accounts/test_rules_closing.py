"""Who may be taken off the staff, and which tenant may be closed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.accounts.errors import LastAdmin, LastTenant, OwnRoles, OwnTenant
from aei_marketplace.accounts.rules import STAFF_ROLES, check_closing, check_staff_change

ME, OTHER, THIRD = (UUID(int=number) for number in (1, 2, 3))


def test_nobody_changes_their_own_roles_not_even_to_the_same():
    with pytest.raises(OwnRoles):
        check_staff_change(ME, ME, ["Operator"], [ME, OTHER])


def test_the_last_operator_stays_one_whoever_asks():
    for actor in (ME, None):
        with pytest.raises(LastAdmin):
            check_staff_change(actor, OTHER, ["Moderator"], [OTHER])
        check_staff_change(actor, OTHER, ["Operator", "Finance"], [OTHER])


@given(
    actor=st.sampled_from([ME, None]),
    user=st.sampled_from([ME, OTHER, THIRD]),
    after=st.sets(st.sampled_from(sorted(STAFF_ROLES))),
    operators=st.sets(st.sampled_from([ME, OTHER, THIRD]), min_size=1),
)
def test_whatever_is_allowed_leaves_an_operator(actor, user, after, operators):
    try:
        check_staff_change(actor, user, after, operators)
    except (LastAdmin, OwnRoles):
        return
    assert (operators - {user}) | ({user} if "Operator" in after else set())


def test_the_last_open_tenant_and_ones_own_are_not_closed():
    check_closing(ME, [ME, OTHER], belongs=False)
    with pytest.raises(LastTenant):
        check_closing(ME, [ME], belongs=False)
    with pytest.raises(OwnTenant):
        check_closing(ME, [ME, OTHER], belongs=True)
