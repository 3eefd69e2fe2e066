"""A real sandbox host behind the marketplace's own client, and plugins whose guests are tiny WAT programs."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView, Submission
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ModelCall, ModelReply
from aei_marketplace.ground.work import Works
from aei_marketplace.wiring import VaultSecrets
from tests.packages import make_package
from tests.plugins import install, work_off


class NoModels:
    """A gateway that nobody asks."""

    async def answer(self, call: ModelCall) -> ModelReply:
        raise AssertionError(call)


@contextlib.asynccontextmanager
async def real_sandbox(works: Works, folder: Path, workers: int = 2) -> AsyncIterator[SandboxClient]:
    """A client of a host of its own; secrets come from the vault of these works."""
    socket = folder / "s"
    command = ["-m", "aei_sandbox.host", "--socket", str(socket), "--artefacts", str(folder / "artefacts")]
    command += ["--die-with-parent", "--max-workers", str(workers)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    client = SandboxClient(socket, VaultSecrets(works, bytes(range(32))), NoModels())
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        yield client
    finally:
        await client.close()
        process.terminate()
        await process.wait()


async def publish_guest(
    deps: Deps, publisher: Actor, plugin: str, component: bytes, manifest: Mapping[str, Any] | None = None
) -> ReleaseView:
    """Publish a release with this component."""
    named = {"id": plugin, "name": plugin.title(), **(manifest or {})}
    package = make_package(named, files={"plugin.wasm": component})
    release = await catalog.publish_release(deps, publisher, "0" * 32, Submission(package))
    await work_off(deps)
    return release


async def install_guest(
    deps: Deps,
    publisher: Actor,
    admin: Actor,
    plugin: str,
    component: bytes,
    manifest: Mapping[str, Any] | None = None,
    **wish: Any,
) -> None:
    """Publish a release and install it."""
    await publish_guest(deps, publisher, plugin, component, manifest)
    operation = await install(deps, admin, plugin, **wish)
    assert operation.state == "succeeded", operation
