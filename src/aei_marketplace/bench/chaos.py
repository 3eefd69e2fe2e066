"""Executions while their workers, and once each the sandbox's other processes, are killed without a word."""

import asyncio
import hashlib
import io
import itertools
import json
import os
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.killing import Killer
from aei_marketplace.bench.recorded import Balance, Books, books_of
from aei_marketplace.bench.report import Result
from aei_marketplace.bench.running import Running, marketplace, workplace
from aei_marketplace.settings.places import default_runtime

PLUGIN = "studio.langid"
PATH = f"/api/plugins/{PLUGIN}/execute"
CLIENTS = 8
KILL_EVERY_S = 0.1
#: Longest wait for the last ends, and for the first success after a kill.
PATIENCE_S = 60.0
LONGEST_S = 1800.0
_PROBE_EVERY_S = 0.05
_COMPONENT_SECTION, _CORE_MODULE = 8, 1


@dataclass(slots=True)
class Tally:
    """What became of the requests.

    Attributes:
        taken: each task's JSON text, and whether the marketplace took it on.
        outcomes: of those that were answered with an execution.
        web_failed: probes of the web process that were not answered 200, and its slowest answer.
    """

    taken: dict[str, bool] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    web_failed: int = 0
    web_slowest_ms: float = 0.0

    @property
    def executed(self) -> int:
        """Executions that were taken on."""
        return sum(self.taken.values())


def measure(quick: bool) -> Result:
    """Run executions of two tenants while workers die, then kill zygote, compiler and host."""
    with workplace() as folder:
        data = folder / "data"
        with marketplace(data) as running:
            for who in ("admin", "globex_admin"):
                caller = Caller(running.url, running.tokens[who])
                until_listed(caller, PLUGIN)
                caller.install(PLUGIN)
            figures = asyncio.run(_measure(running, data, 1_000 if quick else 20_000))
    return Result("chaos", figures)


async def _measure(running: Running, data: Path, executions: int) -> dict[str, float | int | None]:
    ready, socket = data.with_suffix(".ready.json"), default_runtime(data, os.environ) / "sandbox.sock"
    tally, killer = Tally(), Killer(running, ready, socket)
    component = await asyncio.to_thread(_slow_component, running)
    try:
        async with asyncio.timeout(LONGEST_S), aiohttp.ClientSession(running.url) as session:
            probing = asyncio.create_task(_probe(session, tally))
            killing = asyncio.create_task(killer.kill_workers(KILL_EVERY_S))
            began = time.monotonic()
            back = await _run_all(session, running, tally, executions, killer, component)
            seconds = time.monotonic() - began
            killing.cancel()
            probing.cancel()
            balance = await _compare(books_of(data), tally)
    finally:
        await killer.close()
    return {**_figures(tally, killer, balance, seconds), **back}


async def _run_all(
    session: aiohttp.ClientSession,
    running: Running,
    tally: Tally,
    executions: int,
    killer: Killer,
    component: bytes,
) -> dict[str, float | int | None]:
    """Send executions from several clients, and kill each other process once meanwhile."""
    numbers = itertools.count()
    tokens = [running.tokens["admin"], running.tokens["globex_admin"]]
    clients = [
        asyncio.create_task(_client(session, tokens[n % 2], numbers, tally, executions))
        for n in range(CLIENTS)
    ]
    back: dict[str, float | int | None] = {}
    await _until(tally, executions // 4)
    await killer.kill_zygote()
    back["zygote_back_s"] = await _back(session, tokens[0], numbers, tally)
    await _until(tally, executions // 2)
    killer.kill_host()
    back["host_back_s"] = await _back(session, tokens[0], numbers, tally)
    await _until(tally, 3 * executions // 4)
    compiled = await killer.kill_compiler(component, hashlib.sha256(component).hexdigest())
    back["compiled_after_kill"] = int(compiled)
    back["compiler_back_s"] = await _back(session, tokens[0], numbers, tally)
    await asyncio.gather(*clients)
    return back


async def _client(
    session: aiohttp.ClientSession, token: str, numbers: Iterator[int], tally: Tally, executions: int
) -> None:
    while tally.executed < executions:
        if await _execute(session, token, next(numbers), tally) is None:
            await asyncio.sleep(_PROBE_EVERY_S)  # refused: what was killed is not back yet


async def _execute(session: aiohttp.ClientSession, token: str, number: int, tally: Tally) -> str | None:
    """One execution of a task of its own; its outcome, None when it was not taken on or nothing ran."""
    task = json.dumps({"text": f"Die Boote kamen heim, zum {number}. Mal."})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with session.post(PATH, data=f'{{"task": {task}}}', headers=headers) as response:
        answer = await response.json(content_type=None)
    if response.status == 200:
        tally.taken[task] = True
        tally.outcomes[answer["outcome"]] += 1
        return str(answer["outcome"])
    kind = answer["type"].rpartition("/")[2]
    # These two say that the execution is recorded although nothing ran.
    tally.taken[task] = kind in ("execution-not-started", "sandbox-busy")
    tally.outcomes[kind] += 1
    return None


async def _back(session: aiohttp.ClientSession, token: str, numbers: Iterator[int], tally: Tally) -> float:
    """Seconds until an execution that was sent after now succeeds."""
    began = time.monotonic()
    while await _execute(session, token, next(numbers), tally) != "ok":
        if time.monotonic() - began > PATIENCE_S:
            raise RuntimeError(f"no execution succeeded within {PATIENCE_S:.0f} s of a kill")
        await asyncio.sleep(_PROBE_EVERY_S)
    return time.monotonic() - began


async def _until(tally: Tally, executed: int) -> None:
    while tally.executed < executed:  # noqa: ASYNC110 the clients count, and nothing tells of each
        await asyncio.sleep(0.01)


async def _probe(session: aiohttp.ClientSession, tally: Tally) -> None:
    """Ask the web process how it is, again and again, until cancelled."""
    while True:
        began = time.monotonic()
        async with session.get("/healthz") as response:
            tally.web_failed += response.status != 200
        tally.web_slowest_ms = max(tally.web_slowest_ms, (time.monotonic() - began) * 1000)
        await asyncio.sleep(_PROBE_EVERY_S)


async def _compare(books: Books, tally: Tally) -> Balance:
    """Once nothing runs any more."""
    end = time.monotonic() + PATIENCE_S
    while await books.open_executions() and time.monotonic() < end:  # noqa: ASYNC110 the database tells of none
        await asyncio.sleep(0.2)
    return await books.compare(tally.taken)


def _figures(tally: Tally, killer: Killer, balance: Balance, seconds: float) -> dict[str, float | int | None]:
    not_run = sum(tally.outcomes[kind] for kind in ("execution-not-started", "sandbox-busy"))
    return {
        "executions": tally.executed,
        "kills": killer.kills,
        "lost": balance.lost,
        "doubled": balance.doubled,
        "audit_unbalanced": balance.unbalanced,
        "ok": tally.outcomes["ok"],
        "worker_lost": tally.outcomes["worker_lost"],
        "not_run": not_run,
        "refused": sum(tally.outcomes.values()) - tally.executed,
        "per_second": tally.executed / seconds,
        "web_failed": tally.web_failed,
        "web_slowest_ms": tally.web_slowest_ms,
    }


def _slow_component(running: Running) -> bytes:
    """The plugin's component with copies of its modules behind it: some seconds of work for a compiler.

    The sections of a binary component are an id, a length (LEB128) and that many bytes; modules that
    nothing refers to may follow after the last one.
    """
    caller = Caller(running.url, running.tokens["admin"])
    version = caller.get(f"/api/plugins/{PLUGIN}")[1]["latest"]["version"]
    package = caller.download(f"/api/plugins/{PLUGIN}/versions/{version}/package")
    component = zipfile.ZipFile(io.BytesIO(package)).read("plugin.wasm")
    modules = b"".join(raw for kind, raw in _sections(component) if kind == _CORE_MODULE)
    return component + modules * 200


def _sections(component: bytes) -> Iterator[tuple[int, bytes]]:
    at = _COMPONENT_SECTION
    while at < len(component):
        start, length, shift = at, 0, 0
        while True:
            at += 1
            length |= (component[at] & 0x7F) << shift
            shift += 7
            if component[at] < 0x80:
                break
        at += 1 + length
        yield component[start], component[start:at]
