"""Decisions about installations, without a database."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.installations.errors import AlreadyAtVersion, ConfigUnfit, GrantsBeyond, PolicyUnfit
from aei_marketplace.installations.rules.admission import Answer, Facts, admit
from aei_marketplace.installations.rules.grants import (
    as_grants,
    clamped,
    held_capabilities,
    not_granted,
    permission_difference,
    read_grants,
)
from aei_marketplace.installations.rules.requests import check_is_change, is_newer
from aei_marketplace.installations.rules.terms import check_config, check_policy, kept_config
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities
from tests.packages import make_manifest

FACTS = Facts("install", "listed", None, exact=False, aei_version="2.3.1", aei_range=">=1.0.0 <3.0.0")
EVERYTHING = {
    "network": {"hosts": ["*.acme.example", "api.other.example:8443"], "reason": "r"},
    "filesystem": {"scratch_mib": 16, "persistent_mib": 4, "reason": "r"},
    "models": {"chat": ["*"], "embed": ["small"], "max_tokens_per_execution": 1000, "reason": "r"},
    "secrets": {"names": ["A_KEY", "B_KEY"], "reason": "r"},
}


def manifest(**overrides: Any) -> Manifest:
    return Manifest(make_manifest({"permissions": EVERYTHING, **overrides}))


# ---------------------------------------------------------------- admission


@pytest.mark.parametrize(
    ("state", "purpose", "exact", "answer"),
    [
        ("listed", "install", False, Answer.YES),
        ("listed", "execute", True, Answer.YES),
        ("deprecated", "install", False, Answer.WARN),
        ("deprecated", "execute", True, Answer.WARN),
        ("yanked", "install", False, Answer.NO),
        ("yanked", "install", True, Answer.WARN),
        ("yanked", "execute", False, Answer.WARN),
        *[
            (state, purpose, True, Answer.NO)
            for state in ("processing", "held", "quarantined", "blocked", "removed", "imagined", None)
            for purpose in ("install", "execute")
        ],
    ],
)
def test_the_state_of_a_release_decides_what_may_be_done_with_it(
    state: str | None, purpose: Any, exact: bool, answer: Answer
) -> None:
    assert admit(replace(FACTS, state=state, purpose=purpose, exact=exact)).answer is answer


def test_an_incompatible_release_is_not_admitted_and_both_versions_are_named() -> None:
    verdict = admit(replace(FACTS, aei_version="3.0.0"))
    assert verdict.answer is Answer.NO
    assert "3.0.0" in verdict.why()
    assert ">=1.0.0 <3.0.0" in verdict.why()


def test_a_release_that_is_not_rolled_out_is_admitted_by_its_name_alone() -> None:
    waiting = replace(FACTS, held_back=True)
    assert [r.code for r in admit(waiting).reasons] == ["held_back"]
    assert not admit(waiting).installs
    assert admit(replace(waiting, exact=True)).answer is Answer.YES


@pytest.mark.parametrize(("owed", "answer"), [("", Answer.WARN), ("Buy it.", Answer.NO)])
def test_what_is_taken_for_a_newer_one_says_so_and_is_bought_as_before(owed: str, answer: Answer) -> None:
    verdict = admit(replace(FACTS, owed=owed)).passing_over("1.1.0", "It is too young.")
    assert (verdict.answer, verdict.wants_payment, verdict.installs) == (answer, bool(owed), True)
    assert verdict.reasons[-1].message == "1.1.0 is newer, and does not fit: It is too young."


def test_what_is_not_bought_is_not_admitted_and_a_purchase_is_all_it_wants() -> None:
    verdict = admit(replace(FACTS, owed="Buy it."))
    assert [r.code for r in verdict.reasons] == ["payment_required"]
    assert verdict.answer is Answer.NO
    assert verdict.wants_payment
    assert not admit(replace(FACTS, owed="Buy it.", state="quarantined")).wants_payment


def test_every_ground_is_given_and_the_gravest_decides() -> None:
    verdict = admit(replace(FACTS, state="quarantined", state_reason="reported", owed="Buy it."))
    assert verdict.answer is Answer.NO
    assert {r.code for r in verdict.reasons} == {"quarantined", "payment_required"}
    assert "reported" in verdict.why()


# ---------------------------------------------------------------- grants


@pytest.mark.parametrize(
    ("grants", "place"),
    [
        ({"network": {"hosts": ["evil.example"]}}, "/grants/network/hosts"),
        ({"network": {"hosts": ["a.b.acme.example"]}}, "/grants/network/hosts"),
        ({"network": {"hosts": ["x.acme.example:22"]}}, "/grants/network/hosts"),
        ({"network": {"hosts": ["*.example"]}}, "/grants/network/hosts"),
        ({"filesystem": {"scratch_mib": 17}}, "/grants/filesystem/scratch_mib"),
        ({"models": {"embed": ["large"]}}, "/grants/models/embed"),
        ({"models": {"embed": ["*"]}}, "/grants/models/embed"),
        ({"models": {"max_tokens_per_execution": 1001}}, "/grants/models/max_tokens_per_execution"),
        ({"secrets": {"names": ["A_KEY", "C_KEY"]}}, "/grants/secrets/names"),
    ],
)
def test_a_grant_beyond_the_request_is_refused_and_named(grants: dict[str, Any], place: str) -> None:
    with pytest.raises(GrantsBeyond) as refusal:
        read_grants(grants, manifest())
    assert [f.pointer for f in refusal.value.faults] == [place]


def test_a_permission_that_is_not_requested_cannot_be_granted_even_empty() -> None:
    with pytest.raises(GrantsBeyond):
        read_grants({"network": {"hosts": []}}, manifest(permissions={}))


@pytest.mark.parametrize(
    "grants",
    [
        [],
        "all",
        {"everything": {}},
        {"network": []},
        {"network": {"hosts": "api.acme.example"}},
        {"network": {"hosts": [5]}},
        {"network": {"hosts": ["a b.acme.example"]}},
        {"network": {"hosts": ["x\x00.acme.example"]}},
        {"network": {"hosts": ["x.acme.example:0"]}},
        {"network": {"hosts": ["x.acme.example:99999"]}},
        {"network": {"hosts": ["x.acme.example:http"]}},
        {"network": {"ports": [1]}},
        {"filesystem": {"scratch_mib": -1}},
        {"filesystem": {"scratch_mib": True}},
        {"filesystem": {"scratch_mib": 1.5}},
        {"models": {"chat": ["a\x00b"]}},
        {"secrets": {"names": ["A_KEY"] * 201}},
    ],
)
def test_grants_of_another_shape_are_refused(grants: Any) -> None:
    with pytest.raises(Invalid):
        read_grants(grants, manifest())


def test_hosts_are_narrowed_one_by_one() -> None:
    grants = read_grants({"network": {"hosts": ["one.acme.example"], "reason": "left out"}}, manifest())
    assert grants == {"network": {"hosts": ["one.acme.example"]}}
    assert held_capabilities(manifest(), grants) == Capabilities(hosts=("one.acme.example",))


def test_what_is_not_granted_is_named() -> None:
    assert not_granted(manifest(), {}) == as_grants(manifest().capabilities)
    assert not_granted(manifest(), as_grants(manifest().capabilities)) == {}
    missing = not_granted(manifest(), {**as_grants(manifest().capabilities), "secrets": {"names": ["A_KEY"]}})
    assert missing == {"secrets": {"names": ["B_KEY"]}}


def test_an_update_names_what_it_requests_beyond_the_release_before() -> None:
    more = {**EVERYTHING, "secrets": {"names": ["A_KEY", "C_KEY"], "reason": "r"}}
    assert permission_difference(manifest(), manifest(permissions=more)) == {"secrets": {"names": ["C_KEY"]}}
    assert permission_difference(manifest(permissions=more), manifest(permissions={})) == {}


hosts = st.sampled_from(
    ["*.acme.example", "a.acme.example", "b.acme.example", "api.other.example:8443", "x.example"]
)
some_grants = st.fixed_dictionaries(
    {},
    optional={
        "network": st.fixed_dictionaries({"hosts": st.lists(hosts, max_size=4)}),
        "filesystem": st.fixed_dictionaries({"scratch_mib": st.integers(0, 40)}),
        "secrets": st.fixed_dictionaries(
            {"names": st.lists(st.sampled_from(["A_KEY", "B_KEY", "C_KEY"]), max_size=3)}
        ),
        "models": st.fixed_dictionaries({"chat": st.lists(st.sampled_from(["*", "big"]), max_size=2)}),
    },
)


@given(some_grants)
def test_no_grant_ever_gives_more_than_the_request(grants: dict[str, Any]) -> None:
    held = held_capabilities(manifest(), grants)
    assert held.within(manifest().capabilities)
    assert Capabilities.requested(clamped(grants, manifest())).within(manifest().capabilities)
    try:
        read = read_grants(grants, manifest())
    except Refusal:
        return
    assert held_capabilities(manifest(), read) == held


# ---------------------------------------------------------------- configuration, policy, versions


def test_a_configuration_must_satisfy_the_schema() -> None:
    schema = {"type": "object", "required": ["tone"], "properties": {"tone": {"type": "string"}}}
    release = manifest(config_schema=schema)
    assert check_config({"tone": "plain"}, release) == {"tone": "plain"}
    with pytest.raises(ConfigUnfit) as refusal:
        check_config({"tone": 5}, release)
    assert [f.pointer for f in refusal.value.faults] == ["/config/tone"]
    assert kept_config({"tone": 5}, release) == {}


@pytest.mark.parametrize(
    "config",
    [{"x": 1}, [], "x", {"a": float("nan")}, {"a": "\x00"}, {"a": "\ud800"}, {"a": "x" * 70_000}],
)
def test_a_configuration_that_cannot_be_kept_is_refused(config: Any) -> None:
    with pytest.raises(ConfigUnfit):
        check_config(config, manifest())


def test_a_text_that_only_looks_like_an_escaped_nul_is_kept() -> None:
    config = {"a": "\\u0000"}
    assert check_config(config, manifest(config_schema={"type": "object"})) == config


@pytest.mark.parametrize(
    "policy", [[], {"speed": 1}, {"limits": 1}, {"limits": {"speed": 1}}, {"limits": {"cpu_ms": 0}}]
)
def test_a_policy_that_is_not_understood_is_refused(policy: Any) -> None:
    with pytest.raises(PolicyUnfit):
        check_policy(policy)


def test_an_update_goes_up_unless_the_version_is_named() -> None:
    check_is_change("1.0.0", "1.1.0", named=False)
    check_is_change("1.1.0", "1.0.0", named=True)
    with pytest.raises(AlreadyAtVersion):
        check_is_change("1.1.0", "1.0.0", named=False)
    with pytest.raises(AlreadyAtVersion):
        check_is_change("1.0.0", "1.0.0", named=True)


def test_versions_are_compared_as_semver_says() -> None:
    assert is_newer("1.10.0", "1.9.0")
    assert is_newer("1.0.0", "1.0.0-rc.1")
    assert not is_newer("1.0.0-rc.1", "1.0.0")
