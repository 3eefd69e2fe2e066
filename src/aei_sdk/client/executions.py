"""Runs of installed plugins."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from aei_sdk.client.events import Event
from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Execution, ExecutionLog
from aei_sdk.errors import ServerUnreachable

_POLL_SECONDS = 0.5


class Executions:
    """Run a plugin, follow a run, look at one that has ended."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def run(self, plugin_id: str, task: Any, *, limits: Mapping[str, int] | None = None) -> Execution:
        """Run a task and wait for its end; `limits` can only lower what the tenant allows."""
        return await self._execute(plugin_id, task, limits, "sync")

    async def start(self, plugin_id: str, task: Any, *, limits: Mapping[str, int] | None = None) -> Execution:
        """Start a task and return at once, with an execution that has no outcome yet."""
        return await self._execute(plugin_id, task, limits, "async")

    async def read(self, execution_id: str) -> Execution:
        """An execution as it is now."""
        execution: Execution = await self._transport.get(f"/api/executions/{execution_id}")
        return execution

    async def log(self, execution_id: str) -> ExecutionLog:
        """What an execution logged."""
        log: ExecutionLog = await self._transport.get(f"/api/executions/{execution_id}/log")
        return log

    async def cancel(self, execution_id: str) -> Execution:
        """End an execution now."""
        execution: Execution = await self._transport.post(f"/api/executions/{execution_id}/cancel", {})
        return execution

    async def replay(self, execution_id: str) -> Execution:
        """Run an execution again from its journal; `replay` says whether it ended the same."""
        execution: Execution = await self._transport.post(f"/api/executions/{execution_id}/replay", {})
        return execution

    async def try_out(self, plugin_id: str, body: Mapping[str, Any]) -> Execution:
        """Run a release without an installation.

        Args:
            body: `version`, and `example` (from 0) or `task`; each may be absent.
        """
        path = f"/api/plugins/{quote(plugin_id, safe='')}/try"
        execution: Execution = await self._transport.post(path, dict(body))
        return execution

    async def follow(self, execution_id: str) -> AsyncIterator[Event]:
        """The events `progress`, `log` and, last, `end` with the execution.

        When the stream breaks off, the execution is asked for now and then until it has ended.
        """
        try:
            async for event in self._transport.events(f"/api/executions/{execution_id}/events"):
                yield event
                if event.name == "end":
                    return
        except ServerUnreachable:
            await asyncio.sleep(_POLL_SECONDS)
        while True:
            execution = await self.read(execution_id)
            if execution["outcome"] is not None:
                yield Event("end", execution)
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _execute(
        self, plugin_id: str, task: Any, limits: Mapping[str, int] | None, mode: str
    ) -> Execution:
        body = {"task": task, "mode": mode} | ({"limits": dict(limits)} if limits else {})
        path = f"/api/plugins/{quote(plugin_id, safe='')}/execute"
        execution: Execution = await self._transport.post(path, body)
        return execution
