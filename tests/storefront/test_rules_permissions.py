"""Permissions as sentences: what they allow, and a word for the risk."""

from typing import Any

import pytest

from aei_marketplace.storefront.rules.permissions import Risk, brief, sentences, together
from aei_protocol.permissions import INTERFACE_OF

BUDGET = {"max_tokens_per_execution": 20_000}
TABLE: tuple[tuple[str, dict[str, Any], str, Risk, str], ...] = (
    (
        "network",
        {"hosts": ["api.acme.example"]},
        "May reach api.acme.example over HTTPS.",
        Risk.MEDIUM,
        "network: 1 host",
    ),
    (
        "network",
        {"hosts": ["a.example", "b.example:8443", "c.example"]},
        "May reach a.example, b.example (port 8443) and c.example over HTTPS.",
        Risk.MEDIUM,
        "network: 3 hosts",
    ),
    (
        "network",
        {"hosts": ["*.acme.example"]},
        "May reach every host that fits *.acme.example over HTTPS.",
        Risk.HIGH,
        "network: 1 pattern",
    ),
    (
        "network",
        {"hosts": ["a.example", "*.b.example"]},
        "May reach a.example and every host that fits *.b.example over HTTPS.",
        Risk.HIGH,
        "network: 1 host, 1 pattern",
    ),
    (
        "filesystem",
        {"scratch_mib": 16},
        "May use 16 MiB for files that end with the run.",
        Risk.LOW,
        "files: 16 MiB",
    ),
    (
        "filesystem",
        {"persistent_mib": 8},
        "May keep 8 MiB of its own files between runs.",
        Risk.MEDIUM,
        "files: 8 MiB",
    ),
    (
        "filesystem",
        {"scratch_mib": 16, "persistent_mib": 8},
        "May keep 8 MiB of its own files between runs and use 16 MiB for files that end with the run.",
        Risk.MEDIUM,
        "files: 24 MiB",
    ),
    ("filesystem", {}, "Asks for files, and for no room to keep any.", Risk.LOW, "files: 0 MiB"),
    (
        "models",
        {"chat": ["small"], **BUDGET},
        "May chat with small, with at most 20,000 tokens a run.",
        Risk.LOW,
        "models: 1",
    ),
    (
        "models",
        {"chat": ["*"], "embed": ["vectors"], **BUDGET},
        "May chat with any model and embed with vectors, with at most 20,000 tokens a run.",
        Risk.MEDIUM,
        "models: any",
    ),
    ("models", BUDGET, "May ask no model, with at most 20,000 tokens a run.", Risk.LOW, "models: 0"),
    ("secrets", {"names": ["ACME_KEY"]}, "May read the secret ACME_KEY.", Risk.HIGH, "secrets: 1"),
    (
        "secrets",
        {"names": ["ACME_KEY", "B_KEY"]},
        "May read the secrets ACME_KEY and B_KEY.",
        Risk.HIGH,
        "secrets: 2",
    ),
)


@pytest.mark.parametrize(("permission", "scope", "text", "risk", "few"), TABLE)
def test_a_permission_is_a_sentence_with_a_risk_and_its_authors_reason(
    permission: str, scope: dict[str, Any], text: str, risk: Risk, few: str
):
    (said,) = sentences({permission: {**scope, "reason": "because it must"}})
    assert (said.permission, said.text, said.risk) == (permission, text, risk)
    assert said.reason == "because it must"
    assert said.why_risk.endswith(".")
    assert brief({permission: scope}) == (few,)


def test_every_permission_that_a_manifest_may_ask_for_has_a_sentence():
    assert {permission for permission, *_ in TABLE} == set(INTERFACE_OF)


def test_the_gravest_comes_first():
    asked = {
        "filesystem": {"scratch_mib": 1},
        "network": {"hosts": ["a.example"]},
        "secrets": {"names": ["A"]},
    }
    assert [said.permission for said in sentences(asked)] == ["secrets", "network", "filesystem"]


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
def test_what_permissions_mean_together_is_said_where_it_is_more(asked: dict[str, Any], said: str | None):
    found = together(asked)
    assert found is None if said is None else found is not None and said in found


def test_who_asks_for_nothing_is_said_to():
    assert sentences({}) == ()
    assert brief({}) == ("no permissions",)
