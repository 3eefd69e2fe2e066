"""The process of the witnesses, from the outside."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aei_marketplace.bench.hostile.tenants import Tenant

_END_S = 90.0


class Load:
    """Starts the witnesses, tells them the phase, and hears what they measured.

    Args:
        door: the listening socket of the tenants' model.
    """

    def __init__(self, url: str, tenants: Sequence[Tenant], door: socket.socket) -> None:
        told = {"url": url, "tenants": {tenant.name: _told(tenant) for tenant in tenants}}
        command = [sys.executable, "-P", "-m", "aei_marketplace.bench.hostile.witnesses", str(door.fileno())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[door.fileno()]
        )
        self._say(json.dumps(told))

    def begin(self, phase: str) -> None:
        """What they measure from now on belongs to this phase."""
        self._say(phase)

    async def end(self) -> Mapping[str, Any]:
        """Have them stop; what they measured.

        Raises:
            RuntimeError: they ended before.
        """
        output, _ = await asyncio.to_thread(self._process.communicate, None, _END_S)
        if self._process.returncode != 0:
            raise RuntimeError("the witnesses' process broke down; its words are above")
        summary: Mapping[str, Any] = json.loads(output)
        return summary

    def kill(self) -> None:
        """End them at once."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()


def _told(tenant: Tenant) -> dict[str, Any]:
    canaries = {channel: canary.text for channel, canary in tenant.canaries.items()}
    return {"token": tenant.token, "canaries": canaries}
