"""Configuration and policy of an installation."""

import json
from collections.abc import Mapping
from typing import Any

from aei_inspection.schemas import check, compile_schema
from aei_marketplace.ground.errors import Fault
from aei_marketplace.installations.errors import ConfigUnfit, PolicyUnfit
from aei_marketplace.installations.rules.limits import limit_faults
from aei_marketplace.installations.rules.updates import update_faults
from aei_protocol.manifest import Manifest

LONGEST_CONFIG = 64 * 1024


def check_config(config: Any, manifest: Manifest) -> dict[str, Any]:
    """A configuration that the release accepts.

    Raises:
        ConfigUnfit: not an object, or against the release's `config_schema`; every place is named.
    """
    if not isinstance(config, dict):
        raise ConfigUnfit("A configuration is an object.", faults=[Fault("/config", "expected an object")])
    _check_json(config)
    schema = manifest.document.get("config_schema")
    if schema is None:
        if config:
            raise ConfigUnfit(
                "The release takes no configuration.", faults=[Fault("/config", "leave it out")]
            )
        return config
    problems = check(compile_schema(schema), config, ("config",))
    if problems:
        faults = [Fault(p.pointer, p.message, p.code) for p in problems]
        raise ConfigUnfit("The configuration does not satisfy the release's schema.", faults=faults)
    return config


def _check_json(config: dict[str, Any]) -> None:
    """What a caller's reader let through and the database would not keep: NaN, NUL, half characters."""
    try:
        text = json.dumps(config, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except ValueError as error:
        raise ConfigUnfit("The configuration is not JSON.", faults=[Fault("/config", str(error))]) from error
    if size > LONGEST_CONFIG:
        fault = Fault("/config", f"{size:,} bytes; at most {LONGEST_CONFIG:,} are kept")
        raise ConfigUnfit("The configuration is too long.", faults=[fault])
    if "\\u0000" in text.replace("\\\\", ""):
        raise ConfigUnfit("The configuration holds a NUL.", faults=[Fault("/config", "a text with a NUL")])


def kept_config(config: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """An older configuration, if another release accepts it; else none."""
    try:
        return check_config(dict(config), manifest)
    except ConfigUnfit:
        return {}


def accepts(manifest: Manifest, config: Mapping[str, Any]) -> bool:
    """Whether a release does with a configuration."""
    try:
        check_config(dict(config), manifest)
    except ConfigUnfit:
        return False
    return True


def check_policy(policy: Any) -> dict[str, Any]:
    """A policy that is understood: `{"limits": {…}, "journal": true, "updates": "compatible"}`.

    Raises:
        PolicyUnfit: it says anything else.
    """
    faults = _policy_faults(policy)
    if faults:
        raise PolicyUnfit("The policy is not understood.", faults=faults)
    return dict(policy)


def _policy_faults(policy: Any) -> list[Fault]:
    if not isinstance(policy, dict):
        return [Fault("/policy", "expected an object")]
    faults = [
        Fault(f"/policy/{name[:60]}", "unknown; there are limits, journal and updates")
        for name in policy
        if name not in ("limits", "journal", "updates")
    ]
    if not isinstance(policy.get("journal", False), bool):
        faults.append(Fault("/policy/journal", "true keeps the host calls of each execution for replays"))
    return (
        faults + limit_faults(policy.get("limits", {}), "/policy/limits") + update_faults(policy, "/policy")
    )
