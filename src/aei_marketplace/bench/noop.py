"""The same request without a guest: what of an execution is the web process and two durable writes.

`python -m aei_marketplace.bench.noop --data DIR` serves a running marketplace's data on a free port, as a
second web process whose sandbox ends everything at once; it prints its port and serves until it is ended.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import uvicorn
import uvloop

from aei_marketplace.app import create_app
from aei_marketplace.ground.ports import Listener, Sandbox
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import configure_log, database_urls, open_deps
from aei_protocol.messages import Ended, Execute, Usage
from aei_protocol.outcomes import Outcome


@dataclass(frozen=True)
class NoGuest:
    """A sandbox in which nothing runs; all else is the real one's."""

    real: Sandbox

    async def execute(self, task: Execute, _: Listener) -> Ended:
        """End at once."""
        return Ended(task.id, Outcome.OK, "{}", None, Usage())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@contextmanager
def serving_nothing(data: Path) -> Iterator[str]:
    """Serve a running marketplace's data without guests until the block ends; gives the URL."""
    command = [sys.executable, "-P", "-m", __name__, "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the second web process did not start; why stands above")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


async def _serve(data: Path) -> None:
    settings = load_settings({"data": data})
    async with open_deps(settings) as deps:
        without = replace(deps, sandbox=cast(Sandbox, NoGuest(deps.sandbox)))
        door = socket.create_server(("127.0.0.1", 0))
        app = create_app(without, database_urls(settings).app)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[door]))
        while not server.started:  # noqa: ASYNC110 uvicorn says so by this flag alone
            await asyncio.sleep(0.01)
        print(door.getsockname()[1], flush=True)
        await serving


def main() -> None:
    """The entry of the second web process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    os.environ.pop("AEI_LISTEN_FD", None)
    configure_log()
    uvloop.run(_serve(parser.parse_args().data))


if __name__ == "__main__":
    main()
