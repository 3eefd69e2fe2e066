"""What may be used: the manifest asks, the tenant decides, the operator caps."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.installations.errors import PolicyUnfit
from aei_marketplace.installations.rules.limits import effective_allowance, effective_limits
from aei_marketplace.installations.rules.policies import changed_policies, shown_policies
from aei_protocol.limits import (
    ALLOWANCE_NAMES,
    LIMIT_NAMES,
    OPERATOR_ALLOWANCE,
    OPERATOR_CAP,
    Allowance,
    Limits,
    set_allowance,
    set_limits,
)

values = st.integers(1, 2**40)
limit_sets = st.dictionaries(st.sampled_from(LIMIT_NAMES), values)
limits = st.builds(lambda named: set_limits(Limits(), named), limit_sets)
allowances = st.builds(Allowance, values, values, values)
changes = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.none() | st.dictionaries(st.sampled_from(LIMIT_NAMES), values | st.none()),
        **{name: values | st.none() for name in ALLOWANCE_NAMES},
    },
)


def below(one: Any, other: Any) -> bool:
    return all(getattr(one, f.name) <= getattr(other, f.name) for f in fields(one))


@given(limits, limits, limit_sets, limit_sets)
def test_nobody_gets_more_than_was_asked_nor_than_any_of_the_others_allows(
    asked: Limits, cap: Limits, tenant: dict[str, int], installation: dict[str, int]
) -> None:
    held = effective_limits(asked, cap, tenant, installation)
    assert below(held, asked)
    assert below(held, cap)
    for who in (tenant, installation):
        assert all(getattr(held, name) <= value for name, value in who.items() if name != "memory_mib")
        assert held.memory_bytes <= who.get("memory_mib", 2**60) * 2**20


@given(limits, limits, limit_sets, limit_sets)
def test_the_order_of_those_who_lower_does_not_matter(
    asked: Limits, cap: Limits, one: dict[str, int], other: dict[str, int]
) -> None:
    assert effective_limits(asked, cap, one, other) == effective_limits(asked, cap, other, one)
    assert effective_limits(asked, cap, one, one) == effective_limits(asked, cap, one)


@given(limits, limits)
def test_what_nobody_lowers_is_what_was_asked_within_the_cap(asked: Limits, cap: Limits) -> None:
    assert effective_limits(asked, cap, {}) == asked.capped(cap)


@given(allowances, st.dictionaries(st.sampled_from(ALLOWANCE_NAMES), values))
def test_a_tenant_s_allowance_is_what_it_decides_within_the_operator_s(
    cap: Allowance, decided: dict[str, int]
) -> None:
    held = effective_allowance(cap, decided)
    assert below(held, cap)
    assert held == set_allowance(cap, decided).capped(cap)


@given(st.lists(changes, max_size=6), changes)
def test_a_change_is_kept_until_it_is_taken_back(
    earlier: list[dict[str, Any]], change: dict[str, Any]
) -> None:
    policies: dict[str, Any] = {}
    for one in earlier:
        policies = changed_policies(policies, one)
    after = changed_policies(policies, change)
    assert changed_policies(after, change) == after
    for name in ALLOWANCE_NAMES:
        expected = change.get(name, policies.get(name))
        assert after.get(name) == expected
    for name, value in (change.get("limits") or {}).items():
        assert after.get("limits", {}).get(name) == value
    assert changed_policies(after, dict.fromkeys(("limits", *ALLOWANCE_NAMES))) == {}
    shown_policies(after, OPERATOR_CAP, OPERATOR_ALLOWANCE)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ([], ""),
        ({"speed": 1}, "/speed"),
        ({"limits": 1}, "/limits"),
        ({"limits": {"speed": 1}}, "/limits/speed"),
        ({"limits": {"cpu_ms": 0}}, "/limits/cpu_ms"),
        ({"limits": {"cpu_ms": True}}, "/limits/cpu_ms"),
        ({"concurrency": 0}, "/concurrency"),
        ({"executions_burst": -1}, "/executions_burst"),
        ({"executions_per_minute": "9"}, "/executions_per_minute"),
        ({"executions_per_minute": 2**60}, "/executions_per_minute"),
    ],
)
def test_a_change_that_is_not_understood_names_the_place(change: Any, pointer: str) -> None:
    with pytest.raises(PolicyUnfit) as refusal:
        changed_policies({}, change)
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]


def test_what_others_keep_among_the_policies_stays() -> None:
    assert changed_policies({"spend": {"monthly": 5}}, {"concurrency": 2}) == {
        "spend": {"monthly": 5},
        "concurrency": 2,
    }
