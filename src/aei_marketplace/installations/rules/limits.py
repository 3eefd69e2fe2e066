"""What may be used: the manifest asks, the tenant decides, the operator caps.

Each who is asked in turn (tenant, installation, request) can only lower what holds already.
"""

from collections.abc import Mapping
from typing import Any

from aei_marketplace.ground.errors import Fault
from aei_protocol.limits import ALLOWANCE_NAMES, LIMIT_NAMES, Allowance, Limits, set_allowance, set_limits


def limit_faults(document: Any, pointer: str) -> list[Fault]:
    """What is wrong with limits that somebody sent; nothing when they can be used."""
    if not isinstance(document, Mapping):
        return [Fault(pointer, "expected an object of limits")]
    return [
        Fault(f"{pointer}/{str(name)[:60]}", f"a whole number above 0, one of {', '.join(LIMIT_NAMES)}")
        for name, value in document.items()
        if name not in LIMIT_NAMES or not _is_limit(value)
    ]


def effective_limits(asked: Limits, cap: Limits, *lowered: Mapping[str, int]) -> Limits:
    """The limits of one execution: what the manifest asks, lowered by each who may.

    Args:
        cap: the operator's.
        lowered: limits without faults, of tenant, installation and request; a value above what
            already holds changes nothing.
    """
    held = asked.capped(cap)
    for limits in lowered:
        if limits:
            held = held.capped(set_limits(held, limits))
    return held


def effective_allowance(cap: Allowance, decided: Mapping[str, Any]) -> Allowance:
    """How much a tenant may execute.

    Args:
        cap: the operator's.
        decided: the tenant's policies, without faults.
    """
    return set_allowance(cap, decided).capped(cap)


def allowance_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the parts of an allowance in a tenant's policies; None takes a part back."""
    return [
        Fault(f"/{name}", "a whole number above 0, or null to leave it to the operator")
        for name in ALLOWANCE_NAMES
        if name in document and document[name] is not None and not _is_limit(document[name])
    ]


def _is_limit(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
