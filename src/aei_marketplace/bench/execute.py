"""How fast a plugin runs over HTTP with start and end durable, beside what people use instead."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aei_marketplace.bench import peers
from aei_marketplace.bench.calls import Caller, posts_per_second, until_listed
from aei_marketplace.bench.direct import host_call_ms
from aei_marketplace.bench.hostile.tenants import make_tenants
from aei_marketplace.bench.noop import serving_nothing
from aei_marketplace.bench.report import Result, median, percentile
from aei_marketplace.bench.running import CLONE, Running, family, marketplace, pss_mb, workplace

TENANTS = 10
C, PYTHON, JAVASCRIPT = "studio.langid", "studio.summarise", "studio.csvprofile"
TASKS = {
    C: {"text": "Der Himmel über dem Hafen war klar, und die Boote kamen heim."},
    PYTHON: {
        "text": "One sentence stands here. Another one follows it. A third ends the text.",
        "sentences": 1,
    },
    JAVASCRIPT: {"text": "order;amount\n1001;2,50\n1002;3,75\n"},
}


def measure(quick: bool) -> Result:
    """Install both example plugins in a marketplace of their own and run them."""
    hostcall = host_call_ms(5 if quick else 20)
    with workplace() as folder, marketplace(folder / "data") as running:
        caller = Caller(running.url, running.tokens["admin"])
        for plugin in published_examples():  # what is still compiled would take the cores that are measured
            until_listed(caller, plugin)
        for plugin in (C, PYTHON):
            caller.install(plugin)
        times = 200 if quick else 1000
        c, python = (_warm(caller, plugin, times) for plugin in (C, PYTHON))
        largest_mb = max(_worker_sizes(running))
        with serving_nothing(folder / "data") as url:
            noop = _warm(Caller(url, caller.token), C, times)
        per_second = posts_per_second(caller.url, caller.token, _path(C), {"task": TASKS[C]}, 8, times / 100)
        cold = [_cold(caller, running) for _ in range(10 if quick else 30)]
        tokens = [caller.token, *asyncio.run(_further_tenants(folder / "data", running.url))]
        together = asyncio.run(_together(running.url, tokens, times // 5))
        sizes = _worker_sizes(running)
        javascript = _javascript(caller, times)
        figures: dict[str, float | int | None] = {
            "c.p50_ms": median(c),
            "c.p99_ms": percentile(c, 0.99),
            "python.p50_ms": median(python),
            "python.p99_ms": percentile(python, 0.99),
            "javascript.p50_ms": javascript,
            "durable_noop.p50_ms": median(noop),
            "per_second": per_second,
            "cold.p50_ms": median(cold),
            "hostcall.p50_ms": hostcall,
            "ten_tenants.p50_ms": median(together),
            "ten_tenants.p99_ms": percentile(together, 0.99),
            "worker_pss_mb": sum(sizes) / len(sizes),
            "largest_worker_pss_mb": largest_mb,
        }
        return Result("execute", figures, peers.measure(20 if quick else 60))


def _path(plugin: str) -> str:
    return f"/api/plugins/{plugin}/execute"


def published_examples() -> list[str]:
    """The plugins that a new marketplace publishes here; the one in JavaScript only where Node.js is."""
    found = sorted(folder.name for folder in (CLONE / "plugins").iterdir())
    node = all(shutil.which(program) for program in ("node", "npm"))
    return [plugin for plugin in found if node or plugin != JAVASCRIPT]


def _javascript(caller: Caller, times: int) -> float | None:
    """None where Node.js is missing: the example is not built there."""
    if JAVASCRIPT not in published_examples():
        return None
    caller.get("/healthz")  # the connection may have been closed while others were measured
    caller.install(JAVASCRIPT)
    return median(_warm(caller, JAVASCRIPT, times))


def _warm(caller: Caller, plugin: str, times: int) -> list[float]:
    body = {"task": TASKS[plugin]}
    caller.time_posts(_path(plugin), body, 30)
    return caller.time_posts(_path(plugin), body, times)


def _cold(caller: Caller, running: Running) -> float:
    for pid in _workers(running):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    caller.get("/healthz")  # so that a connection closed while idle is not what is measured
    return caller.time_posts(_path(C), {"task": TASKS[C]}, 1)[0]


async def _further_tenants(data: Path, url: str) -> list[str]:
    """Nine more tenants in which the C plugin is installed: their tokens."""
    tokens = [tenant.token for tenant in await make_tenants(data, TENANTS - 1)]
    for token in tokens:
        await asyncio.to_thread(Caller(url, token).install, C)
    return tokens


async def _together(url: str, tokens: Sequence[str], times: int) -> list[float]:
    """Milliseconds of each execution when each tenant runs one after the other, all at once."""

    def one(token: str) -> list[float]:
        return _warm(Caller(url, token), C, times)

    with ThreadPoolExecutor(len(tokens)) as threads:
        loop = asyncio.get_running_loop()
        taken = await asyncio.gather(*(loop.run_in_executor(threads, one, token) for token in tokens))
    return [ms for of_one in taken for ms in of_one]


def _worker_sizes(running: Running) -> list[float]:
    """What each worker holds in MB; pages that several share are divided among them."""
    return [pss_mb(pid) for pid in _workers(running)]


def _workers(running: Running) -> list[int]:
    """The processes that have no child and were forked in the sandbox: its workers."""
    host = running.pids["sandbox"]
    return [pid for pid in family(host) if len(family(pid)) == 1 and pid != host]
