"""How long a session lasts, where it acts, and who can see it in the database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from aei_marketplace.accounts import rules, service
from aei_marketplace.accounts.errors import NoSuchTenant, SessionEnded, SessionExpired
from aei_marketplace.accounts.rules.sessions import SEEN_EVERY
from aei_marketplace.ground.deps import Deps
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import ORIGIN, VISIT, enter, make_person
from tests.accounts.test_passkeys import register
from tests.builders import make_tenant

NOW = datetime(2026, 11, 22, tzinfo=UTC)
IDLE = timedelta(minutes=120)
TABLES = ("sessions", "sign_ins", "passkeys", "identity_providers", "identities", "invitations", "recoveries")


def state(**changes) -> rules.SessionState:
    values = {
        "session_id": UUID(int=1),
        "user_id": UUID(int=2),
        "name": "Ada",
        "tenant_id": UUID(int=3),
        "tenant_slug": "acme",
        "tenant_actions": ("plugin.browse",),
        "staff_actions": ("killlist.administer",),
        "created_at": NOW,
        "seen_at": NOW,
        "proven_at": NOW,
        "expires_at": NOW + timedelta(hours=24),
        "ended_at": None,
        "disabled_at": None,
    }
    return rules.SessionState(**{**values, **changes})


@given(st.timedeltas(timedelta(0), timedelta(days=3)), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_session_lasts_until_its_age_or_until_it_was_left_alone(age: timedelta, unused: timedelta):
    session = state(seen_at=NOW + age - min(unused, age))
    good = age < timedelta(hours=24) and min(unused, age) < IDLE + SEEN_EVERY
    try:
        rules.check_session(session, NOW + age, IDLE)
        lasts = True
    except SessionExpired:
        lasts = False
    assert lasts == good


def test_an_ended_session_is_ended_whatever_its_age():
    with pytest.raises(SessionEnded):
        rules.check_session(state(ended_at=NOW), NOW, IDLE)


def test_a_session_holds_the_actions_of_one_realm_only():
    inside = rules.session_actor(state(), timedelta(minutes=10))
    assert (inside.actions, inside.staff) == ({"plugin.browse"}, False)
    staff = rules.session_actor(state(tenant_id=None), timedelta(minutes=10))
    assert (staff.actions, staff.staff) == ({"killlist.administer"}, True)


async def test_a_session_that_is_used_goes_on_and_one_that_is_not_ends(deps: Deps):
    await make_person(deps.works, "ada@acme.example", "acme")
    used, left = await enter(deps, "ada@acme.example"), await enter(deps, "ada@acme.example")
    for session, minutes in ((used, 119), (left, 122)):
        async with deps.works.system("tests") as work:
            await work.run(
                text("update sessions set seen_at = now() - :m * interval '1 minute' where id = :i"),
                {"m": minutes, "i": session.actor.session},
            )
    assert await deps.authenticate_session(used.secret, "t")
    async with deps.works.system("tests") as work:
        fresh = "select now() - seen_at < interval '1 minute' from sessions where id = :i"
        assert (await work.run(text(fresh), {"i": used.actor.session})).scalar_one()
    with pytest.raises(SessionExpired):
        await deps.authenticate_session(left.secret, "t")


async def test_a_switch_of_tenant_changes_rights_and_secret(deps: Deps):
    await make_person(deps.works, "ada@acme.example", "acme", "globex", staff="Finance")
    first = await enter(deps, "ada@acme.example")
    assert first.actor.tenant_slug == "acme"
    there = await service.switch_tenant(deps, VISIT, first.actor, "globex")
    staff = await service.switch_tenant(deps, VISIT, there.actor, None)
    actor = await deps.authenticate_session(staff.secret, "t")
    assert (actor.tenant, actor.staff) == (None, True)
    assert actor.actions == {"revenue.administer"}
    with pytest.raises(NoSuchTenant):
        await service.switch_tenant(deps, VISIT, actor, "initech")


async def test_what_is_over_is_forgotten(deps: Deps):
    await make_person(deps.works, "ada@acme.example", "acme")
    session = await enter(deps, "ada@acme.example")
    await register(deps, session, Authenticator(ORIGIN, "market.example"))
    await service.sign_in_with_password(deps, VISIT, "ada@acme.example", "correct horse battery")
    async with deps.works.system("tests") as work:
        await work.run(text("update sign_ins set expires_at = now() - interval '1 second'"))
        await work.run(text("update sessions set expires_at = now() - interval '31 days'"))
    await service.forget_what_is_over(deps)
    async with deps.works.system("tests") as work:
        for table in ("sign_ins", "sessions"):
            assert (await work.run(text(f"select count(*) from {table}"))).scalar_one() == 0


@pytest.mark.parametrize("table", TABLES)
async def test_raw_sql_of_another_tenant_sees_no_sign_in_of_acme(deps: Deps, urls, table: str):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    ada = await make_person(deps.works, "ada@acme.example", "acme")
    session = await enter(deps, "ada@acme.example")
    await register(deps, session, Authenticator(ORIGIN, "market.example"))
    await service.sign_in_with_password(deps, VISIT, "ada@acme.example", "correct horse battery")
    async with deps.works.begin(session.actor) as work:
        await service.invite(work, "Agent")
        await service.add_provider(
            work, deps.master_key, name="ours", issuer="https://login.example", client_id="m",
            client_secret="s",
        )  # fmt: skip
    async with deps.works.system("tests") as work:
        await work.run(
            text(
                "insert into identities values (gen_random_uuid(), :u, 'https://login.example', 's', now());"
            ),
            {"u": ada},
        )
        await work.run(
            text("insert into recoveries values (gen_random_uuid(), :u, sha256('link'), now())"),
            {"u": ada},
        )
        assert (await work.run(text(f"select count(*) from {table}"))).scalar_one() == 1
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
            await connection.execute("select set_config('aei.actor', $1, true)", str(globex.admin.id))
            assert await connection.fetchval(f"select count(*) from {table}") == 0
            assert (await connection.execute(f"delete from {table}")) == "DELETE 0"
    finally:
        await connection.close()
    assert acme.id != globex.id


async def test_a_member_sees_no_other_members_passkeys(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    await make_person(deps.works, "ada@acme.example", "acme")
    await register(deps, await enter(deps, "ada@acme.example"), Authenticator(ORIGIN, "market.example"))
    for actor in (acme.admin, acme.viewer):
        async with deps.works.begin(actor) as work:
            assert (await work.run(text("select count(*) from passkeys"))).scalar_one() == 0
