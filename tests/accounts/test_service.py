from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    EmailTaken,
    LastAdmin,
    NoSuchTenant,
    NoSuchToken,
    SlugTaken,
    TokenExpired,
    TokenRevoked,
    UnknownRole,
    UnknownToken,
    WrongPassword,
)
from aei_marketplace.accounts.rules import new_token
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.work import Works
from tests.builders import make_staff, make_tenant

PASSWORD = "correct horse battery"


async def audited(works: Works, action: str) -> int:
    async with works.system("tests") as work:
        found = await work.run(text("select count(*) from audit_entries where action = :a"), {"a": action})
        return found.scalar_one()


async def make_ada(works: Works, *tenants: str):
    async with works.system("tests") as work:
        ada = await service.create_user(work, name="Ada", email="Ada@acme.example", password=PASSWORD)
        for slug in tenants:
            tenant = await service.create_tenant(work, slug, slug)
            await service.add_member(work, ada, "Admin", tenant)
    return ada


async def test_a_token_leads_to_its_actor(works: Works):
    acme = await make_tenant(works, "acme")
    actor = await service.authenticate(works, acme.tokens["Agent"], "t")
    assert (actor.id, actor.tenant, actor.tenant_slug) == (acme.agent.id, acme.id, "acme")
    assert actor.may("plugin.execute")
    assert not actor.may("plugin.install")


async def test_a_token_that_was_never_issued_is_unknown(works: Works):
    with pytest.raises(UnknownToken):
        await service.authenticate(works, new_token(), "t")


async def test_a_revoked_token_stops_at_once_and_the_attempt_is_recorded(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        tokens = await service.list_tokens(work)
        (agents,) = [t for t in tokens if t.user_id == acme.agent.id]
        await service.revoke_token(work, agents.id)
    before = await audited(works, "access.denied")
    with pytest.raises(TokenRevoked):
        await service.authenticate(works, acme.tokens["Agent"], "t")
    assert await audited(works, "access.denied") == before + 1


async def test_an_expired_token_is_refused_with_advice(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        token = await service.issue_token(work, name="short", lifetime=timedelta(microseconds=1))
    with pytest.raises(TokenExpired) as refusal:
        await service.authenticate(works, token.secret, "t")
    assert "aei login" in refusal.value.next_step


async def test_scopes_limit_a_token_to_some_of_its_owners_actions(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        token = await service.issue_token(work, name="narrow", scopes=["plugin.browse", "review.moderate"])
    actor = await service.authenticate(works, token.secret, "t")
    assert actor.actions == {"plugin.browse"}
    with pytest.raises(NotAllowed):
        async with works.begin(actor) as work:
            await service.issue_token(work, name="wide")


async def test_only_who_administers_tokens_issues_them_for_others(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        await service.issue_token(work, name="for the agent", owner=acme.agent.id)
    with pytest.raises(MissingAction):
        async with works.begin(acme.agent) as work:
            await service.issue_token(work, name="for the admin", owner=acme.admin.id)


async def test_a_token_for_a_stranger_opens_nothing_in_the_tenant(works: Works):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    async with works.begin(acme.admin) as work:
        token = await service.issue_token(work, name="odd", owner=globex.admin.id)
    assert (await service.authenticate(works, token.secret, "t")).actions == frozenset()


async def test_a_foreign_token_cannot_be_seen_or_revoked(works: Works):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    async with works.begin(globex.admin) as work:
        theirs = await service.list_tokens(work)
    with pytest.raises(NoSuchToken):
        async with works.begin(acme.admin) as work:
            await service.revoke_token(work, theirs[0].id)


async def test_removing_a_member_revokes_their_tokens(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        await service.remove_member(work, acme.agent.id)
    with pytest.raises(TokenRevoked):
        await service.authenticate(works, acme.tokens["Agent"], "t")


async def test_the_last_admin_stays(works: Works):
    acme = await make_tenant(works, "acme")
    with pytest.raises(LastAdmin):
        async with works.begin(acme.admin) as work:
            await service.remove_member(work, acme.admin.id)


async def test_a_job_acts_with_the_rights_that_its_person_has_now(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.admin) as work:
        await service.remove_member(work, acme.manager.id)
    actor = await service.actor_for(works, acme.manager.id, acme.id)
    assert actor.actions == frozenset()


async def test_a_job_refuses_to_act_for_a_closed_account(works: Works):
    acme = await make_tenant(works, "acme")
    async with works.system("tests") as work:
        await work.run(text("update users set disabled_at = now() where id = :i"), {"i": acme.manager.id})
    with pytest.raises(AccountDisabled):
        await service.actor_for(works, acme.manager.id, acme.id)
    with pytest.raises(AccountDisabled):
        await service.authenticate(works, acme.tokens["ProjectManager"], "t")


async def test_email_and_password_are_exchanged_for_a_token(works: Works):
    await make_ada(works, "acme")
    token = await service.sign_in(works, "ADA@acme.example", PASSWORD, None, "t")
    assert (await service.authenticate(works, token.secret, "t")).may("plugin.install")


@pytest.mark.parametrize(
    ("email", "password"), [("ada@acme.example", "wrong"), ("bob@acme.example", PASSWORD)]
)
async def test_a_wrong_password_and_an_absent_account_look_the_same(works: Works, email: str, password: str):
    await make_ada(works, "acme")
    with pytest.raises(WrongPassword) as refusal:
        await service.sign_in(works, email, password, None, "t")
    assert refusal.value.detail == "E-mail and password do not belong together."


async def test_a_member_of_two_tenants_says_which_one(works: Works):
    await make_ada(works, "acme", "globex")
    with pytest.raises(NoSuchTenant):
        await service.sign_in(works, "ada@acme.example", PASSWORD, None, "t")
    token = await service.sign_in(works, "ada@acme.example", PASSWORD, "globex", "t")
    assert (await service.authenticate(works, token.secret, "t")).tenant_slug == "globex"


async def test_what_exists_already_is_refused(works: Works):
    await make_ada(works, "acme")
    with pytest.raises(SlugTaken):
        async with works.system("tests") as work:
            await service.create_tenant(work, "acme", "again")
    with pytest.raises(EmailTaken):
        async with works.system("tests") as work:
            await service.create_user(work, name="Ada", email="ada@ACME.example")


async def test_a_tenant_can_give_no_staff_role(works: Works):
    acme = await make_tenant(works, "acme")
    with pytest.raises(UnknownRole):
        async with works.begin(acme.admin) as work:
            await service.add_member(work, acme.agent.id, "Operator")
    with pytest.raises(MissingAction):
        async with works.begin(acme.admin) as work:
            await service.add_staff(work, acme.agent.id, "Operator")


async def test_staff_hold_no_tenants_actions(works: Works):
    operator, token = await make_staff(works)
    assert operator.staff
    assert not operator.may("plugin.install")
    assert (await service.authenticate(works, token, "t")).actions == operator.actions


async def test_writing_the_built_in_roles_again_changes_nothing(works: Works):
    await service.write_builtin_roles(works)
    async with works.system("tests") as work:
        assert (await work.run(text("select count(*) from roles"))).scalar_one() == 9


@pytest.mark.parametrize("table", ["tenants", "users", "memberships", "tokens", "staff"])
async def test_raw_sql_of_another_tenant_sees_nothing_of_acme(works: Works, urls, table: str):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    column = {"tenants": "id", "users": "id", "memberships": "tenant_id", "tokens": "tenant_id"}.get(table)
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
            if column is None:
                assert await connection.fetchval(f"select count(*) from {table}") == 0
                return
            seen = {row[0] for row in await connection.fetch(f"select {column} from {table}")}
    finally:
        await connection.close()
    assert seen
    assert seen.isdisjoint({acme.id, *(actor.id for actor in acme.actors.values())})


async def test_raw_sql_cannot_write_into_another_tenant(works: Works, urls):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    connection = await asyncpg.connect(urls.app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
                await connection.execute(
                    "insert into memberships select $1, $2, id, now() from roles where name = 'Admin'",
                    globex.admin.id,
                    acme.id,
                )
    finally:
        await connection.close()
