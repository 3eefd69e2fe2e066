"""What a release may touch, in a few words each, as cards say it."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from aei_marketplace.web.shell.formats import counted


def brief(permissions: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What a release may touch, in a few words each; `no permissions` when it asks for nothing."""
    said = tuple(_BRIEF[name](scope) for name, scope in permissions.items())
    return said or ("no permissions",)


def _network(hosts: Sequence[str]) -> str:
    patterns = sum(1 for host in hosts if host.startswith("*."))
    exact = len(hosts) - patterns
    parts = [counted(exact, "host")] if exact else []
    return f"network: {', '.join([*parts, counted(patterns, 'pattern')] if patterns else parts)}"


def _models(names: Set[str]) -> str:
    return "models: any" if "*" in names else f"models: {len(names)}"


_BRIEF: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "network": lambda scope: _network(scope.get("hosts", ())),
    "filesystem": lambda scope: f"files: {scope.get('scratch_mib', 0) + scope.get('persistent_mib', 0)} MiB",
    "models": lambda scope: _models({*scope.get("chat", ()), *scope.get("embed", ())}),
    "secrets": lambda scope: f"secrets: {len(scope.get('names', ()))}",
}
