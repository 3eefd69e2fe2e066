"""Reading an operation, and following it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.relay import relay
from aei_marketplace.operations import api, service
from aei_marketplace.operations.jobs import NEWS
from aei_marketplace.operations.service import Operation
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from tests.builders import Tenant, make_tenant
from tests.serving import Client, serving


@pytest.fixture
async def client(deps: Deps) -> AsyncIterator[Client]:
    """The operations' routes alone, without a relay: following must not depend on one."""
    app = FastAPI()
    app.state.deps = deps
    app.state.visitors = Visitors(deps.works)
    install_problems(app)
    app.add_middleware(Tracing)
    app.include_router(api.router)
    async with serving(app) as client:
        yield client


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def opened(deps: Deps, tenant: Tenant) -> Operation:
    async with deps.works.begin(tenant.manager) as work:
        return await service.open_operation(work, "install", "acme.echo")


async def follow(client: Client, operation: Operation, token: str, seen: list[Any]) -> None:
    """Collect the states that are told until the server ends the stream."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{client.url}/api/operations/{operation.id}/events"
    async with client.session.get(url, headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        kind = ""
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                assert kind == "operation"
                seen.append(json.loads(line.removeprefix("data: ")))
            elif line.startswith(":"):
                seen.append(None)


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 what is waited for is the server's and sets no event
            await asyncio.sleep(0.02)


async def test_an_operation_has_the_shape_that_callers_rely_on(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    operation = await opened(deps, acme)
    answer = await client.get(f"/api/operations/{operation.id}", acme.tokens["Viewer"])
    assert answer.status == 200
    expected = {
        "id": str(operation.id),
        "kind": "install",
        "state": "queued",
        "progress": 0,
        "message": "Waiting for its turn",
        "problem": None,
        "plugin_id": "acme.echo",
    }
    assert {key: answer.json[key] for key in expected} == expected


async def test_following_tells_the_present_state_each_change_and_ends_with_the_end(
    client: Client, deps: Deps, urls: DatabaseUrls, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "QUIET_S", 120.0)  # only the relay can tell of changes in time
    operation = await opened(deps, acme)
    relaying = asyncio.create_task(relay(urls.app, deps.live, NEWS))
    await listening(deps, urls)
    seen: list[Any] = []
    following = asyncio.create_task(follow(client, operation, acme.tokens["Viewer"], seen))
    try:
        await until(lambda: len(seen) == 1)
        async with deps.works.begin(acme.manager) as work:
            await service.advance(work, operation.id, 0.3, "Compiling")
        await until(lambda: len(seen) == 2)
        async with deps.works.begin(acme.manager) as work:
            await service.succeed(work, operation.id, "Installed")
        await asyncio.wait_for(following, 60)
    finally:
        relaying.cancel()
        following.cancel()
    assert [event["state"] for event in seen] == ["queued", "running", "succeeded"]
    assert [event["progress"] for event in seen] == [0, 0.3, 1]


async def test_following_loses_nothing_when_no_announcement_arrives(
    client: Client, deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "QUIET_S", 0.05)
    operation = await opened(deps, acme)
    seen: list[Any] = []
    following = asyncio.create_task(follow(client, operation, acme.tokens["Viewer"], seen))
    await until(lambda: None in seen)  # a heartbeat: nothing has happened for a while
    async with deps.works.begin(acme.manager) as work:
        await service.fail(work, operation.id, {"title": "Not compatible", "status": 409})
    await asyncio.wait_for(following, 60)
    told = [event for event in seen if event is not None]
    assert [event["state"] for event in told] == ["queued", "failed"]
    assert told[-1]["problem"]["status"] == 409


async def test_following_what_has_ended_tells_the_end_and_is_over(
    client: Client, deps: Deps, acme: Tenant
) -> None:
    operation = await opened(deps, acme)
    async with deps.works.begin(acme.manager) as work:
        await service.succeed(work, operation.id, "Installed")
    seen: list[Any] = []
    await asyncio.wait_for(follow(client, operation, acme.tokens["Viewer"], seen), 60)
    assert [event["state"] for event in seen] == ["succeeded"]


async def test_a_follower_who_leaves_is_forgotten(client: Client, deps: Deps, acme: Tenant) -> None:
    operation = await opened(deps, acme)
    seen: list[Any] = []
    following = asyncio.create_task(follow(client, operation, acme.tokens["Viewer"], seen))
    await until(lambda: len(seen) == 1)
    following.cancel()
    await until(lambda: not deps.live._listeners)


@pytest.mark.parametrize("tail", ["", "/events"])
async def test_anothers_missing_and_malformed_operations_are_refused(
    client: Client, deps: Deps, acme: Tenant, tail: str
) -> None:
    globex = await make_tenant(deps.works, "globex")
    operation = await opened(deps, acme)
    path = f"/api/operations/{operation.id}{tail}"
    assert (await client.get(path)).status == 401
    assert (await client.get(path, globex.tokens["Admin"])).status == 404
    assert (await client.get(f"/api/operations/{uuid4()}{tail}", acme.tokens["Admin"])).status == 404
    assert (await client.get(f"/api/operations/x{tail}", acme.tokens["Admin"])).status == 422


async def listening(deps: Deps, urls: DatabaseUrls) -> None:
    """Wait until the relay has connected: another operation's change is heard."""
    tenant = await make_tenant(deps.works, "other")
    operation = await opened(deps, tenant)
    with deps.live.listen(f"operation:{operation.id}") as news:
        for _ in range(300):
            async with deps.works.begin(tenant.manager) as work:
                await service.advance(work, operation.id, 0.1, str(uuid4()))
            try:
                await asyncio.wait_for(news.get(), 0.2)
                return
            except TimeoutError:
                continue
    pytest.fail("the relay did not connect")
