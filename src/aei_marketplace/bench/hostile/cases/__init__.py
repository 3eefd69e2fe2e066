"""The fifty behaviours, by group."""

from aei_marketplace.bench.hostile.attempt import Case
from aei_marketplace.bench.hostile.cases import (
    capabilities,
    compile_bombs,
    cross_tenant,
    host_interface,
    memory_and_size,
    time_and_cpu,
)

CASES: tuple[Case, ...] = (
    *time_and_cpu.CASES,
    *memory_and_size.CASES,
    *compile_bombs.CASES,
    *capabilities.CASES,
    *cross_tenant.CASES,
    *host_interface.CASES,
)
