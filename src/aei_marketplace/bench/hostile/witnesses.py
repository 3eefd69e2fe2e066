"""The harmless load: every tenant runs its witness all the time, from a process of its own.

`python -m aei_marketplace.bench.hostile.witnesses FD` reads one JSON object from standard input, serves
the tenants' model on the listening socket FD, and executes until its input ends. Then it writes what it
measured as JSON. It is apart so that the experiment's own work takes no time from these calls.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from aei_marketplace.bench.hostile.canaries import Canary, CanaryIndex
from aei_marketplace.bench.hostile.evidence import Evidence

PLUGIN = "calm.witness"
#: Seconds between two executions of a tenant, and every how many of them a model is asked.
PAUSE_S, ASK_EVERY = 0.25, 8
_CALL_S = 60.0
#: Less than the server keeps an idle connection.
_KEPT_S = 2.0
_PHRASE = "noted"


@dataclass
class Tale:
    """What one phase was like: milliseconds of each execution, and what failed."""

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Witnesses:
    """Runs the tenants' witnesses.

    Args:
        url: of the marketplace.
        tenants: name → token and canaries by channel.
    """

    def __init__(self, url: str, tenants: Mapping[str, Mapping[str, Any]]) -> None:
        self._url = f"{url}/api/plugins/{PLUGIN}/execute"
        self._tenants = tenants
        self._tale = Tale()
        self.tales: dict[str, Tale] = {}
        self.evidence = Evidence(
            CanaryIndex(
                Canary(name, channel, text)
                for name, tenant in tenants.items()
                for channel, text in tenant["canaries"].items()
            )
        )

    def begin(self, phase: str) -> None:
        """What follows belongs to this phase."""
        self._tale = self.tales.setdefault(phase, Tale())

    async def run(self, stop: asyncio.Event) -> None:
        """Execute for every tenant until told to stop."""
        timeout = aiohttp.ClientTimeout(total=_CALL_S)
        connector = aiohttp.TCPConnector(keepalive_timeout=_KEPT_S)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            await asyncio.gather(
                *(self._witness(session, name, number, stop) for number, name in enumerate(self._tenants))
            )

    async def _witness(
        self, session: aiohttp.ClientSession, name: str, number: int, stop: asyncio.Event
    ) -> None:
        # Spread over the pause, so that the tenants do not all come at once.
        await asyncio.sleep(PAUSE_S * number / len(self._tenants))
        times = number
        while not stop.is_set():
            tale, began = self._tale, time.perf_counter()
            problem = await self._execute(session, name, times % ASK_EVERY == 0)
            if problem is None:
                tale.milliseconds.append((time.perf_counter() - began) * 1000)
            else:
                tale.failures.append(f"{name}: {problem}")
            times += 1
            await asyncio.sleep(max(0.0, PAUSE_S - (time.perf_counter() - began)))

    async def _execute(self, session: aiohttp.ClientSession, name: str, ask: bool) -> str | None:
        """Run one task; what was wrong with it."""
        canaries = self._tenants[name]["canaries"]
        task = {channel: canaries[channel] for channel in ("task", "file", "log", "prompt", "result")}
        headers = {"Authorization": f"Bearer {self._tenants[name]['token']}"}
        try:
            async with session.post(
                self._url, json={"task": {**task, "ask": ask}}, headers=headers
            ) as response:
                body = await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            return repr(error)
        self.evidence.look(name, "answer", "a witness's execution", body)
        return _wrong(response.status, body, canaries, ask)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The tenants' model: each tenant's endpoint is a path of its own."""
        body = await request.read()
        tenant = request.path.split("/")[1]
        self.evidence.look(tenant, "prompt", f"for the model of {tenant}", body)
        message = {"role": "assistant", "content": _PHRASE}
        choice = {"index": 0, "message": message, "delta": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21}
        answer = json.dumps({"model": "m", "choices": [choice], "usage": usage})
        if json.loads(body).get("stream"):
            return web.Response(text=f"data: {answer}\n\ndata: [DONE]\n\n", content_type="text/event-stream")
        return web.Response(text=answer, content_type="application/json")


def _wrong(status: int, body: bytes, canaries: Mapping[str, str], ask: bool) -> str | None:
    if status != 200:
        return f"{status} {body[:300]!r}"
    document = json.loads(body)
    output = document["output"]
    if document["outcome"] != "ok" or not isinstance(output, dict):
        return f"{document['outcome']}: {document['problem']}"
    wanted = {
        "result": canaries["result"],
        "file": canaries["file"],
        "config": {"canary": canaries["config"]},
    }
    if any(output.get(key) != value for key, value in wanted.items()):
        return f"a wrong result: {output}"
    return None if not ask or _PHRASE in output.get("model", "") else f"the model said {output.get('model')}"


async def _main(door: int) -> None:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    told = json.loads(await reader.readline())
    witnesses = Witnesses(told["url"], told["tenants"])
    runner = web.ServerRunner(web.Server(witnesses.answer))
    await runner.setup()
    await web.SockSite(runner, socket.socket(fileno=door)).start()
    stop = asyncio.Event()
    running = asyncio.create_task(witnesses.run(stop))
    while phase := (await reader.readline()).decode().strip():
        witnesses.begin(phase)
    stop.set()
    await running
    await runner.cleanup()
    print(json.dumps(_summary(witnesses)), flush=True)


def _summary(witnesses: Witnesses) -> dict[str, Any]:
    evidence = witnesses.evidence
    return {
        "phases": {phase: asdict(tale) for phase, tale in witnesses.tales.items()},
        "leaks": [asdict(leak) for leak in evidence.leaks],
        "searched": dict(evidence.searched),
        "searched_bytes": evidence.searched_bytes,
    }


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
