"""Limits that a tenant, an installation or a request sets: they only lower what holds already."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from aei_marketplace.ground.errors import Fault
from aei_protocol.limits import MIB, Limits

#: The names of `Limits`, and the manifest's `memory_mib`.
LIMIT_NAMES = (*(f.name for f in fields(Limits)), "memory_mib")


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
            held = held.capped(replace(held, **_in_bytes(limits)))
    return held


def _in_bytes(limits: Mapping[str, int]) -> dict[str, int]:
    values = {name: value for name, value in limits.items() if name != "memory_mib"}
    if "memory_mib" in limits:
        wanted = limits["memory_mib"] * MIB
        values["memory_bytes"] = min(wanted, values.get("memory_bytes", wanted))
    return values


def _is_limit(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
