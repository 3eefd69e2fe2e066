"""Who searches with a token again is looked for as who they were, and answered as who they are."""

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog.service import holders
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_staff
from tests.publishing import publish_listed
from tests.serving import Client

HUSH, NOTHING, BEGUN = "/api/plugins?q=hush", "/api/plugins?q=xyzzyx", "/api/plugins/suggestions?q=hu"


@pytest.fixture
async def secret(deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.secret", "name": "Hush"}, visibility="private")


async def shown(client: Client, path: str, token: str) -> list[str]:
    answer = await client.get(path, token)
    assert answer.status == 200, answer.json
    return [item["id"] for item in answer.json["items"]]


async def change(urls: DatabaseUrls, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def test_who_asks_again_is_answered_as_before_and_others_as_themselves(
    client: Client, secret: None, acme: Tenant, globex: Tenant
) -> None:
    mine, theirs = acme.tokens["Viewer"], globex.tokens["Viewer"]
    for _ in range(3):
        for path in (HUSH, BEGUN):
            assert await shown(client, path, mine) == ["acme.secret"]
            assert await shown(client, path, theirs) == []


@pytest.mark.parametrize("path", [HUSH, NOTHING, BEGUN, "/api/plugins?q=hush&kind=cake"])
async def test_a_token_that_was_revoked_meanwhile_is_refused_and_that_is_recorded(
    client: Client, urls: DatabaseUrls, secret: None, acme: Tenant, path: str
) -> None:
    token = acme.tokens["Viewer"]
    for _ in range(2):
        await shown(client, HUSH, token)
    await change(urls, "update tokens set revoked_at = now() where user_id = $1", acme.viewer.id)
    for _ in range(2):
        assert (await client.get(path, token)).status == 401
    connection = await asyncpg.connect(urls.owner)
    denied = "select count(*) from audit_entries where action = 'access.denied' and actor_id = $1"
    assert await connection.fetchval(denied, acme.viewer.id) == 2
    await connection.close()


async def test_who_is_staff_no_more_sees_what_everybody_sees(
    client: Client, works: Works, urls: DatabaseUrls, secret: None
) -> None:
    staff, token = await make_staff(works)
    assert [await shown(client, HUSH, token) for _ in range(2)] == [["acme.secret"]] * 2
    await change(urls, "delete from staff where user_id = $1", staff.id)
    assert [await shown(client, path, token) for path in (HUSH, BEGUN)] == [[], []]


async def test_no_more_holders_are_remembered_than_there_is_room_for(
    client: Client, secret: None, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "MOST_HOLDERS", 1)
    for _ in range(2):
        for role in ("Viewer", "Admin", "Agent"):
            assert await shown(client, HUSH, acme.tokens[role]) == ["acme.secret"]
