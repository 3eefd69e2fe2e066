"""A text with NUL, which the database cannot hold, is refused on every route."""

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from tests.builders import make_tenant
from tests.serving import serving


async def test_a_query_with_nul_is_never_an_error_of_the_server(deps: Deps, urls: DatabaseUrls):
    acme = await make_tenant(deps.works, "acme")
    async with serving(create_app(deps, urls.app)) as client:
        asked = []
        for path, methods in (await client.get("/api/openapi.json")).json["paths"].items():
            texts = [p["name"] for p in methods.get("get", {}).get("parameters", ()) if p["in"] == "query"]
            if texts and "{" not in path:
                asked += [f"{path}?{name}=a%00b" for name in texts]
        answers = [(await client.get(each, acme.tokens["Admin"])).status for each in asked]
    assert len(asked) > 20
    assert [each for each, status in zip(asked, answers, strict=True) if status >= 500] == []
