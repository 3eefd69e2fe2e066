"""What a release asks for, in plain words with a word for the risk."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aei_marketplace.web.shell.formats import counted
from aei_protocol.permissions import split_port

Permissions = Mapping[str, Mapping[str, Any]]
_HTTPS = 443


class Risk(StrEnum):
    """How much harm a release could do with a permission that it abuses."""

    LOW = "low risk"
    MEDIUM = "medium risk"
    HIGH = "high risk"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One permission as people read it.

    Attributes:
        permission: its name in the manifest.
        text: what the release may do with it.
        why_risk: what the word for the risk rests on.
        reason: why its author asks for it, in the author's words.
    """

    permission: str
    text: str
    risk: Risk
    why_risk: str
    reason: str


def sentences(permissions: Permissions) -> tuple[Sentence, ...]:
    """Each permission of a manifest, the gravest first."""
    said = [
        Sentence(name, *_SAID[name](scope), reason=str(scope.get("reason", "")))
        for name, scope in permissions.items()
    ]
    return tuple(sorted(said, key=lambda s: (-list(Risk).index(s.risk), s.permission)))


def together(permissions: Permissions) -> str | None:
    """What permissions mean in company, where it is more than each alone."""
    if "network" not in permissions:
        return None
    if "secrets" in permissions:
        return "Together: what it reads from a secret it could send to a host that it may reach."
    if permissions.get("filesystem", {}).get("persistent_mib", 0):
        return "Together: what it keeps between runs it could send to a host that it may reach."
    return None


def brief(permissions: Permissions) -> tuple[str, ...]:
    """What a release may touch, in a few words each; `no permissions` when it asks for nothing."""
    said = tuple(_BRIEF[name](scope) for name, scope in permissions.items())
    return said or ("no permissions",)


def _network(scope: Mapping[str, Any]) -> tuple[str, Risk, str]:
    hosts = [str(host) for host in scope.get("hosts", ())]
    text = f"May reach {_listed([_host(host) for host in hosts])} over HTTPS."
    if any(host.startswith("*.") for host in hosts):
        return text, Risk.HIGH, "A pattern stands for hosts that nobody can list: anything it sees can leave."
    return text, Risk.MEDIUM, "What it is given can leave to these hosts, and to no others."


def _filesystem(scope: Mapping[str, Any]) -> tuple[str, Risk, str]:
    scratch, kept = scope.get("scratch_mib", 0), scope.get("persistent_mib", 0)
    parts = [f"keep {kept} MiB of its own files between runs"] if kept else []
    parts += [f"use {scratch} MiB for files that end with the run"] if scratch else []
    text = f"May {' and '.join(parts)}." if parts else "Asks for files, and for no room to keep any."
    if kept:
        return (
            text,
            Risk.MEDIUM,
            "It can remember what one run was given until the next. It sees no other files.",
        )
    return text, Risk.LOW, "It sees no files but its own, and they are gone when the run ends."


def _models(scope: Mapping[str, Any]) -> tuple[str, Risk, str]:
    uses = [(verb, scope.get(use, ())) for verb, use in (("chat with", "chat"), ("embed with", "embed"))]
    parts = [f"{verb} {_models_named(names)}" for verb, names in uses if names]
    tokens = int(scope.get("max_tokens_per_execution", 0))
    text = f"May {' and '.join(parts) or 'ask no model'}, with at most {tokens:,} tokens a run."
    if any("*" in names for _, names in uses):
        return text, Risk.MEDIUM, "It chooses the model, so a run can cost as much as your dearest one asks."
    return text, Risk.LOW, "Your own endpoints answer. Each run costs tokens, up to the limit."


def _secrets(scope: Mapping[str, Any]) -> tuple[str, Risk, str]:
    names = [str(name) for name in scope.get("names", ())]
    text = f"May read the {'secret' if len(names) == 1 else 'secrets'} {_listed(names)}."
    return text, Risk.HIGH, "It sees the values themselves and can do with them whatever they allow."


_SAID: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Risk, str]]] = {
    "network": _network,
    "filesystem": _filesystem,
    "models": _models,
    "secrets": _secrets,
}
_BRIEF: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "network": lambda scope: _brief_network(scope.get("hosts", ())),
    "filesystem": lambda scope: f"files: {scope.get('scratch_mib', 0) + scope.get('persistent_mib', 0)} MiB",
    "models": lambda scope: _brief_models({*scope.get("chat", ()), *scope.get("embed", ())}),
    "secrets": lambda scope: f"secrets: {len(scope.get('names', ()))}",
}


def _brief_network(hosts: Sequence[str]) -> str:
    patterns = sum(1 for host in hosts if host.startswith("*."))
    exact = len(hosts) - patterns
    parts = [counted(exact, "host")] if exact else []
    return f"network: {', '.join([*parts, counted(patterns, 'pattern')] if patterns else parts)}"


def _brief_models(names: Set[str]) -> str:
    return "models: any" if "*" in names else f"models: {len(names)}"


def _host(pattern: str) -> str:
    name, port = split_port(pattern)
    shown = name if port == _HTTPS else f"{name} (port {port})"
    return f"every host that fits {shown}" if name.startswith("*.") else shown


def _models_named(names: Sequence[str]) -> str:
    return "any model" if "*" in names else _listed([str(name) for name in names])


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "nothing"
    return f"{', '.join(names[:-1])} and {names[-1]}"
