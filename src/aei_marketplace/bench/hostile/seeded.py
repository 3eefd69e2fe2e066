"""Five leaks made on purpose, so that the experiment is known to see: none is in what is shipped.

Three stand between the marketplace and its callers, as a proxy that spoils answers; two are left on the
disk. Each is looked for with the means of the experiment itself, once without it and once with it.
"""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from aei_marketplace.bench.hostile.door import Door
from aei_marketplace.bench.hostile.evidence import Evidence
from aei_marketplace.bench.hostile.field import Field
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.sweep import search_folder
from aei_marketplace.bench.hostile.tenants import Tenant

#: Spoils one answer: request, answer → answer.
Spoil = Callable[["Request", bytes], bytes]


@dataclass(frozen=True)
class Request:
    """A request as the proxy sees it."""

    path: str
    body: bytes
    status: int


@dataclass(frozen=True)
class SeededLeak:
    """A leak, and whether the experiment found it.

    Attributes:
        found: with the leak the victim's canary was seen, without it nothing was.
    """

    name: str
    found: bool
    seen: str


async def try_seeded_leaks(place: Field, witness: Plugin) -> list[SeededLeak]:
    """Make each of the five leaks, one after the other, and look for it."""
    attacker, victim = place.tenants[1], place.tenants[2]
    cache = _Cache()
    spoiled: tuple[tuple[str, Spoil, Callable[[Door], Awaitable[Any]]], ...] = (
        (
            "an answer carries another tenant's result, in hex",
            _in_answer(victim),
            _execute(attacker, witness),
        ),
        ("a problem carries another tenant's secret, reversed", _in_problem(victim), _ask_absent(attacker)),
        ("results are cached across tenants", cache.spoil, _execute_both(attacker, victim, witness)),
    )
    leaks = [await _through_proxy(place, name, victim, spoil, probe) for name, spoil, probe in spoiled]
    written = (
        ("a line of the operator's log, in base64", _log_line(place, victim)),
        ("a file in another tenant's area, percent-encoded", _left_file(place, attacker, victim)),
    )
    return leaks + [_on_disk(place, name, victim, leak) for name, leak in written]


async def _through_proxy(
    place: Field, name: str, victim: Tenant, spoil: Spoil, probe: Callable[[Door], Awaitable[Any]]
) -> SeededLeak:
    async def look(spoiling: Spoil) -> Evidence:
        evidence = Evidence(place.evidence.index)
        async with _proxy(place.door.url, spoiling) as url:
            door = Door(url, evidence)
            try:
                await probe(door)
            finally:
                await door.close()
        return evidence

    return _judged(name, victim, await look(lambda _, answer: answer), await look(spoil))


def _on_disk(place: Field, name: str, victim: Tenant, leak: Any) -> SeededLeak:
    without, with_it = Evidence(place.evidence.index), Evidence(place.evidence.index)
    search_folder(place.data, place.tenants, without)
    with leak:
        search_folder(place.data, place.tenants, with_it)
    return _judged(name, victim, without, with_it)


def _judged(name: str, victim: Tenant, without: Evidence, with_it: Evidence) -> SeededLeak:
    seen = [str(leak) for leak in with_it.leaks if leak.canary.startswith(f"{victim.name}'s ")]
    return SeededLeak(name, bool(seen) and not without.leaks, seen[0] if seen else "nothing")


def _in_answer(victim: Tenant) -> Spoil:
    def spoil(request: Request, answer: bytes) -> bytes:
        if request.status != 200 or not request.path.endswith("/execute"):
            return answer
        document = json.loads(answer)
        return json.dumps({**document, "problem": victim.canaries["result"].text.encode().hex()}).encode()

    return spoil


def _in_problem(victim: Tenant) -> Spoil:
    def spoil(request: Request, answer: bytes) -> bytes:
        if request.status < 400:
            return answer
        document = json.loads(answer)
        return json.dumps({**document, "detail": f"no {victim.canaries['secret'].text[::-1]}"}).encode()

    return spoil


class _Cache:
    """Gives an answer again for the same path and task, whoever asks."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bytes], bytes] = {}

    def spoil(self, request: Request, answer: bytes) -> bytes:
        if not request.path.endswith("/execute"):
            return answer
        return self._kept.setdefault((request.path, request.body), answer)


def _execute(tenant: Tenant, plugin: Plugin) -> Callable[[Door], Awaitable[Any]]:
    return lambda door: door.post(tenant, f"/api/plugins/{plugin.id}/execute", {"task": {}})


def _ask_absent(tenant: Tenant) -> Callable[[Door], Awaitable[Any]]:
    return lambda door: door.get(tenant, "/api/plugins/nobody.nothing")


def _execute_both(attacker: Tenant, victim: Tenant, witness: Plugin) -> Callable[[Door], Awaitable[Any]]:
    async def probe(door: Door) -> None:
        task = {"file": "mine", "result": "mine", "log": "mine", "ask": False}
        for tenant in (victim, attacker):
            await door.post(tenant, f"/api/plugins/{witness.id}/execute", {"task": task})

    return probe


@contextmanager
def _log_line(place: Field, victim: Tenant) -> Iterator[None]:
    path = place.data / "logs" / "seeded.log"
    words = base64.b64encode(f'{{"event": "{victim.canaries["config"].text}"}}'.encode())
    path.write_bytes(words + b"\n")
    try:
        yield
    finally:
        path.unlink()


@contextmanager
def _left_file(place: Field, attacker: Tenant, victim: Tenant) -> Iterator[None]:
    path = place.data / "files" / attacker.id / "seeded"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"%{byte:02X}" for byte in victim.canaries["file"].text.encode()), "ascii")
    try:
        yield
    finally:
        path.unlink()


@asynccontextmanager
async def _proxy(target: str, spoil: Spoil) -> AsyncIterator[str]:
    """Pass requests on, and answers back through `spoil`."""
    async with aiohttp.ClientSession() as session:

        async def pass_on(request: web.BaseRequest) -> web.StreamResponse:
            body = await request.read()
            headers = {
                n: v for n, v in request.headers.items() if n.lower() not in ("host", "content-length")
            }
            async with session.request(
                request.method, target + request.path_qs, headers=headers, data=body
            ) as answer:
                content = await answer.read()
                seen = Request(request.path, body, answer.status)
            return web.Response(
                body=spoil(seen, content), status=answer.status, content_type=answer.content_type
            )

        runner = web.ServerRunner(web.Server(pass_on))
        await runner.setup()
        site = web.TCPSite(runner, urlsplit(target).hostname, 0)
        await site.start()
        try:
            yield f"http://{':'.join(map(str, runner.addresses[0][:2]))}"
        finally:
            await runner.cleanup()
