"""A small marketplace on loopback that follows the fixed interface, for tests of client and commands."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "aei_good"
REASON = "fetches the pages"


def problem(status: int, title: str, detail: str, errors: list[dict[str, str]] | None = None) -> web.Response:
    """A problem document as RFC 9457 has it."""
    document = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": errors or [],
        "trace_id": "trace-1",
    }
    return web.json_response(document, status=status, content_type="application/problem+json")


def listing(plugin_id: str, permissions: dict[str, Any] | None = None) -> dict[str, Any]:
    """A plugin in the interface's shape."""
    return {
        "id": plugin_id,
        "name": plugin_id.partition(".")[2].capitalize(),
        "description": "does something useful",
        "publisher": {"name": "Acme", "verified": True},
        "kind": "agent",
        "categories": ["agents"],
        "latest": {"version": "1.1.0", "state": "listed", "channel": "stable"},
        "permissions": permissions or {},
        "limits": {},
        "examples": [],
        "input_schema": {},
        "pricing": {"model": "free"},
        "compatibility": {"aei": "*"},
        "rating": {"average": 4.5, "count": 2},
        "installs": 3,
        "certified": False,
        "health": None,
        "visibility": "public",
    }


@dataclass
class Seen:
    """One request that reached the server."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Marketplace:
    """What the server holds and what it was asked; a test changes both freely.

    Attributes:
        answers: a response for a method and path that goes before the usual one.
        states: the states that a published release passes through, one for each look.
        break_streams: end every stream of events before its last event.
        diverged: where a replay left its journal.
        trusted: whether a report quarantines at once.
        steps, problem: of the plan of every installation.
    """

    plugins: dict[str, dict[str, Any]] = field(default_factory=dict)
    installed: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    answers: dict[tuple[str, str], Callable[[], web.Response]] = field(default_factory=dict)
    states: list[str] = field(default_factory=lambda: ["processing", "listed"])
    reason: str | None = None
    outcome: str = "ok"
    operation_problem: dict[str, Any] | None = None
    break_streams: bool = False
    diverged: dict[str, Any] | None = None
    trusted: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None
    url: str = ""

    def last(self, method: str, path: str) -> Seen:
        """The newest request of a method to a path."""
        return next(s for s in reversed(self.seen) if (s.method, s.path) == (method, path))

    def app(self) -> web.Application:
        """The server's routes."""
        app = web.Application(middlewares=[self._record], client_max_size=2**26)
        app.add_routes(
            [
                web.get("/api/me", self._me),
                web.get("/api/plugins", self._search),
                web.post("/api/plugins", self._publish),
                web.get("/api/plugins/installations", self._installations),
                web.get("/api/plugins/{id}", self._plugin),
                web.get("/api/plugins/{id}/versions/{version}", self._release),
                web.patch("/api/plugins/{id}/versions/{version}", self._move),
                web.get("/api/plugins/{id}/versions/{version}/package", self._package),
                web.get("/api/plugins/{id}/plan", self._plan),
                web.post("/api/plugins/{id}/toggle", self._toggle),
                web.patch("/api/plugins/{id}/installation", self._toggle),
                web.post("/api/plugins/{id}/execute", self._execute),
                web.post("/api/plugins/{id}/{what:install|update|uninstall}", self._begin),
                web.get("/api/operations/{id}", self._operation),
                web.get("/api/operations/{id}/events", self._operation_events),
                web.get("/api/executions/{id}", self._execution),
                web.get("/api/executions/{id}/events", self._execution_events),
                web.get("/api/executions/{id}/log", self._log),
                web.post("/api/executions/{id}/cancel", self._execution),
                web.post("/api/executions/{id}/replay", self._replay),
                web.post("/api/plugins/{id}/try", self._try),
                web.get("/api/plugins/{id}/installation", self._installation),
                web.get("/api/audit", self._audit),
                web.post("/api/reports", self._report),
            ]
        )
        return app

    @web.middleware
    async def _record(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body: Any = None
        if request.content_type == "multipart/form-data":
            form = await request.post()
            body = [(name, v.file.read() if hasattr(v, "file") else v) for name, v in form.items()]
        elif request.can_read_body:
            body = json.loads(await request.read())
        self.seen.append(Seen(request.method, request.path, dict(request.query), dict(request.headers), body))
        if answer := self.answers.get((request.method, request.path)):
            return answer()
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "Sign in first", "Send a token; `aei login` stores one.")
        response: web.StreamResponse = await handler(request)
        return response

    async def _me(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {"id": "u1", "kind": "user", "name": "Ada", "tenant": "acme", "staff": False, "actions": []}
        )

    async def _search(self, request: web.Request) -> web.Response:
        found = [p for p in self.plugins.values() if request.query.get("q", "") in p["id"]]
        limit = int(request.query.get("limit", "50"))
        return _page(found[:limit], len(found))

    async def _plugin(self, request: web.Request) -> web.Response:
        plugin = self.plugins.get(request.match_info["id"])
        return web.json_response(plugin) if plugin else problem(404, "Not found", "Check the name.")

    async def _publish(self, _request: web.Request) -> web.Response:
        return web.json_response(self._a_release("acme.counter", "0.1.0"), status=201)

    async def _release(self, request: web.Request) -> web.Response:
        return web.json_response(self._a_release(request.match_info["id"], request.match_info["version"]))

    async def _move(self, request: web.Request) -> web.Response:
        release = self._a_release(request.match_info["id"], request.match_info["version"])
        return web.json_response(release | {"state": (await request.json())["state"]})

    async def _package(self, _request: web.Request) -> web.Response:
        return web.Response(body=b"PK\x05\x06")

    async def _installations(self, _request: web.Request) -> web.Response:
        return _page(self.installed, len(self.installed))

    async def _toggle(self, request: web.Request) -> web.Response:
        return web.json_response({"plugin_id": request.match_info["id"], **await request.json()})

    async def _plan(self, request: web.Request) -> web.Response:
        plan = {"plugin_id": request.match_info["id"], "version": "1.1.0", "present": None}
        more = {"permissions": {}, "steps": self.steps, "problem": self.problem, "warnings": []}
        return web.json_response(plan | more)

    async def _begin(self, request: web.Request) -> web.Response:
        operation = self._an_operation(request.match_info["what"], "queued", 0.0)
        return web.json_response(operation, status=202)

    async def _operation(self, _request: web.Request) -> web.Response:
        return web.json_response(self._ended_operation())

    async def _operation_events(self, request: web.Request) -> web.StreamResponse:
        events = [("operation", self._an_operation("install", "running", 0.5))]
        if not self.break_streams:
            events.append(("operation", self._ended_operation()))
        return await _stream(request, events)

    async def _execute(self, request: web.Request) -> web.Response:
        body = await request.json()
        background = body.get("mode") == "async"
        execution = self._an_execution(None if background else self.outcome)
        return web.json_response(execution, status=202 if background else 200)

    async def _execution(self, _request: web.Request) -> web.Response:
        return web.json_response(self._an_execution(self.outcome))

    async def _replay(self, request: web.Request) -> web.Response:
        diverged, original = self.diverged, request.match_info["id"]
        found = {"of": original, "identical": diverged is None, "diverged": diverged}
        return web.json_response({**self._an_execution(self.outcome), "replay": found})

    async def _try(self, _request: web.Request) -> web.Response:
        requested = {"network": {"hosts": ["evil.example"], "reason": REASON}}
        return web.json_response({**self._an_execution(self.outcome), "requested": requested})

    async def _installation(self, request: web.Request) -> web.Response:
        return web.json_response({"plugin_id": request.match_info["id"], "policy": {"limits": {"cpu_ms": 5}}})

    async def _execution_events(self, request: web.Request) -> web.StreamResponse:
        events = [
            ("progress", {"fraction": 0.5, "message": "half way"}),
            ("log", {"at_ms": 12, "level": "info", "message": "counted"}),
        ]
        if not self.break_streams:
            events.append(("end", self._an_execution(self.outcome)))
        return await _stream(request, events)

    async def _log(self, _request: web.Request) -> web.Response:
        items = [{"at_ms": 1500, "level": "warn", "message": "careful \x1b[31m"}]
        return web.json_response({"items": items, "truncated": True})

    async def _audit(self, _request: web.Request) -> web.Response:
        entry = {
            "sequence": 7,
            "at": "2030-01-01T00:00:00Z",
            "actor": "u1",
            "tenant": "acme",
            "action": "plugin.publish",
            "resource_type": "release",
            "resource_id": "acme.counter@0.1.0",
            "outcome": "ok",
            "reason": None,
            "context": {},
            "trace_id": "t",
        }
        return _page([entry], 1)

    async def _report(self, request: web.Request) -> web.Response:
        filed = {"id": "r1", "version": None, "state": "open", "quarantines": self.trusted, "case_id": "c1"}
        return web.json_response(filed | await request.json(), status=201)

    def _a_release(self, plugin_id: str, version: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "plugin_id": plugin_id,
            "version": version,
            "state": state,
            "reason": self.reason,
            "sha256": "0" * 64,
            "size_bytes": 5616,
            "published_at": "2030-01-01T00:00:00Z",
            "publisher": {"name": "Acme"},
            "manifest": {"permissions": self.plugins.get(plugin_id, {}).get("permissions", {})},
            "certification": None,
            "log_index": None,
        }

    def _an_operation(self, kind: str, state: str, progress: float) -> dict[str, Any]:
        return {
            "id": "op1",
            "kind": kind,
            "state": state,
            "progress": progress,
            "message": f"{kind} is {state}",
            "problem": None,
            "plugin_id": "acme.counter",
        }

    def _ended_operation(self) -> dict[str, Any]:
        if self.operation_problem is None:
            return self._an_operation("install", "succeeded", 1.0)
        return self._an_operation("install", "failed", 0.5) | {"problem": self.operation_problem}

    def _an_execution(self, outcome: str | None) -> dict[str, Any]:
        return {
            "id": "ex1",
            "plugin_id": "acme.counter",
            "version": "0.1.0",
            "outcome": outcome,
            "output": {"words": 2} if outcome == "ok" else None,
            "problem": None
            if outcome in (None, "ok")
            else {"title": "It failed", "detail": "the guest said no"},
            "usage": {"cpu_ms": 1.2, "wall_ms": 3.4},
            "permissions": {
                "used": [],
                "denied": [{"permission": "network", "target": "evil.example", "count": 2}],
            },
            "walls": [],
            "started_at": None,
            "ended_at": None,
        }


@contextmanager
def running(marketplace: Marketplace) -> Iterator[Marketplace]:
    """The server on a free loopback port, in a thread of its own."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(marketplace.app())

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        marketplace.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield marketplace
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _page(items: list[dict[str, Any]], total: int) -> web.Response:
    return web.json_response({"items": items, "next_cursor": None, "total": total})


async def _stream(request: web.Request, events: list[tuple[str, Any]]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b": still here\n\n")
    for name, data in events:
        await response.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
    return response
