"""How long after its limit a guest that ignores everything is gone, and is reported gone."""

import asyncio
import time
from pathlib import Path

from aei_marketplace.bench.direct import sandbox_host
from aei_marketplace.bench.hostile.attempt import Seen
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.cases.time_and_cpu import ENDLESS
from aei_marketplace.bench.report import Result, median, percentile
from aei_protocol.limits import Limits

#: Short limits, so that many ends fit into little time: the lateness does not depend on them.
WALL = Limits(wall_ms=50, cpu_ms=10_000)
CPU = Limits(wall_ms=10_000, cpu_ms=50)
AT_ONCE = 2


def measure(quick: bool) -> Result:
    """Let endless guests run into their limits on a sandbox host of their own."""
    with sandbox_host() as socket:
        return Result("limits", asyncio.run(_measure(socket, 50 if quick else 300)))


async def _measure(socket: Path, times: int) -> dict[str, float | int | None]:
    behind = Behind(socket)
    try:
        await _run(behind, "tenant", WALL)
        wall = await _many(behind, WALL, times)
        cpu = await _many(behind, CPU, times)
    finally:
        await behind.close()
    killed = [seen.usage["wall_ms"] - WALL.wall_ms for seen, _ in wall]
    reported = [passed - WALL.wall_ms for _, passed in wall]
    burnt = [seen.usage["cpu_ms"] - CPU.cpu_ms for seen, _ in cpu]
    return {
        "wall_kill.p50_ms": median(killed),
        "wall_kill.p99_ms": percentile(killed, 0.99),
        "wall_reported.p99_ms": percentile(reported, 0.99),
        "cpu_kill.p50_ms": median(burnt),
        "cpu_kill.p99_ms": percentile(burnt, 0.99),
        "kills": len(wall) + len(cpu),
    }


async def _many(behind: Behind, limits: Limits, times: int) -> list[tuple[Seen, float]]:
    """Guests of several tenants at once, one after the other in each."""

    async def one(tenant: str) -> list[tuple[Seen, float]]:
        return [await _run(behind, tenant, limits) for _ in range(times // AT_ONCE)]

    return [ran for some in await asyncio.gather(*(one(f"t{n}") for n in range(AT_ONCE))) for ran in some]


async def _run(behind: Behind, tenant: str, limits: Limits) -> tuple[Seen, float]:
    """How an endless guest ended, and the milliseconds until that was reported, a new worker included."""
    began = time.perf_counter()
    seen = await behind.run(tenant, "", ENDLESS, "{}", limits)
    passed = (time.perf_counter() - began) * 1000
    if seen.outcome not in ("wall_limit", "cpu_limit"):
        raise RuntimeError(f"an endless guest ended as {seen.outcome}: {seen.problem}")
    return seen, passed
