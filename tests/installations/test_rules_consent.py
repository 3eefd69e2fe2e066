"""Permissions as people decide about them, without a database."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.installations.rules.consent import Permission, answered, given, permissions_of
from aei_marketplace.installations.rules.grants import as_grants, read_grants
from aei_marketplace.installations.rules.permissions import Risk
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities
from tests.packages import make_manifest

ASKED: dict[str, Any] = {
    "network": {"hosts": ["*.acme.example", "api.other.example:8443"], "reason": "fetches"},
    "filesystem": {"scratch_mib": 16, "persistent_mib": 4, "reason": "sorts"},
    "models": {"chat": ["*"], "embed": ["small"], "max_tokens_per_execution": 1000, "reason": "thinks"},
    "secrets": {"names": ["A_KEY", "B_KEY"], "reason": "signs in"},
}


def manifest(permissions: dict[str, Any]) -> Manifest:
    return Manifest(make_manifest({"permissions": permissions}))


ALL = manifest(ASKED)


def sent(permissions: tuple[Permission, ...], **typed: str) -> dict[str, tuple[str, ...]]:
    """What a browser sends of the form that shows these."""
    values: dict[str, tuple[str, ...]] = {}
    for permission in permissions:
        for scope in permission.scopes:
            if scope.granted:
                values[scope.field] = (*values.get(scope.field, ()), scope.value)
        for amount in permission.amounts:
            values[amount.field] = (str(amount.granted),)
    return values | {name: (text,) for name, text in typed.items()}


def answers(values: dict[str, tuple[str, ...]]):
    return lambda name: values.get(name, ())


def test_the_form_of_a_new_plugin_begins_with_all_that_it_asks_for():
    shown = permissions_of(ALL)
    assert {p.name: (p.risk, p.reason) for p in shown} == {
        "network": (Risk.HIGH, "fetches"),
        "filesystem": (Risk.MEDIUM, "sorts"),
        "models": (Risk.MEDIUM, "thinks"),
        "secrets": (Risk.HIGH, "signs in"),
    }
    assert all(p.granted and not p.new for p in shown)
    grants = read_grants(given(answers(sent(shown)), ALL), ALL)
    assert Capabilities.requested(grants) == ALL.capabilities


@for_all(st.data())
def test_sending_the_form_unchanged_grants_what_was_granted(data: st.DataObject):
    chosen: dict[str, Any] = {}
    for name, scope in ASKED.items():
        part: dict[str, Any] = {}
        for key, value in scope.items():
            if isinstance(value, list):
                part[key] = data.draw(st.lists(st.sampled_from(value), unique=True))
            elif isinstance(value, int):
                part[key] = data.draw(st.integers(0, value))
        chosen[name] = part
    granted = as_grants(Capabilities.requested(chosen))
    form = sent(permissions_of(ALL, granted))
    assert as_grants(Capabilities.requested(read_grants(given(answers(form), ALL), ALL))) == granted


def test_a_pattern_is_narrowed_to_the_names_that_are_typed_and_stays_so():
    shown = permissions_of(ALL, {})
    typed = {"grant/network/hosts/only": "a.acme.example, b.acme.example"}
    grants = read_grants(given(answers(sent(shown, **typed)), ALL), ALL)
    assert grants == {"network": {"hosts": ["a.acme.example", "b.acme.example"]}}
    later = permissions_of(ALL, grants)
    hosts = {s.value: s.granted for s in later[0].scopes}
    assert hosts["a.acme.example"] is True
    assert hosts["*.acme.example"] is False
    assert read_grants(given(answers(sent(later)), ALL), ALL) == grants


def test_only_what_the_present_release_does_not_ask_for_is_new():
    before = manifest({"network": {"hosts": ["api.other.example:8443"], "reason": "fetches"}})
    shown = {p.name: p for p in permissions_of(ALL, {}, before)}
    assert {s.value for s in shown["network"].scopes if s.new} == {"*.acme.example"}
    assert shown["filesystem"].new
    assert not any(p.new for p in permissions_of(before, {}, before))


@pytest.mark.parametrize("typed", ["plenty", "-1", "1e3", "9" * 40, "٣"])
def test_an_amount_that_is_no_number_is_refused_where_it_stands(typed: str):
    wanted = given(answers({"grant/filesystem/scratch_mib": (typed,)}), ALL)
    with pytest.raises(Invalid) as refusal:
        read_grants(wanted, ALL)
    assert refusal.value.faults[0].pointer == "/grants/filesystem/scratch_mib"


def test_nothing_that_the_release_does_not_ask_for_is_read_from_a_form():
    small = manifest({"secrets": {"names": ["A_KEY"], "reason": "signs in"}})
    forged = {"grant/network/hosts": ("evil.example",), "grant/secrets/names": ("A_KEY",)}
    assert given(answers(forged), small) == {"secrets": {"names": ["A_KEY"]}}


def test_a_form_that_comes_back_shows_what_was_ticked():
    shown = answered(permissions_of(ALL), answers({"grant/secrets/names": ("B_KEY",)}))
    secrets = next(p for p in shown if p.name == "secrets")
    assert [(s.value, s.granted) for s in secrets.scopes] == [("A_KEY", False), ("B_KEY", True)]


def test_every_scope_is_a_sentence_and_the_gravest_come_first():
    said = [s.sentence for p in permissions_of(ALL) for s in p.scopes]
    assert said == [
        "May reach any host right under acme.example (HTTPS)",
        "May reach api.other.example (HTTPS, port 8443)",
        "May read the secret A_KEY",
        "May read the secret B_KEY",
        "May chat with any of your models",
        "May embed with the model small",
    ]
    assert [p.name for p in permissions_of(ALL)] == ["network", "secrets", "filesystem", "models"]
