"""What a release requests, what a tenant grants, and what the guest then holds.

A request and a grant have the same JSON shape, that of the manifest's `permissions`; a grant
leaves out what it denies and may narrow a scope. The capability is the intersection.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: The permissions that a manifest may request, with the interface that each one opens.
INTERFACE_OF = {
    "network": "http",
    "filesystem": "files",
    "models": "models",
    "secrets": "secrets",
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one guest holds while it runs; everything empty by default.

    Attributes:
        hosts: host patterns that `http.fetch` may reach: exact, or with one leading `*.` label,
            each with an optional `:port` (443 without one).
        secrets: names that `secrets.get` may read.
        chat, embed: model names that may be asked; `*` stands for any.
        max_tokens: token budget of one execution over all models.
        scratch_mib, persistent_mib: size of the two file areas.
        plugins: ids that `plugins.call` may call.
    """

    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    chat: tuple[str, ...] = ()
    embed: tuple[str, ...] = ()
    max_tokens: int = 0
    scratch_mib: int = 0
    persistent_mib: int = 0
    plugins: tuple[str, ...] = ()

    @classmethod
    def requested(
        cls, permissions: Mapping[str, Mapping[str, Any]], dependencies: Mapping[str, str] | None = None
    ) -> "Capabilities":
        """Read the shape of a manifest's (or a grant's) `permissions`; `reason` is ignored."""
        network, files = permissions.get("network", {}), permissions.get("filesystem", {})
        models, secrets = permissions.get("models", {}), permissions.get("secrets", {})
        return cls(
            hosts=tuple(sorted(network.get("hosts", ()))),
            secrets=tuple(sorted(secrets.get("names", ()))),
            chat=tuple(sorted(models.get("chat", ()))),
            embed=tuple(sorted(models.get("embed", ()))),
            max_tokens=models.get("max_tokens_per_execution", 0),
            scratch_mib=files.get("scratch_mib", 0),
            persistent_mib=files.get("persistent_mib", 0),
            plugins=tuple(sorted(dependencies or ())),
        )

    def within(self, other: "Capabilities") -> bool:
        """Whether nothing here exceeds `other`."""
        return not self.beyond(other)

    def beyond(self, other: "Capabilities") -> dict[str, Any]:
        """What is here and not in `other`, by field; empty when nothing is."""
        return {name: extra for name, extra in _excess(self, other).items() if extra}

    def intersect(self, grant: "Capabilities") -> "Capabilities":
        """What both hold: request ∩ grant."""
        return Capabilities(
            hosts=_common_hosts(self.hosts, grant.hosts),
            secrets=_common(self.secrets, grant.secrets),
            chat=_common_models(self.chat, grant.chat),
            embed=_common_models(self.embed, grant.embed),
            max_tokens=min(self.max_tokens, grant.max_tokens),
            scratch_mib=min(self.scratch_mib, grant.scratch_mib),
            persistent_mib=min(self.persistent_mib, grant.persistent_mib),
            plugins=_common(self.plugins, grant.plugins),
        )

    def as_json(self) -> dict[str, Any]:
        """The fields that hold something."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items() if v}


def covers_host(pattern: str, host: str) -> bool:
    """Whether a granted pattern admits `host[:port]` or a narrower pattern.

    A leading `*.` stands for exactly one label; the ports must be the same, 443 when absent.
    """
    pattern_name, pattern_port = split_port(pattern)
    name, port = split_port(host)
    if pattern_port != port:
        return False
    if not pattern_name.startswith("*."):
        return pattern_name == name
    return name.count(".") == pattern_name.count(".") and name.endswith(pattern_name[1:])


def split_port(host: str) -> tuple[str, int]:
    """`name[:port]` as a lower-case name and a port, 443 when absent."""
    name, _, port = host.lower().partition(":")
    return name, int(port) if port else 443


def _excess(mine: Capabilities, other: Capabilities) -> dict[str, Any]:
    return {
        "hosts": [h for h in mine.hosts if not any(covers_host(o, h) for o in other.hosts)],
        "secrets": sorted(set(mine.secrets) - set(other.secrets)),
        "chat": [] if "*" in other.chat else sorted(set(mine.chat) - set(other.chat)),
        "embed": [] if "*" in other.embed else sorted(set(mine.embed) - set(other.embed)),
        "max_tokens": max(0, mine.max_tokens - other.max_tokens),
        "scratch_mib": max(0, mine.scratch_mib - other.scratch_mib),
        "persistent_mib": max(0, mine.persistent_mib - other.persistent_mib),
        "plugins": sorted(set(mine.plugins) - set(other.plugins)),
    }


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(one) & set(other)))


def _common_hosts(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        sorted(
            {h for h in one if any(covers_host(o, h) for o in other)}
            | {h for h in other if any(covers_host(o, h) for o in one)}
        )
    )


def _common_models(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in one:
        return other
    return one if "*" in other else _common(one, other)
