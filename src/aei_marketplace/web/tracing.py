"""Each request gets a trace id, from its `traceparent` (W3C Trace Context) or a fresh one."""

import re
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Tracing:
    """ASGI middleware: sets `request.state.trace_id`, answers with `X-Trace-Id` and safe headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace_id = _trace_id(dict(scope["headers"]).get(b"traceparent"))
        scope.setdefault("state", {})["trace_id"] = trace_id

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-trace-id", trace_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                ]
            await send(message)

        await self.app(scope, receive, send_marked)


def _trace_id(header: bytes | None) -> str:
    match = _TRACEPARENT.fullmatch(header or b"")
    return match[1].decode() if match else uuid4().hex
