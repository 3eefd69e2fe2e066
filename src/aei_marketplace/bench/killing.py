"""Ending processes of a running sandbox without a word, as an out-of-memory killer would."""

import asyncio
import json
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.bench.running import Running, family
from aei_marketplace.ground.ports import ModelCall, ModelReply, SandboxGone, SandboxRefused, model_failure
from aei_protocol.interface import ALWAYS
from aei_protocol.messages import Status

#: The compiling child gives way to everything else, which tells it from workers.
_COMPILER_NICENESS = 10


class _Nothing:
    """Has no secret and no model to give."""

    async def value(self, tenant: str, name: str) -> str | None:  # noqa: ARG002 the port's signature
        return None

    async def answer(self, call: ModelCall) -> ModelReply:  # noqa: ARG002 the port's signature
        return model_failure("failed", "no model can be asked here")


class Killer:
    """Kills a sandbox's processes with SIGKILL.

    Args:
        running: the marketplace whose sandbox it is.
        ready: the file in which its launcher keeps the process ids.
        socket: where the sandbox host listens.
    """

    def __init__(self, running: Running, ready: Path, socket: Path) -> None:
        self._running, self._ready = running, ready
        self._client = SandboxClient(socket, _Nothing(), _Nothing())
        self.kills = 0

    async def kill_workers(self, every: float) -> None:
        """Kill a random worker again and again, until cancelled.

        Args:
            every: seconds from one kill to the next.
        """
        while True:
            with suppress(SandboxGone):  # the host itself was killed and is not back yet
                workers = (await self._client.status()).details["workers"]
                if workers:
                    self._kill(random.choice(workers)["pid"])  # noqa: S311 any of them will do
            await asyncio.sleep(every)

    async def kill_zygote(self) -> None:
        """Kill the process that all workers are forked from."""
        self._kill((await self._client.status()).details["zygote"])

    def kill_host(self) -> None:
        """Kill the sandbox host."""
        self._kill(json.loads(self._ready.read_text("utf-8"))["pids"]["sandbox"])

    async def kill_compiler(self, component: bytes, sha256: str) -> bool:
        """Have a component compiled and kill the process that does it, once.

        Returns:
            Whether the component was compiled in the end.
        """
        compiling = asyncio.create_task(self._client.prepare(sha256, ALWAYS, component))
        while not compiling.done():
            children = self._compilers(await self._client.status())
            if children:
                self._kill(children[0])
                break
            await asyncio.sleep(0.005)
        try:
            return (await compiling).component == sha256
        except SandboxRefused:
            return False

    async def close(self) -> None:
        """Let go of the host."""
        await self._client.close()

    def _compilers(self, status: Status) -> list[int]:
        zygote, workers = status.details["zygote"], {w["pid"] for w in status.details["workers"]}
        if zygote is None:
            return []
        return [
            p
            for p in family(zygote)
            if p != zygote and p not in workers and _niceness(p) == _COMPILER_NICENESS
        ]

    def _kill(self, pid: int | None) -> None:
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1


def _niceness(pid: int) -> int | None:
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except OSError:
        return None
