"""What a plugin may touch, as cards say it."""

from typing import Any

import pytest

from aei_marketplace.storefront.rules.permissions import brief
from aei_protocol.permissions import INTERFACE_OF

TABLE: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("network", {"hosts": ["api.acme.example"]}, "network: 1 host"),
    ("network", {"hosts": ["a.example", "b.example:8443", "c.example"]}, "network: 3 hosts"),
    ("network", {"hosts": ["*.acme.example"]}, "network: 1 pattern"),
    ("network", {"hosts": ["a.example", "*.b.example"]}, "network: 1 host, 1 pattern"),
    ("filesystem", {"scratch_mib": 16, "persistent_mib": 8}, "files: 24 MiB"),
    ("filesystem", {}, "files: 0 MiB"),
    ("models", {"chat": ["small"], "embed": ["small"]}, "models: 1"),
    ("models", {"chat": ["*"], "embed": ["vectors"]}, "models: any"),
    ("secrets", {"names": ["ACME_KEY", "B_KEY"]}, "secrets: 2"),
)


@pytest.mark.parametrize(("permission", "asked", "few"), TABLE)
def test_a_permission_is_a_few_words(permission: str, asked: dict[str, Any], few: str):
    assert brief({permission: {**asked, "reason": "because it must"}}) == (few,)


def test_every_permission_that_a_manifest_may_ask_for_has_words():
    assert {permission for permission, *_ in TABLE} == set(INTERFACE_OF)


def test_who_asks_for_nothing_is_said_to():
    assert brief({}) == ("no permissions",)
