"""`Idempotency-Key`: a POST that is sent twice happens once and is answered the same both times.

A key is bound to actor, route and body hash, and remembered for 24 hours (see `jobs` of `worker`).
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import text

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Fault, Invalid
from aei_marketplace.ground.work import Works
from aei_marketplace.web.requests import actor_of, deps_of

HEADER = "idempotency-key"
LONGEST = 200

_RESERVE = text(
    "insert into idempotency_keys (actor_id, route, key, tenant_id, body_hash, created_at)"
    " values (:actor, :route, :key, :tenant, :body_hash, :now) on conflict do nothing"
)
_FIND = text(
    "select body_hash, status, media_type, body from idempotency_keys"
    " where actor_id = :actor and route = :route and key = :key"
)
_KEEP = text(
    "update idempotency_keys set status = :status, media_type = :media_type, body = :body"
    " where actor_id = :actor and route = :route and key = :key"
)
_FORGET = text("delete from idempotency_keys where actor_id = :actor and route = :route and key = :key")
_FORGET_OLD = text("delete from idempotency_keys where created_at < now() - interval '24 hours'")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StillRunning(Conflict):
    """The first request with this key has not been answered yet."""

    type = "idempotency-in-progress"
    advice = "Wait for its answer, or send the request again in a few seconds."
    retry = True


class KeyReused(Invalid):
    """The key was used for another request."""

    type = "idempotency-key-reused"
    advice = "Use a fresh key for each new request."


@dataclass(frozen=True, slots=True)
class _Key:
    actor: Actor
    route: str
    key: str
    body_hash: bytes

    def row(self) -> dict[str, Any]:
        return {"actor": self.actor.id, "route": self.route, "key": self.key}


class Memory(Protocol):
    """What is remembered of the first answer, and how it is given again."""

    def keep(self, response: Response) -> dict[str, Any] | None:
        """Status, media type and body to remember; None when the key is to be free again."""
        ...

    def replay(self, row: Any) -> Response:
        """The answer to a repeated request."""
        ...


class WholeAnswer:
    """Remembers the whole answer, as programs expect it."""

    def keep(self, response: Response) -> dict[str, Any] | None:
        """Everything but refusals, which changed nothing, and streams."""
        body = getattr(response, "body", None)
        if response.status_code >= 400 or body is None:
            return None
        return {"status": response.status_code, "media_type": response.media_type, "body": bytes(body)}

    def replay(self, row: Any) -> Response:
        """The first answer, marked as a repetition."""
        return Response(row.body, row.status, {"Idempotency-Replayed": "true"}, media_type=row.media_type)


class OnceRoute(APIRoute):
    """A route whose POSTs honour `Idempotency-Key`."""

    def get_route_handler(self) -> Handler:
        """Wrap the route's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method != "POST" or HEADER not in request.headers:
                return await handler(request)
            actor = await actor_of(request)
            return await answer_once(request, actor, request.headers[HEADER], handler, WholeAnswer())

        return handle


async def forget_old_keys(works: Works) -> None:
    """Drop keys older than 24 hours."""
    async with works.system("web.idempotency") as work:
        await work.run(_FORGET_OLD)


async def answer_once(
    request: Request, actor: Actor, name: str, handler: Handler, memory: Memory
) -> Response:
    """Have the handler answer the first request of this name; repeat its answer to others.

    Args:
        name: what the actor calls the request, at most 200 characters.

    Raises:
        Invalid: the name is empty or too long.
        KeyReused: the name was used for another request.
        StillRunning: the first request has not been answered yet.
    """
    works, key = deps_of(request).works, await _key(request, actor, name)
    async with works.begin(key.actor) as work:
        values = {**key.row(), "tenant": key.actor.tenant, "body_hash": key.body_hash, "now": work.now}
        first = (await work.run(_RESERVE, values)).rowcount == 1
        row = None if first else (await work.run(_FIND, key.row())).first()
    if not first:
        return memory.replay(_answered(row, key))
    try:
        response = await handler(request)
    except BaseException:
        # A refusal changed nothing: the corrected request may use the key again.
        await _forget(works, key)
        raise
    await _settle(works, key, memory.keep(response))
    return response


async def _key(request: Request, actor: Actor, name: str) -> _Key:
    if not 1 <= len(name) <= LONGEST:
        raise Invalid(
            "The idempotency key is too long.", faults=[Fault(HEADER, f"1 to {LONGEST} characters")]
        )
    body = await request.body()
    return _Key(actor, f"{request.method} {request.url.path}", name, hashlib.sha256(body).digest())


def _answered(row: Any, key: _Key) -> Any:
    if row is None or row.status is None:
        raise StillRunning("A request with this idempotency key is being answered.")
    if row.body_hash != key.body_hash:
        raise KeyReused("This idempotency key belongs to another request.")
    return row


async def _settle(works: Works, key: _Key, kept: dict[str, Any] | None) -> None:
    if kept is None:
        await _forget(works, key)
        return
    async with works.begin(key.actor) as work:
        await work.run(_KEEP, {**key.row(), **kept})


async def _forget(works: Works, key: _Key) -> None:
    async with works.begin(key.actor) as work:
        await work.run(_FORGET, key.row())
