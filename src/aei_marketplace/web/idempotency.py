"""`Idempotency-Key`: a POST that is sent twice happens once and is answered the same both times.

A key is bound to actor, route and body hash, and remembered for 24 hours (see `jobs` of `worker`).
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

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


class OnceRoute(APIRoute):
    """A route whose POSTs honour `Idempotency-Key`."""

    def get_route_handler(self) -> Handler:
        """Wrap the route's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method != "POST" or HEADER not in request.headers:
                return await handler(request)
            return await _once(request, handler)

        return handle


async def forget_old_keys(works: Works) -> None:
    """Drop keys older than 24 hours."""
    async with works.system("web.idempotency") as work:
        await work.run(_FORGET_OLD)


async def _once(request: Request, handler: Handler) -> Response:
    works, key = deps_of(request).works, await _key(request)
    async with works.begin(key.actor) as work:
        values = {**key.row(), "tenant": key.actor.tenant, "body_hash": key.body_hash, "now": work.now}
        first = (await work.run(_RESERVE, values)).rowcount == 1
        row = None if first else (await work.run(_FIND, key.row())).first()
    if not first:
        return _replay(row, key)
    try:
        response = await handler(request)
    except BaseException:
        # A refusal changed nothing: the corrected request may use the key again.
        await _forget(works, key)
        raise
    await _settle(works, key, response)
    return response


async def _key(request: Request) -> _Key:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= LONGEST:
        raise Invalid(
            "The idempotency key is too long.", faults=[Fault(HEADER, f"1 to {LONGEST} characters")]
        )
    actor = await actor_of(request)
    body = await request.body()
    return _Key(actor, f"{request.method} {request.url.path}", key, hashlib.sha256(body).digest())


def _replay(row: Any, key: _Key) -> Response:
    if row is None or row.status is None:
        raise StillRunning("A request with this idempotency key is being answered.")
    if row.body_hash != key.body_hash:
        raise KeyReused("This idempotency key belongs to another request.")
    return Response(row.body, row.status, {"Idempotency-Replayed": "true"}, media_type=row.media_type)


async def _settle(works: Works, key: _Key, response: Response) -> None:
    body = getattr(response, "body", None)
    if response.status_code >= 400 or body is None:
        await _forget(works, key)
        return
    kept = {"status": response.status_code, "media_type": response.media_type, "body": bytes(body)}
    async with works.begin(key.actor) as work:
        await work.run(_KEEP, {**key.row(), **kept})


async def _forget(works: Works, key: _Key) -> None:
    async with works.begin(key.actor) as work:
        await work.run(_FORGET, key.row())
