"""The way around the search for a route, on a small application of its own."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request, Response

from aei_marketplace.ground.errors import Conflict
from aei_marketplace.web.express import Express
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.tracing import Tracing
from tests.serving import Client, serving


async def greet(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "nobody":
        raise Conflict("There is nobody.")
    if name == "bug":
        raise RuntimeError("a bug")
    return json_answer({"name": name, "body": (await request.body()).decode()})


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """An application that has no route at all, so that whoever gets an answer took the express way."""
    app = FastAPI()
    install_problems(app)
    app.add_middleware(Express, method="POST", path=re.compile("/hello/(?P<name>[^/]+)"), endpoint=greet)
    app.add_middleware(Tracing)
    async with serving(app) as client:
        yield client


async def test_a_post_to_the_path_reaches_the_endpoint_with_its_parameters(client: Client) -> None:
    answer = await client.post("/hello/anna", data=b"here")
    assert (answer.status, answer.json) == (200, {"name": "anna", "body": "here"})
    assert answer.headers["X-Trace-Id"]


async def test_a_refusal_is_answered_as_everywhere(client: Client) -> None:
    answer = await client.post("/hello/nobody")
    assert (answer.status, answer.json["type"]) == (409, "/problems/conflict")
    assert answer.json["trace_id"] == answer.headers["X-Trace-Id"]


async def test_a_fault_of_ours_is_answered_as_everywhere(client: Client) -> None:
    answer = await client.post("/hello/bug")
    assert (answer.status, answer.json["type"]) == (500, "/problems/unexpected")


@pytest.mark.parametrize("path", ["/hello/anna/more", "/hello/", "/hello", "/other/hello/anna"])
async def test_other_paths_go_on_to_the_routes(client: Client, path: str) -> None:
    assert (await client.post(path)).status == 404


async def test_other_methods_and_what_is_to_happen_once_go_on_to_the_routes(client: Client) -> None:
    assert (await client.get("/hello/anna")).status == 404
    assert (await client.post("/hello/anna", headers={"Idempotency-Key": "k"})).status == 404
