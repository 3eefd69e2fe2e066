"""The express way of a search answers as the framework's, or leaves the question to it."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from aei_marketplace.catalog import api
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.express import Express
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from tests.builders import Tenant
from tests.publishing import publish_listed
from tests.serving import Client, serving


@pytest.fixture
async def express(deps: Deps) -> AsyncIterator[Client]:
    """An application that has no route at all, so that whoever gets an answer took the express way."""
    app = FastAPI()
    app.state.deps = deps
    app.state.visitors = Visitors(deps.works)
    install_problems(app)
    app.add_middleware(Express, method="GET", path=api.SEARCH_PATH, endpoint=api.search_at_once)
    app.add_middleware(Tracing)
    async with (
        catalog.open_index(deps.works, fresh_seconds=0) as app.state.search_index,
        serving(app) as client,
    ):
        app.state.search_holders = catalog.Holders(deps.works, app.state.search_index)
        yield client


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("", 200),
        ("?q=hush&kind=tool&price=free&facets=1&explain=true&limit=2&sort=installs", 200),
        ("?q=a&q=hush&certified=FALSE&compatible_with=2.3.1&unknown=1", 200),
        ("?q=&category=&publisher=acme&permission=none", 200),
        ("?q=hush&kind=cake", 422),
        ("?q=hush&limit=0", 422),
        ("?cursor=made-up", 422),
        ("?q=%00", 422),
    ],
)
async def test_what_is_asked_plainly_is_answered_alike(
    client: Client, express: Client, deps: Deps, acme: Tenant, asked: str, status: int
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret", "name": "Hush"}, visibility="private")
    for token in (None, acme.tokens["Viewer"]):
        usual = await client.get(f"/api/plugins{asked}", token)
        quick = await express.get(f"/api/plugins{asked}", token)
        said = [{**answer.json, "trace_id": ""} for answer in (usual, quick)]
        assert (quick.status, said[1]) == (usual.status, said[0])
        assert quick.status == status


@pytest.mark.parametrize(
    "asked",
    ["?limit=two", "?limit=%202", "?limit=1.0", "?limit=", "?sort=best", "?facets=yes", "?certified=null"],
)
async def test_what_is_asked_otherwise_is_left_to_the_framework(express: Client, asked: str) -> None:
    assert (await express.get(f"/api/plugins{asked}")).status == 404


async def test_a_token_that_was_not_issued_is_refused_on_the_express_way(express: Client) -> None:
    assert (await express.get("/api/plugins", "aei_" + "x" * 43)).status == 401
