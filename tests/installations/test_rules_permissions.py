"""The words for permissions and their risk, without a database."""

from typing import Any

import pytest

from aei_marketplace.installations.rules.permissions import TITLES, Risk, risk_of, sentence, together
from aei_protocol.permissions import INTERFACE_OF

RISKS: tuple[tuple[str, dict[str, Any], Risk], ...] = (
    ("network", {"hosts": ["api.acme.example"]}, Risk.MEDIUM),
    ("network", {"hosts": ["a.example", "*.b.example:8443"]}, Risk.HIGH),
    ("filesystem", {"scratch_mib": 16}, Risk.LOW),
    ("filesystem", {}, Risk.LOW),
    ("filesystem", {"scratch_mib": 16, "persistent_mib": 8}, Risk.MEDIUM),
    ("models", {"chat": ["small"], "max_tokens_per_execution": 20_000}, Risk.LOW),
    ("models", {"chat": ["small"], "embed": ["*"], "max_tokens_per_execution": 1}, Risk.MEDIUM),
    ("secrets", {"names": ["ACME_KEY"]}, Risk.HIGH),
)


@pytest.mark.parametrize(("permission", "asked", "risk"), RISKS)
def test_the_risk_follows_from_what_is_asked_and_says_what_it_rests_on(
    permission: str, asked: dict[str, Any], risk: Risk
) -> None:
    found, because = risk_of(permission, asked)
    assert found is risk
    assert because.endswith(".")


def test_every_permission_that_a_manifest_may_ask_for_has_a_title_and_a_risk() -> None:
    assert set(TITLES) == {permission for permission, *_ in RISKS} == set(INTERFACE_OF)


@pytest.mark.parametrize(
    ("capability", "value", "said"),
    [
        ("hosts", "api.acme.example", "May reach api.acme.example (HTTPS)"),
        ("hosts", "*.acme.example:8443", "May reach any host right under acme.example (HTTPS, port 8443)"),
        ("secrets", "ACME_KEY", "May read the secret ACME_KEY"),
        ("chat", "*", "May chat with any of your models"),
        ("chat", "small", "May chat with the model small"),
        ("embed", "*", "May embed with any of your models"),
        ("embed", "vectors", "May embed with the model vectors"),
    ],
)
def test_a_scope_is_a_sentence(capability: str, value: str, said: str) -> None:
    assert sentence(capability, value) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"network": {"hosts": ["a.example"]}, "secrets": {"names": ["A"]}}, "a secret it could send"),
        ({"network": {"hosts": ["a.example"]}, "filesystem": {"persistent_mib": 1}}, "keeps between runs"),
        ({"network": {"hosts": ["a.example"]}, "filesystem": {"scratch_mib": 1}}, None),
        ({"secrets": {"names": ["A"]}, "filesystem": {"persistent_mib": 1}}, None),
        ({}, None),
    ],
)
def test_what_permissions_mean_together_is_said_where_it_is_more(
    asked: dict[str, Any], said: str | None
) -> None:
    found = together(asked)
    assert found is None if said is None else found is not None and said in found
