"""What one execution may use: the manifest asks, the tenant decides, the operator caps."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one execution; times in milliseconds, sizes in bytes.

    The defaults are what a release gets that asks for nothing.

    Attributes:
        memory_bytes: of each linear memory.
        log_bytes: of log that is kept; what is written beyond it is dropped.
        bytes_out: all that leaves the guest: arguments of host calls, the log, the output.
        table_elements: of each table.
        instances, memories: core instances and linear memories of the component.
    """

    cpu_ms: int = 1_000
    wall_ms: int = 5_000
    memory_bytes: int = 128 * MIB
    input_bytes: int = 1 * MIB
    output_bytes: int = 1 * MIB
    log_bytes: int = 256 * 1024
    host_calls: int = 10_000
    bytes_out: int = 16 * MIB
    table_elements: int = 200_000
    instances: int = 200
    memories: int = 20

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
    bytes_out=256 * MIB,
    table_elements=1_000_000,
    instances=1_000,
    memories=50,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much a tenant may execute.

    Attributes:
        concurrency: executions that run at once; the sandbox host may allow fewer.
        executions_per_minute: on average.
        executions_burst: at once after a pause.
    """

    concurrency: int
    executions_per_minute: int
    executions_burst: int

    def capped(self, cap: "Allowance") -> "Allowance":
        """This allowance, nothing above `cap`."""
        return Allowance(*(min(getattr(self, f.name), getattr(cap, f.name)) for f in fields(self)))


#: The most that an operator's default configuration lets any tenant execute.
OPERATOR_ALLOWANCE = Allowance(concurrency=64, executions_per_minute=120_000, executions_burst=4_000)


#: The names of `Limits` as people write them; memory may also be given in MiB.
LIMIT_NAMES = (*(f.name for f in fields(Limits)), "memory_mib")
ALLOWANCE_NAMES = tuple(f.name for f in fields(Allowance))


def set_limits(limits: Limits, named: Mapping[str, int]) -> Limits:
    """Limits with the named ones set; where memory is named in both ways the smaller counts.

    Args:
        named: by `LIMIT_NAMES`; other names are left alone.
    """
    values = {name: value for name, value in named.items() if name in LIMIT_NAMES and name != "memory_mib"}
    if "memory_mib" in named:
        wanted = named["memory_mib"] * MIB
        values["memory_bytes"] = min(wanted, values.get("memory_bytes", wanted))
    return replace(limits, **values)


def set_allowance(allowance: Allowance, named: Mapping[str, int]) -> Allowance:
    """An allowance with the named parts set; other names are left alone."""
    return replace(allowance, **{name: named[name] for name in ALLOWANCE_NAMES if name in named})


def requested_limits(manifest_limits: Mapping[str, int]) -> Limits:
    """The limits that a manifest asks for (`cpu_ms`, `wall_ms`, `memory_mib`), defaults for the rest."""
    defaults = Limits()
    return Limits(
        cpu_ms=manifest_limits.get("cpu_ms", defaults.cpu_ms),
        wall_ms=manifest_limits.get("wall_ms", defaults.wall_ms),
        memory_bytes=manifest_limits.get("memory_mib", defaults.memory_bytes // MIB) * MIB,
    )
