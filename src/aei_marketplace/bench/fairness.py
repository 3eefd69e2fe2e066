"""What one tenant's flood of executions does to another tenant's."""

import asyncio
import json
import time

import aiohttp

from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.report import Result, median, percentile
from aei_marketplace.bench.running import Running, marketplace, workplace

PLUGIN = "studio.langid"
PATH = f"/api/plugins/{PLUGIN}/execute"
BODY = json.dumps({"task": {"text": "Der Himmel war klar."}})
FLOODING = 32
#: Between two requests of the quiet tenant, in seconds.
PAUSE_S = 0.02


def measure(quick: bool) -> Result:
    """Time one tenant's executions alone, and beside another tenant's flood."""
    with workplace() as folder, marketplace(folder / "data") as running:
        for who in ("admin", "globex_admin"):
            caller = Caller(running.url, running.tokens[who])
            until_listed(caller, PLUGIN)
            caller.install(PLUGIN)
        # Its build and the compiler would use the cores that are measured.
        until_listed(caller, "studio.summarise")
        return Result("fairness", asyncio.run(_measure(running, 200 if quick else 1000)))


async def _measure(running: Running, times: int) -> dict[str, float | int | None]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(running.url, connector=connector) as session:
        victim, loud = running.tokens["globex_admin"], running.tokens["admin"]
        await _timed(session, victim, 50)
        alone = await _timed(session, victim, times)
        flood = [asyncio.create_task(_flood(session, loud)) for _ in range(FLOODING)]
        await asyncio.sleep(1)
        beside = await _timed(session, victim, times)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    return {
        "quiet.p50_ms": median(alone),
        "quiet.p95_ms": percentile(alone, 0.95),
        "flooded.p50_ms": median(beside),
        "flooded.p95_ms": percentile(beside, 0.95),
        "p95_ratio": percentile(beside, 0.95) / percentile(alone, 0.95),
    }


async def _timed(session: aiohttp.ClientSession, token: str, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        status = await _execute(session, token)
        taken.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"the quiet tenant was answered {status}")
        await asyncio.sleep(PAUSE_S)
    return taken


async def _flood(session: aiohttp.ClientSession, token: str) -> None:
    while True:
        if await _execute(session, token) == 429:
            await asyncio.sleep(PAUSE_S)


async def _execute(session: aiohttp.ClientSession, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with session.post(PATH, data=BODY, headers=headers) as response:
        await response.read()
        return response.status
