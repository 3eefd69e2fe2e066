"""What one execution may use: the manifest asks, the tenant decides, the operator caps."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one execution; times in milliseconds, sizes in bytes.

    The defaults are what a release gets that asks for nothing.
    """

    cpu_ms: int = 1_000
    wall_ms: int = 5_000
    memory_bytes: int = 128 * MIB
    input_bytes: int = 1 * MIB
    output_bytes: int = 1 * MIB
    log_bytes: int = 256 * 1024
    host_calls: int = 10_000

    def capped(self, cap: "Limits") -> "Limits":
        """These limits, none above `cap`."""
        return Limits(*(min(getattr(self, f.name), getattr(cap, f.name)) for f in fields(self)))


#: The most that an operator's default configuration lets any execution have.
OPERATOR_CAP = Limits(
    cpu_ms=60_000,
    wall_ms=300_000,
    memory_bytes=1024 * MIB,
    input_bytes=8 * MIB,
    output_bytes=8 * MIB,
    log_bytes=1 * MIB,
    host_calls=100_000,
)


def requested_limits(manifest_limits: Mapping[str, int]) -> Limits:
    """The limits that a manifest asks for (`cpu_ms`, `wall_ms`, `memory_mib`), defaults for the rest."""
    defaults = Limits()
    return Limits(
        cpu_ms=manifest_limits.get("cpu_ms", defaults.cpu_ms),
        wall_ms=manifest_limits.get("wall_ms", defaults.wall_ms),
        memory_bytes=manifest_limits.get("memory_mib", defaults.memory_bytes // MIB) * MIB,
    )
