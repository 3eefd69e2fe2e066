"""Closing a tenant: nobody acts in it from then on, nothing is lost, and staff can open it again."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    LastTenant,
    LinkNotValid,
    NoSuchTenant,
    OwnTenant,
    TokenRevoked,
)
from aei_marketplace.accounts.service import contacts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.work import Works
from tests.accounts.people import PASSWORD, VISIT, enter, make_person
from tests.accounts.test_sessions_api import browser
from tests.builders import Tenant, make_staff, make_tenant
from tests.serving import Client

REASON = "They left us. \u202eSee the contract."


async def close(works: Works, tenant: Tenant, reason: str = REASON) -> None:
    operator = (await make_staff(works))[0]
    async with works.begin(operator) as work:
        await service.close_tenant(work, tenant.id, reason)


async def test_everything_that_acted_in_a_closed_tenant_ends_in_the_same_commit(client: Client, deps: Deps):
    acme, _ = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    person = await make_person(deps.works, "ada@both.example", "acme", "globex")
    session, other = (
        await enter(deps, "ada@both.example", "acme"),
        await enter(deps, "ada@both.example", "globex"),
    )
    async with deps.works.begin(acme.admin) as work:
        invited = await service.invite(work, "Agent", "nia@acme.example")
    await close(deps.works, acme)
    me = "/api/me"
    assert (await client.get(me, acme.tokens["Agent"])).json["type"] == "/problems/token-revoked"
    assert (await client.get(me, headers=browser(session.secret))).json["type"] == "/problems/session-ended"
    assert (await client.get(me, headers=browser(other.secret))).json["tenant"] == "globex"
    with pytest.raises(LinkNotValid):
        await service.read_invitation(deps, VISIT, invited.secret)
    with pytest.raises(AccountDisabled):  # jobs that act for somebody load them anew
        await service.actor_for(deps.works, person, acme.id)
    assert (await enter(deps, "ada@both.example")).actor.tenant_slug == "globex"
    with pytest.raises(NoSuchTenant):
        await service.switch_tenant(deps, VISIT, other.actor, "acme")
    async with deps.works.system("tests") as work:
        assert not await contacts.is_reached(work, acme.id)


async def test_a_token_that_is_issued_later_opens_nothing_until_the_tenant_is_open_again(deps: Deps):
    acme, _ = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await close(deps.works, acme)
    async with deps.works.system("tests") as work:
        late = await service.issue_token(work, name="late", owner=acme.agent.id, tenant=acme.id)
    with pytest.raises(TokenRevoked):
        await service.authenticate(deps.works, late.secret or "", "0" * 32)
    async with deps.works.system("tests") as work:
        await service.reopen_tenant(work, acme.id)
        with pytest.raises(NoSuchTenant):
            await service.reopen_tenant(work, acme.id)
    assert (await service.authenticate(deps.works, late.secret or "", "0" * 32)).tenant == acme.id
    with pytest.raises(TokenRevoked):
        await service.authenticate(deps.works, acme.tokens["Agent"], "0" * 32)
    assert (await service.actor_for(deps.works, acme.agent.id, acme.id)).may("plugin.execute")


async def test_the_reason_stands_in_the_log_without_what_turns_a_line_round(client: Client, deps: Deps):
    acme, _ = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    _, token = await make_staff(deps.works)
    path = f"/api/tenants/{acme.id}"
    unsaid = await client.send("PATCH", path, token, json={"closed": True})
    assert (unsaid.status, unsaid.json["errors"][0]["pointer"]) == (422, "/reason")
    closed = await client.send("PATCH", path, token, json={"closed": True, "reason": REASON})
    assert closed.status == 204
    (entry,) = (await client.get("/api/audit?action=tenant.close", token)).json["items"]
    assert (entry["resource_id"], entry["tenant"]) == (str(acme.id), None)
    assert entry["context"] == {"sessions": 0, "tokens": 4}
    assert entry["reason"] == "They left us. See the contract."
    again = await client.send("PATCH", path, token, json={"closed": True, "reason": REASON})
    assert (again.status, again.json["type"]) == (404, "/problems/no-such-tenant")
    (shown,) = [t for t in (await client.get("/api/tenants", token)).json["items"] if t["slug"] == "acme"]
    assert shown["closed_at"] is not None


async def test_what_points_at_a_tenant_is_written_while_another_is_closed(deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as closing:
        await service.close_tenant(closing, acme.id, REASON)
        async with deps.works.system("tests") as work:
            # The lock that a row takes on what its foreign key points at.
            held = "select id from tenants where id = :id for {} nowait"
            assert (
                await work.run(text(held.format("key share")), {"id": globex.id})
            ).scalar_one() == globex.id
        with pytest.raises(DBAPIError, match="could not obtain lock"):
            async with deps.works.system("tests") as work:
                await work.run(text(held.format("no key update")), {"id": globex.id})


async def test_who_does_not_administer_tenants_belongs_to_one_or_would_close_the_last_is_refused(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    moderator, _ = await make_staff(deps.works, "Moderator")
    operator, _ = await make_staff(deps.works)
    for actor in (acme.admin, moderator):
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.close_tenant(work, acme.id, REASON)
    with pytest.raises(LastTenant):
        async with deps.works.begin(operator) as work:
            await service.close_tenant(work, acme.id, REASON)
    globex = await make_tenant(deps.works, "globex")
    async with deps.works.system("tests") as work:
        await service.add_member(work, operator.id, "Viewer", globex.id)
    async with deps.works.begin(operator) as work:
        with pytest.raises(OwnTenant):
            await service.close_tenant(work, globex.id, REASON)
        with pytest.raises(NoSuchTenant):
            await service.close_tenant(work, uuid4(), REASON)
        with pytest.raises(Invalid):
            await service.close_tenant(work, acme.id, "\u200b \u202e")


async def test_of_two_who_close_the_last_two_tenants_at_once_one_is_refused(deps: Deps):
    tenants = [await make_tenant(deps.works, slug) for slug in ("acme", "globex")]
    operator, _ = await make_staff(deps.works)

    async def close_one(tenant: Tenant) -> str:
        try:
            async with deps.works.begin(operator) as work:
                await service.close_tenant(work, tenant.id, REASON)
        except LastTenant:
            return "refused"
        return "closed"

    assert sorted(await asyncio.gather(*(close_one(t) for t in tenants))) == ["closed", "refused"]


async def test_raw_sql_of_a_tenant_neither_closes_nor_opens_it(deps: Deps, urls: DatabaseUrls):
    acme, _ = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute(f"set aei.tenant = '{acme.id}'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update tenants set closed_at = now()")
        await close(deps.works, acme)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("update tenants set closed_at = null")
        assert await connection.execute("update tenants set policies = '{}'") == "UPDATE 1"
    finally:
        await connection.close()


async def test_staff_cannot_be_signed_in_to_a_closed_tenant_by_their_password(client: Client, deps: Deps):
    acme, _ = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await make_person(deps.works, "ada@acme.example", "acme")
    await close(deps.works, acme)
    answer = await client.post(
        "/api/sign-in/password", json={"email": "ada@acme.example", "password": PASSWORD}
    )
    assert (answer.status, answer.json["type"]) == (404, "/problems/no-such-tenant")
