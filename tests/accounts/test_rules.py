from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import AccountDisabled, TokenExpired, TokenRevoked, UnknownToken
from aei_marketplace.ground.errors import Invalid, NotAllowed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
actions = st.frozensets(st.sampled_from(sorted(rules.ALL_ACTIONS)))


def state(**changes) -> rules.TokenState:
    values = {
        "token_id": UUID(int=1),
        "user_id": UUID(int=2),
        "kind": "user",
        "name": "Ada",
        "tenant_id": UUID(int=3),
        "tenant_slug": "acme",
        "tenant_actions": (),
        "staff_actions": (),
        "scopes": ("*",),
        "expires_at": NOW + timedelta(days=1),
        "revoked_at": None,
        "disabled_at": None,
    }
    return rules.TokenState(**{**values, **changes})


def test_the_two_realms_share_no_action():
    tenant = {a for granted in rules.TENANT_ROLES.values() for a in granted}
    staff = {a for granted in rules.STAFF_ROLES.values() for a in granted}
    assert not tenant & staff


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("Admin", ["plugin.install", "audit.read", "secret.administer", "plugin.publish"], []),
        ("ProjectManager", ["plugin.install", "plugin.execute", "plugin.publish"], ["audit.read"]),
        (
            "Agent",
            ["plugin.execute", "plugin.browse"],
            ["plugin.install", "review.write", "execution.read_all"],
        ),
        ("Viewer", ["plugin.browse", "review.write"], ["plugin.execute", "plugin.install"]),
    ],
)
def test_each_role_grants_what_the_table_says(role, may, may_not):
    granted = set(rules.TENANT_ROLES[role])
    assert granted.issuperset(may)
    assert granted.isdisjoint(may_not)


def test_a_valid_token_opens():
    rules.check_token(state(), NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"expires_at": NOW}, TokenExpired),
        ({"revoked_at": NOW - timedelta(days=1)}, TokenRevoked),
        ({"disabled_at": NOW - timedelta(days=1)}, AccountDisabled),
    ],
)
def test_a_token_that_is_over_is_refused_with_its_reason(changes, refusal):
    with pytest.raises(refusal):
        rules.check_token(state(**changes), NOW)


@given(actions, actions, actions)
def test_a_tenants_token_never_carries_staff_actions(tenant_actions, staff_actions, scopes):
    granted = rules.effective_actions(UUID(int=3), tenant_actions, staff_actions, scopes)
    assert granted <= tenant_actions
    assert granted <= scopes


@given(actions, actions)
def test_a_staff_token_carries_no_tenants_actions(tenant_actions, staff_actions):
    assert rules.effective_actions(None, tenant_actions, staff_actions, ("*",)) == staff_actions


@given(actions, actions)
def test_a_limited_token_never_issues_one_that_reaches_further(held, wanted):
    if wanted <= held:
        rules.check_reach(tuple(wanted), held)
    else:
        with pytest.raises(NotAllowed):
            rules.check_reach(tuple(wanted), held)


def test_a_limited_token_cannot_issue_an_unlimited_one():
    with pytest.raises(NotAllowed):
        rules.check_reach(("*",), frozenset({"plugin.browse"}))


def test_new_tokens_differ_and_hash_to_32_bytes():
    one, other = rules.new_token(), rules.new_token()
    assert one != other
    assert len(rules.token_hash(one)) == 32


@pytest.mark.parametrize(
    "text", ["", "aei_", "aei_short", "ghp_" + "a" * 43, "aei_" + "a" * 44, "aei_" + "ü" * 43]
)
def test_what_is_not_spelled_like_a_token_is_refused_before_any_look_up(text):
    with pytest.raises(UnknownToken):
        rules.token_hash(text)


def test_a_token_lasts_30_days_unless_asked_otherwise():
    assert rules.token_expiry(NOW, None) == NOW + timedelta(days=30)
    assert rules.token_expiry(NOW, timedelta(days=2)) == NOW + timedelta(days=2)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_lifetime_out_of_range_is_refused(days):
    with pytest.raises(Invalid):
        rules.token_expiry(NOW, timedelta(days=days))


@pytest.mark.parametrize("scopes", [[], ["plugin.fly"], ["plugin.browse", "x" * 5000]])
def test_scopes_that_nothing_grants_are_refused(scopes):
    with pytest.raises(Invalid):
        rules.check_scopes(scopes)


@pytest.mark.parametrize(
    "email", ["", "ada", "a@", "@b", "a b@c", "a" * 65 + "@b", "a@" + "b" * 200, "a\x00@b", "a@b\u202e"]
)
def test_what_is_no_address_is_refused(email):
    with pytest.raises(Invalid):
        rules.check_email(email)


@pytest.mark.parametrize("slug", ["", "Acme", "1acme", "a_b", "a" * 40, "ä"])
def test_what_is_no_short_name_is_refused(slug):
    with pytest.raises(Invalid):
        rules.check_slug(slug)
