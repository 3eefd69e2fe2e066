"""Limits as numbers in forms: of a tenant's policies, and of one installation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from aei_marketplace.ground.errors import Fault
from aei_marketplace.web.shell.forms import Form
from aei_protocol.limits import MIB, Limits

_LARGEST = 2**53

#: Name in the form and in policies, label, unit, whether few ever change it.
LIMITS = (
    ("cpu_ms", "Processor time", "ms", False),
    ("wall_ms", "Time in all", "ms", False),
    ("memory_mib", "Memory", "MiB", False),
    ("output_bytes", "Output", "bytes", False),
    ("host_calls", "Calls of the host", "", False),
    ("bytes_out", "What leaves it", "bytes", False),
    ("input_bytes", "Task", "bytes", True),
    ("log_bytes", "Log that is kept", "bytes", True),
    ("table_elements", "Table elements", "", True),
    ("instances", "Core instances", "", True),
    ("memories", "Linear memories", "", True),
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A number that may be lowered.

    Attributes:
        cap: what holds already; nothing above it ever does.
        rare: whether few ever change it.
    """

    name: str
    label: str
    unit: str
    cap: int
    rare: bool = False


def bounds_below(cap: Limits) -> tuple[Bound, ...]:
    """Every limit, with what it cannot exceed."""
    caps = {**asdict(cap), "memory_mib": cap.memory_bytes // MIB}
    return tuple(Bound(name, label, unit, caps[name], rare) for name, label, unit, rare in LIMITS)


def shown_limits(limits: Mapping[str, int]) -> Mapping[str, int]:
    """Limits with memory in MiB, however it was given; where both are there the smaller counts."""
    named = [limits["memory_mib"]] if "memory_mib" in limits else []
    if "memory_bytes" in limits:
        named.append(max(1, limits["memory_bytes"] // MIB))
    return {**limits, "memory_mib": min(named)} if named else limits


def filled_limits(limits: Mapping[str, int]) -> Form:
    """A form that shows limits; empty where there is none."""
    shown = shown_limits(limits)
    return Form({name: (str(shown.get(name, "")),) for name, *_ in LIMITS})


def typed_limits(form: Form) -> tuple[dict[str, int], list[Fault]]:
    """The limits that a form names, and what is wrong with the others."""
    typed = {name: text for name, *_ in LIMITS if (text := form.text(name))}
    faults = [
        Fault(name, "a whole number above 0, or nothing to lower nothing")
        for name, text in typed.items()
        if not is_number(text)
    ]
    return {name: int(text) for name, text in typed.items() if is_number(text)}, faults


def is_number(text: str, *, least: int = 1) -> bool:
    """Whether a text is a whole number that can be stored as a limit."""
    return text.isascii() and text.isdigit() and len(text) < 17 and least <= int(text) < _LARGEST
