"""How fast a plugin runs over HTTP with start and end durable, beside what people use instead."""

import os
import signal
import time

from aei_marketplace.bench import peers
from aei_marketplace.bench.calls import Caller, posts_per_second, until_listed
from aei_marketplace.bench.report import Result, median, percentile
from aei_marketplace.bench.running import Running, family, marketplace, pss_mb, workplace

C, PYTHON = "studio.langid", "studio.summarise"
TASKS = {
    C: {"text": "Der Himmel über dem Hafen war klar, und die Boote kamen heim."},
    PYTHON: {
        "text": "One sentence stands here. Another one follows it. A third ends the text.",
        "sentences": 1,
    },
}


def measure(quick: bool) -> Result:
    """Install both example plugins in a marketplace of their own and run them."""
    with workplace() as folder, marketplace(folder / "data") as running:
        caller = Caller(running.url, running.tokens["admin"])
        for plugin in TASKS:
            until_listed(caller, plugin)
            caller.install(plugin)
        times = 200 if quick else 1000
        c, python = (_warm(caller, plugin, times) for plugin in (C, PYTHON))
        worker_mb = _worker_mb(running)
        per_second = posts_per_second(
            running.url, running.tokens["admin"], _path(C), {"task": TASKS[C]}, 8, 3 if quick else 10
        )
        cold = [_cold(caller, running) for _ in range(10 if quick else 30)]
        figures = {
            "c.p50_ms": median(c),
            "c.p99_ms": percentile(c, 0.99),
            "python.p50_ms": median(python),
            "python.p99_ms": percentile(python, 0.99),
            "per_second": per_second,
            "cold.p50_ms": median(cold),
            "worker_pss_mb": worker_mb,
        }
        return Result("execute", figures, peers.measure(20 if quick else 60))


def _path(plugin: str) -> str:
    return f"/api/plugins/{plugin}/execute"


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


def _worker_mb(running: Running) -> float | None:
    sizes = [pss_mb(pid) for pid in _workers(running)]
    return max(sizes) if sizes else None


def _workers(running: Running) -> list[int]:
    """The processes that have no child and were forked in the sandbox: its workers."""
    host = running.pids["sandbox"]
    return [pid for pid in family(host) if len(family(pid)) == 1 and pid != host]
