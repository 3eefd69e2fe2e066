"""The sandbox host spoken to directly: what a component meets that somehow got past the gate."""

import asyncio
import hashlib
import uuid
from dataclasses import asdict
from pathlib import Path

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.bench.hostile.attempt import Seen
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.ground.ports import ModelCall, ModelReply, SandboxRefused, model_failure, plugin_failure
from aei_protocol.limits import Limits
from aei_protocol.messages import Execute, LogLine, PluginAnswer, PluginWanted, Progress, Status


class _Nothing:
    """Has no secret and no model to give."""

    async def value(self, tenant: str, name: str) -> str | None:  # noqa: ARG002 the port's signature
        return None

    async def answer(self, call: ModelCall) -> ModelReply:  # noqa: ARG002 the port's signature
        return model_failure("failed", "no model can be asked here")


class _Listener:
    def __init__(self) -> None:
        self.lines: list[LogLine] = []

    def progress(self, message: Progress) -> None:
        pass

    def log(self, line: LogLine) -> None:
        self.lines.append(line)

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        return plugin_failure(wanted.call, "failed", "no plugin can be called here")


class Behind:
    """A line of its own to a sandbox host.

    Args:
        socket: where the host listens.
    """

    def __init__(self, socket: Path) -> None:
        nothing = _Nothing()
        self._client = SandboxClient(socket, nothing, nothing)

    async def run(self, tenant: str, installation: str, plugin: Plugin, task: str, limits: Limits) -> Seen:
        """Prepare a component, and execute it when it is taken."""
        component = await asyncio.to_thread(lambda: plugin.component)
        digest = hashlib.sha256(component).hexdigest()
        try:
            await self._client.prepare(digest, plugin.interfaces, component)
        except SandboxRefused as refused:
            return Seen(refusals=(refused.code,), problem=refused.detail)
        listener = _Listener()
        message = Execute(
            str(uuid.uuid4()), tenant, installation, plugin.id, "1.0.0", digest, plugin.interfaces,
            plugin.capabilities, limits, "{}", task,
        )  # fmt: skip
        try:
            ended = await self._client.execute(message, listener)
        except SandboxRefused as refused:
            return Seen(refusals=(refused.code,), problem=refused.detail)
        return Seen(
            outcome=str(ended.outcome),
            output=ended.output,
            problem=ended.problem,
            denied=tuple(asdict(denial) for denial in ended.denied),
            log=tuple(asdict(line) for line in listener.lines),
            log_truncated=ended.log_truncated,
            usage=asdict(ended.usage),
        )

    async def status(self) -> Status:
        """How the host is."""
        return await self._client.status()

    async def close(self) -> None:
        """Let go of the line."""
        await self._client.close()
