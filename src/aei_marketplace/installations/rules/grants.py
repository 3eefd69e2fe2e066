"""Grants: what a tenant gives to an installation, never more than the release requests.

A grant has the shape of the manifest's `permissions` without the reasons: what it leaves out is denied.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.installations.errors import beyond
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities, split_port

Grants = Mapping[str, Mapping[str, Any]]

#: Where grants stand in what is sent.
_AT = "/grants"
_LONGEST_LIST = 200
_WORD = re.compile(r"[\x21-\x7e]{1,255}")
_HOST = re.compile(r"(\*\.)?[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:[0-9]{1,5})?", re.IGNORECASE)


def read_grants(document: Any, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Grants that somebody sent, checked against what the release requests.

    Returns:
        The grants, without permissions that hold nothing and without `reason`s.

    Raises:
        Invalid: not of a grant's shape.
        GrantsBeyond: more than the release requests; every excess is named.
    """
    faults = list(_misshapen(document))
    if faults:
        raise Invalid("The grants have another shape than the manifest's permissions.", faults=faults)
    grants = {name: _without_reason(scope) for name, scope in document.items()}
    excess = Capabilities.requested(grants).beyond(manifest.capabilities)
    if excess:
        raise beyond([_excess_fault(field, extra) for field, extra in sorted(excess.items())])
    unrequested = sorted(set(grants) - set(manifest.permissions))
    if unrequested:
        raise beyond([Fault(f"{_AT}/{name}", "the release does not request it") for name in unrequested])
    return {name: scope for name, scope in grants.items() if any(scope.values())}


def held_capabilities(manifest: Manifest, grants: Grants) -> Capabilities:
    """What the running guest holds: request ∩ grant. Plugins it depends on are called by request alone."""
    granted = Capabilities.requested(grants, manifest.dependencies)
    return manifest.capabilities.intersect(granted)


def clamped(grants: Grants, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Grants narrowed to what a (new) release requests, so that none is ever above the request."""
    return as_grants(held_capabilities(manifest, grants))


def as_grants(held: Capabilities) -> dict[str, dict[str, Any]]:
    """Capabilities in the shape of a grant."""
    scopes: dict[str, dict[str, Any]] = {
        "network": {"hosts": list(held.hosts)},
        "filesystem": {"scratch_mib": held.scratch_mib, "persistent_mib": held.persistent_mib},
        "models": {
            "chat": list(held.chat),
            "embed": list(held.embed),
            "max_tokens_per_execution": held.max_tokens,
        },
        "secrets": {"names": list(held.secrets)},
    }
    return {name: scope for name, scope in scopes.items() if any(scope.values())}


def not_granted(manifest: Manifest, grants: Grants) -> dict[str, dict[str, Any]]:
    """What the release requests and the grants leave out."""
    return _difference(manifest.capabilities, held_capabilities(manifest, grants))


def permission_difference(before: Manifest, after: Manifest) -> dict[str, dict[str, Any]]:
    """What a release requests that another does not; empty when an update asks for nothing new."""
    return _difference(after.capabilities, before.capabilities)


def new_calls(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """The plugins that a release may call and another may not; what they were granted works for it too."""
    return tuple(sorted(set(after.dependencies) - set(before.dependencies)))


def _difference(more: Capabilities, less: Capabilities) -> dict[str, dict[str, Any]]:
    return as_grants(Capabilities(**more.beyond(less)))


def _without_reason(scope: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in scope.items() if key != "reason"}


def _excess_fault(field: str, extra: Any) -> Fault:
    shown = ", ".join(map(str, extra[:20])) if isinstance(extra, list) else f"{extra} more than requested"
    return Fault(f"{_AT}/{_PLACE[field]}", f"beyond the request: {shown}", "beyond_request")


_PLACE = {
    "hosts": "network/hosts",
    "secrets": "secrets/names",
    "chat": "models/chat",
    "embed": "models/embed",
    "max_tokens": "models/max_tokens_per_execution",
    "scratch_mib": "filesystem/scratch_mib",
    "persistent_mib": "filesystem/persistent_mib",
    "plugins": "plugins",
}


def _is_texts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _LONGEST_LIST
        and all(isinstance(v, str) and _WORD.fullmatch(v) for v in value)
    )


def _is_hosts(value: Any) -> bool:
    return _is_texts(value) and all(
        _HOST.fullmatch(host) and 0 < split_port(host)[1] < 65536 for host in value
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


_SHAPE: dict[str, dict[str, tuple[Callable[[Any], bool], str]]] = {
    "network": {"hosts": (_is_hosts, "a list of hosts, each with an optional port")},
    "filesystem": {
        "scratch_mib": (_is_count, "a whole number"),
        "persistent_mib": (_is_count, "a whole number"),
    },
    "models": {
        "chat": (_is_texts, "a list of model names"),
        "embed": (_is_texts, "a list of model names"),
        "max_tokens_per_execution": (_is_count, "a whole number"),
    },
    "secrets": {"names": (_is_texts, "a list of names")},
}


def _misshapen(document: Any) -> Iterator[Fault]:
    if not isinstance(document, dict):
        yield Fault(_AT, "expected an object of permissions")
        return
    for name, scope in document.items():
        if name not in _SHAPE:
            yield Fault(f"{_AT}/{str(name)[:60]}", f"unknown; there are {', '.join(_SHAPE)}")
        elif not isinstance(scope, dict):
            yield Fault(f"{_AT}/{name}", "expected an object")
        else:
            yield from _misshapen_scope(scope, _SHAPE[name], f"{_AT}/{name}")


def _misshapen_scope(
    scope: Mapping[str, Any], shape: Mapping[str, tuple[Callable[[Any], bool], str]], pointer: str
) -> Iterator[Fault]:
    for key, value in scope.items():
        if key == "reason":
            continue
        fits, expected = shape.get(key, (None, f"unknown; there are {', '.join(shape)}"))
        if fits is None or not fits(value):
            yield Fault(f"{pointer}/{str(key)[:60]}", expected if fits is None else f"expected {expected}")
