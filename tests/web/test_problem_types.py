"""Every problem document's `type` leads somewhere."""

import json

from aei_marketplace.accounts import errors as _  # noqa: F401 its refusals are listed too
from aei_marketplace.web.problem_types import explain, list_types


async def test_every_type_is_listed_with_its_status_and_advice():
    listed = json.loads((await list_types()).body)
    types = {item["type"]: item for item in listed["items"]}
    assert types["/problems/token-expired"]["status"] == 401
    assert "aei login" in types["/problems/token-expired"]["advice"]
    assert len(types) == listed["total"]


async def test_one_type_is_explained_by_its_name():
    assert b"/problems/not-signed-in" in (await explain("not-signed-in")).body


async def test_an_unknown_type_is_not_found(client):
    answer = await client.get("/problems/never-heard-of")
    assert (answer.status, answer.json["type"]) == (404, "/problems/no-such-problem-type")
    assert (await client.get("/problems/not-signed-in")).status == 200
