"""Policies of a tenant: what it allows all of its installations together and each of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aei_marketplace.ground.errors import Fault
from aei_marketplace.installations.errors import PolicyUnfit
from aei_marketplace.installations.rules.limits import (
    allowance_faults,
    effective_allowance,
    effective_limits,
    limit_faults,
)
from aei_marketplace.installations.rules.selection import LIST_NAMES, list_faults
from aei_marketplace.installations.rules.updates import (
    affected_faults,
    age_faults,
    uncertified_faults,
    update_faults,
)
from aei_protocol.limits import ALLOWANCE_NAMES, Allowance, Limits

#: How a tenant takes new releases.
UPDATE_NAMES = ("updates", "minimum_release_age_hours", "affected_releases", "uncertified_releases")
POLICY_NAMES = ("limits", *ALLOWANCE_NAMES, *UPDATE_NAMES, *LIST_NAMES)
#: The parts that are objects, and are merged name by name.
_NESTED = ("limits", *LIST_NAMES)

Policies = Mapping[str, Any]


def changed_policies(present: Policies, change: Any) -> dict[str, Any]:
    """Policies after a change, which is a JSON merge patch (RFC 7396): null takes a part back.

    Raises:
        PolicyUnfit: the change says anything that is not understood; every place is named.
    """
    faults = _faults(change)
    if faults:
        raise PolicyUnfit("The policies are not understood.", faults=faults)
    after = _merged(present, change)
    for name in _NESTED:
        if change.get(name) is not None:
            after[name] = _filled(_merged(present.get(name, {}), change[name]))
    return _filled(after)


def policies_etag(policies: Policies) -> str:
    """Names what the policies say: two that say the same have the same."""
    said = json.dumps(policies, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def shown_policies(policies: Policies, cap: Limits, allowance: Allowance) -> dict[str, Any]:
    """What a tenant decided, what holds for the most that a manifest can ask, and the operator's caps."""
    most = effective_limits(cap, cap, policies.get("limits", {}))
    return {
        "limits": policies.get("limits", {}),
        **{name: policies.get(name) for name in (*ALLOWANCE_NAMES, *UPDATE_NAMES)},
        **{name: policies.get(name, {}) for name in LIST_NAMES},
        "effective": {"limits": asdict(most), **asdict(effective_allowance(allowance, policies))},
        "operator": {"limits": asdict(cap), **asdict(allowance)},
    }


def _merged(present: Policies, change: Policies) -> dict[str, Any]:
    return {key: value for key, value in {**present, **change}.items() if value is not None}


def _filled(document: Policies) -> dict[str, Any]:
    """Without what says nothing: an object or a list that is empty."""
    return {name: value for name, value in document.items() if value not in ({}, [])}


def _faults(change: Any) -> list[Fault]:
    if not isinstance(change, dict):
        return [Fault("", "expected an object")]
    unknown = [
        Fault(f"/{name[:60]}", f"unknown; there are {', '.join(POLICY_NAMES)}")
        for name in change
        if name not in POLICY_NAMES
    ]
    limits = {} if change.get("limits") is None else change["limits"]
    if isinstance(limits, dict):
        limits = _merged({}, limits)
    faults = limit_faults(limits, "/limits") + allowance_faults(change)
    faults += (
        update_faults(change) + age_faults(change) + affected_faults(change) + uncertified_faults(change)
    )
    return unknown + faults + list_faults(change)
