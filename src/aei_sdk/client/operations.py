"""Background work of the marketplace."""

import asyncio
from collections.abc import AsyncIterator, Callable

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Operation
from aei_sdk.errors import ApiError, OperationFailed, ServerUnreachable

_ENDED = ("succeeded", "failed")
_POLL_SECONDS = 0.5


class Operations:
    """Look at operations and follow them to their end."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def read(self, operation_id: str) -> Operation:
        """An operation as it is now."""
        operation: Operation = await self._transport.get(f"/api/operations/{operation_id}")
        return operation

    async def follow(self, operation_id: str) -> AsyncIterator[Operation]:
        """The operation each time it changes, last when it has ended.

        When the stream of events breaks off, the operation is asked for now and then instead.
        """
        try:
            async for event in self._transport.events(f"/api/operations/{operation_id}/events"):
                if event.name == "operation":
                    yield event.data
                    if event.data["state"] in _ENDED:
                        return
        except ServerUnreachable:
            await asyncio.sleep(_POLL_SECONDS)
        while True:
            operation = await self.read(operation_id)
            yield operation
            if operation["state"] in _ENDED:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def finished(
        self, operation: Operation, report: Callable[[Operation], None] = lambda _operation: None
    ) -> Operation:
        """Wait for the operation's end; `report` sees every change.

        Raises:
            ApiError: it failed, with the problem document that says why.
            OperationFailed: it failed without one.
        """
        async for state in self.follow(operation["id"]):
            report(state)
            operation = state
        if operation["state"] == "succeeded":
            return operation
        if problem := operation["problem"]:
            raise ApiError(int(problem.get("status", 500)), problem)
        raise OperationFailed(f"{operation['kind']} of {operation['plugin_id']} failed", operation["message"])
