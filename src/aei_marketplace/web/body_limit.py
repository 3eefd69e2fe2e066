"""No request body is read further than the largest package needs."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aei_marketplace.ground.errors import TooLarge

#: 64 MiB of package, and room for its multipart envelope.
LARGEST_BODY = 66 * 1024 * 1024


class BodyTooLarge(TooLarge):
    """The request's body is larger than anything that is taken here."""

    type = "body-too-large"
    advice = "A package may have 64 MiB."


class BodyLimit:
    """ASGI middleware: stops reading a body beyond the limit, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        seen = int(announced) if announced.isdigit() and int(announced) > LARGEST_BODY else 0

        async def receive_some() -> Message:
            nonlocal seen
            message = await receive() if seen <= LARGEST_BODY else _refuse(seen)
            seen += len(message.get("body", b""))
            return message if seen <= LARGEST_BODY else _refuse(seen)

        await self.app(scope, receive_some, send)


def _refuse(size: int) -> Message:
    raise BodyTooLarge(f"The body has more than {LARGEST_BODY} bytes ({size} so far).")
