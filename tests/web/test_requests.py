"""The web shell on a small application of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy import text

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Conflict
from aei_marketplace.web import body_limit
from aei_marketplace.web.body_limit import BodyLimit
from aei_marketplace.web.idempotency import OnceRoute, forget_old_keys
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from tests.builders import Tenant, make_tenant
from tests.serving import Client, serving

router = APIRouter(route_class=OnceRoute)
counter = {"n": 0}
entered, gate = asyncio.Event(), asyncio.Event()


@router.post("/count")
async def count(request: Request, actor: TheActor):
    await request.body()
    counter["n"] += 1
    return json_answer({"n": counter["n"]}, 201)


@router.post("/slow")
async def slow(actor: TheActor):
    counter["n"] += 1
    entered.set()
    await gate.wait()
    return json_answer({"n": counter["n"]})


@router.post("/refuse")
async def refuse(actor: TheActor):
    counter["n"] += 1
    raise Conflict("It does not fit.", advice="Try another.")


@router.post("/install")
async def install(deps: TheDeps, actor: TheActor, trace: TheTrace):
    async with deps.works.begin(actor, trace) as work:
        work.actor.require("plugin.install")


@router.get("/unguarded")
async def unguarded(actor: TheActor):
    actor.require("secret.administer")


@router.get("/page")
async def page(wanted: ThePage):
    return json_answer({"limit": wanted.limit})


@router.get("/broken")
async def broken():
    raise RuntimeError("the password is hunter2")


@pytest.fixture
def sandbox():
    """Nothing here runs a plugin."""


@pytest.fixture
async def small(deps: Deps) -> AsyncIterator[Client]:
    counter["n"] = 0
    entered.clear()
    gate.clear()
    app = FastAPI()
    app.state.deps, app.state.visitors = deps, Visitors(deps.works)
    install_problems(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Tracing)
    app.include_router(router)
    async with serving(app) as client:
        yield client
    await app.state.visitors.write_down()


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def denials(deps: Deps) -> list[tuple[str, str]]:
    async with deps.works.system("tests") as work:
        rows = await work.run(
            text("select actor_kind, resource_id from audit_entries where action = 'access.denied'")
        )
        return [tuple(row) for row in rows]


async def test_without_a_token_the_answer_says_what_to_send(small: Client):
    answer = await small.post("/count")
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json["type"] == "/problems/not-signed-in"
    assert "aei login" in answer.json["detail"]
    assert answer.json["trace_id"] == answer.headers["x-trace-id"]


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "bearer aei_" + "a" * 43, "Bearer " + "é" * 50]
)
async def test_a_malformed_or_unknown_token_is_refused(small: Client, header: str):
    answer = await small.get("/unguarded", headers={"Authorization": header})
    assert answer.status == 401


async def test_anonymous_refusals_are_counted_and_recorded_once_for_their_source(small: Client, deps: Deps):
    for _ in range(5):
        await small.post("/count")
    visitors = Visitors(deps.works)
    visitors.note("10.0.0.1")
    visitors.note("10.0.0.1")
    await visitors.write_down()
    await visitors.write_down()
    async with deps.works.system("tests") as work:
        rows = (
            (await work.run(text("select value from audit_personal where name = 'source'"))).scalars().all()
        )
    assert rows == ["10.0.0.1"]
    assert ("system", "anonymous") in await denials(deps)


async def test_a_missing_right_is_named_and_recorded_once(small: Client, deps: Deps, acme: Tenant):
    answer = await small.post("/install", acme.tokens["Viewer"])
    assert answer.status == 403
    assert "plugin.install" in answer.json["detail"]
    assert "Admin" in answer.json["detail"]
    assert await denials(deps) == [("user", "plugin.install")]


async def test_a_denial_outside_a_work_is_recorded_as_well(small: Client, deps: Deps, acme: Tenant):
    assert (await small.get("/unguarded", acme.tokens["Agent"])).status == 403
    assert await denials(deps) == [("user", "secret.administer")]


async def test_the_same_key_and_body_happen_once(small: Client, acme: Tenant):
    token, headers = acme.tokens["Admin"], {"Idempotency-Key": "k1"}
    first = await small.post("/count", token, headers=headers, data=b"a")
    second = await small.post("/count", token, headers=headers, data=b"a")
    assert (first.status, first.json) == (second.status, second.json) == (201, {"n": 1})
    assert second.headers["idempotency-replayed"] == "true"
    assert counter["n"] == 1


async def test_a_key_with_another_body_is_refused(small: Client, acme: Tenant):
    token, headers = acme.tokens["Admin"], {"Idempotency-Key": "k1"}
    await small.post("/count", token, headers=headers, data=b"a")
    answer = await small.post("/count", token, headers=headers, data=b"b")
    assert (answer.status, answer.json["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_key_belongs_to_its_actor_and_its_route(small: Client, acme: Tenant):
    headers = {"Idempotency-Key": "k1"}
    await small.post("/count", acme.tokens["Admin"], headers=headers)
    await small.post("/count", acme.tokens["Agent"], headers=headers)
    assert (await small.post("/refuse", acme.tokens["Admin"], headers=headers)).status == 409
    assert counter["n"] == 3


async def test_a_refused_request_may_use_its_key_again(small: Client, acme: Tenant):
    token, headers = acme.tokens["Admin"], {"Idempotency-Key": "k1"}
    assert (await small.post("/refuse", token, headers=headers)).status == 409
    assert (await small.post("/refuse", token, headers=headers)).json[
        "detail"
    ] == "It does not fit. Try another."
    assert counter["n"] == 2


async def test_while_the_first_runs_the_second_is_told_to_wait(small: Client, acme: Tenant):
    token, headers = acme.tokens["Admin"], {"Idempotency-Key": "k1"}
    first = asyncio.create_task(small.post("/slow", token, headers=headers))
    await entered.wait()
    answer = await small.post("/slow", token, headers=headers)
    gate.set()
    assert (answer.status, answer.json["type"]) == (409, "/problems/idempotency-in-progress")
    assert (await first).status == 200
    assert counter["n"] == 1


async def test_a_key_of_any_length_is_not_taken(small: Client, acme: Tenant):
    answer = await small.post("/count", acme.tokens["Admin"], headers={"Idempotency-Key": "k" * 201})
    assert answer.status == 422


async def test_keys_are_forgotten_after_a_day(small: Client, deps: Deps, acme: Tenant):
    headers = {"Idempotency-Key": "k1"}
    await small.post("/count", acme.tokens["Admin"], headers=headers)
    async with deps.works.system("tests") as work:
        await work.run(text("update idempotency_keys set created_at = now() - interval '25 hours'"))
    await forget_old_keys(deps.works)
    await small.post("/count", acme.tokens["Admin"], headers=headers)
    assert counter["n"] == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%21%21", "cursor=bm90IGpzb24"])
async def test_a_page_that_cannot_be_had_is_refused_by_name(small: Client, query: str):
    answer = await small.get(f"/page?{query}")
    assert answer.status == 422
    assert answer.json["errors"]


async def test_an_unexpected_error_tells_nothing_but_its_trace(small: Client):
    answer = await small.get("/broken")
    assert answer.status == 500
    assert b"hunter2" not in answer.body
    assert answer.json["trace_id"]


async def test_what_is_not_there_is_a_problem_document_too(small: Client):
    answer = await small.get("/nowhere")
    assert (answer.status, answer.json["status"]) == (404, 404)


async def test_a_callers_trace_is_taken_up(small: Client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await small.get("/page", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == trace
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_beyond_the_limit_is_refused_whether_announced_or_not(
    small: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(body_limit, "LARGEST_BODY", 1000)

    async def pieces():
        for _ in range(20):
            yield b"x" * 100

    announced = await small.post("/count", acme.tokens["Admin"], data=b"x" * 1001)
    streamed = await small.post("/count", acme.tokens["Admin"], data=pieces())
    assert (announced.status, streamed.status) == (413, 413)
    assert counter["n"] == 0
