"""A sandbox host of a bench's own, spoken to without a marketplace in between."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aei_marketplace.bench.hostile.assembly import TASK, Guest
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.report import median
from aei_marketplace.bench.running import workplace
from aei_protocol.limits import Limits

#: So many calls of the host's clock in one run, each waited for.
CALLS = 1_000
_CALLING = f"""(local.set $i (i32.const {CALLS}))
  (loop $l (drop (call $clock_now)) (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
  (call $ok {TASK})"""
_CALLER = Plugin("caller", lambda: Guest("clock.now").build(_CALLING))
_SILENT = Plugin("silent", lambda: Guest().build(f"(call $ok {TASK})"))
_LIMITS = Limits(wall_ms=30_000, cpu_ms=30_000)


@contextmanager
def sandbox_host() -> Iterator[Path]:
    """Run a sandbox host until the block ends; gives its socket.

    Raises:
        RuntimeError: it did not start; what it said stands above.
    """
    with workplace() as folder:
        socket = folder / "sandbox.sock"
        command = [sys.executable, "-P", "-m", "aei_sandbox.host", "--die-with-parent"]
        command += ["--socket", str(socket), "--artefacts", str(folder / "artefacts")]
        host = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert host.stdout is not None
            if host.stdout.readline() != b"ready\n":
                raise RuntimeError("the sandbox host did not start; why stands above")
            yield socket
        finally:
            host.terminate()
            host.wait(20)


def host_call_ms(runs: int) -> float:
    """The median milliseconds of one host call that the guest waits for, over many runs of many calls."""
    with sandbox_host() as socket:
        return asyncio.run(_host_call_ms(socket, runs))


async def _host_call_ms(socket: Path, runs: int) -> float:
    behind = Behind(socket)
    try:
        silent = median([await _wall_ms(behind, _SILENT) for _ in range(runs)])
        return median([(await _wall_ms(behind, _CALLER) - silent) / CALLS for _ in range(runs)])
    finally:
        await behind.close()


async def _wall_ms(behind: Behind, plugin: Plugin) -> float:
    seen = await behind.run("tenant", "", plugin, '""', _LIMITS)
    if seen.outcome != "ok":
        raise RuntimeError(f"{plugin.id} ended as {seen.outcome}: {seen.problem}")
    return float(seen.usage["wall_ms"])
