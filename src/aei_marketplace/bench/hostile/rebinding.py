"""A sandbox host of its own, with a resolver that changes its mind between two look-ups."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aei_marketplace.bench.hostile.attempt import Seen
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.tenants import Tenant
from aei_marketplace.bench.running import CLONE

#: The switch is no part of what is shipped.
SCRIPT = CLONE / "tests" / "hostile" / "rebinding_host.py"
_READY_S, _END_S = 30.0, 20.0


class Rebinding:
    """A running host, and what its resolver and its connections recorded."""

    def __init__(self, behind: Behind, record: Path) -> None:
        self._behind = behind
        self._record = record

    async def fetch(self, attacker: Tenant, plugin: Plugin) -> list[Seen]:
        """Fetch from a name with both kinds of addresses, then twice from one that changes."""
        mixed = await self._fetch(attacker, plugin, "mixed.example")
        first = await self._fetch(attacker, plugin, "rebound.example")
        looked_up, connected = self._recorded()
        second = await self._fetch(attacker, plugin, "rebound.example")
        if (looked_up, connected) != (["mixed.example", "rebound.example"], ["93.184.215.14"]):
            return [Seen(note="rebound", problem=f"looked up {looked_up}, connected to {connected}")]
        if first.outcome != "guest_error" or len(self._recorded()[1]) != 1:
            return [Seen(note="rebound", problem=f"connected to {self._recorded()[1]}, {first.word}")]
        return [mixed, second]

    async def _fetch(self, attacker: Tenant, plugin: Plugin, name: str) -> Seen:
        task = json.dumps({"url": f"http://{name}/"})
        return await self._behind.run(attacker.id, str(uuid.uuid4()), plugin, task, plugin.asked_limits)

    def _recorded(self) -> tuple[list[str], list[str]]:
        lines = [json.loads(line) for line in self._record.read_text("utf-8").splitlines()]
        return [x["looked_up"] for x in lines if "looked_up" in x], [
            x["connect"] for x in lines if "connect" in x
        ]


@asynccontextmanager
async def rebinding_host() -> AsyncIterator[Rebinding]:
    """Start the host, and end it with the block.

    Raises:
        RuntimeError: it did not become ready.
    """
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as name:
        folder = Path(name)
        record = folder / "record"
        record.touch()
        process = _start(folder, record)
        behind = Behind(folder / "host.sock")
        try:
            await asyncio.to_thread(_until_ready, process)
            yield Rebinding(behind, record)
        finally:
            await behind.close()
            process.terminate()
            await asyncio.to_thread(process.wait, _END_S)


def _start(folder: Path, record: Path) -> "subprocess.Popen[bytes]":
    folder.chmod(0o711)
    command = [sys.executable, str(SCRIPT), str(record), "--socket", str(folder / "host.sock")]
    return subprocess.Popen(
        [*command, "--artefacts", str(folder / "artefacts"), "--max-workers", "2"],
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )


def _until_ready(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    if process.stdout.readline() != b"ready\n":
        raise RuntimeError("the host with a resolver of its own did not start")
