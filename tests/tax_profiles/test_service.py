"""Tax profiles in the database: sealed, isolated, reviewed by others."""

import asyncio
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor, MissingAction, ProofNeeded
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.tax_profiles import service
from aei_marketplace.tax_profiles.errors import OwnProfile, ProfileChanged, ProfileNotFound
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind
from aei_marketplace.tax_profiles.rules.profiles import Profile, State
from aei_marketplace.vault import service as vault
from tests.builders import Tenant, make_staff, make_tenant
from tests.serving import Client

DECLARED = Declaration(
    Form.SELF_DECLARATION, Kind.COMPANY, "DE", "Canary Works GmbH", "Canary Quay 1", "DE136695976"
)


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


@pytest.fixture
async def finance(deps: Deps) -> Actor:
    return (await make_staff(deps.works, "Finance"))[0]


async def submit(deps: Deps, actor: Actor) -> Profile:
    async with deps.works.begin(actor) as work:
        return await service.submit_profile(work, deps.master_key, DECLARED)


async def review(deps: Deps, actor: Actor, id: UUID, bps: int = 1500, seen: int | None = None) -> Profile:
    async with deps.works.begin(actor) as work:
        return await service.review_profile(work, id, approve=True, withholding_bps=bps, seen=seen)


async def passes(deps: Deps, tenant: Tenant) -> bool:
    async with deps.works.system("tests") as work:
        return (await service.tax_standing(work, tenant.id)).reviewed


async def test_money_passes_once_staff_have_reviewed_and_waits_for_what_is_sent_anew(
    deps: Deps, acme: Tenant, finance: Actor
):
    sent = await submit(deps, acme.admin)
    assert not await passes(deps, acme)
    await review(deps, finance, sent.id)
    assert await passes(deps, acme)
    again = await submit(deps, acme.admin)
    assert not await passes(deps, acme)
    async with deps.works.begin(acme.admin) as work:
        own = await service.own_profiles(work)
    assert [(p.id, p.state) for p in own] == [(again.id, State.SUBMITTED), (sent.id, State.SUPERSEDED)]


async def test_what_is_sealed_stands_nowhere_in_the_open_and_opens_for_staff_with_an_entry(
    deps: Deps, acme: Tenant, finance: Actor, urls: DatabaseUrls
):
    sent = await submit(deps, acme.admin)
    revealed = await service.reveal_profile(deps.works, finance, "trace", deps.master_key, sent.id)
    assert (revealed.name, revealed.tax_id) == ("Canary Works GmbH", "DE136695976")
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch("select t::text || encode(sealed, 'escape') from tax_profiles t")
        entries = await connection.fetch("select encode(content, 'escape') from audit_entries")
    finally:
        await connection.close()
    assert not any("Canary" in row[0] or "136695976" in row[0] for row in (*rows, *entries))
    assert any("tax_profile.reveal" in row[0] for row in entries)


async def test_what_was_opened_over_http_is_kept_nowhere_for_a_repeated_request(
    deps: Deps, acme: Tenant, client: Client
):
    sent = await submit(deps, acme.admin)
    _, token = await make_staff(deps.works, "Finance")
    for _ in range(2):
        once = {"Idempotency-Key": "k"}
        answer = await client.post(f"/api/tax-profiles/{sent.id}/reveal", token, headers=once)
        assert (answer.status, answer.json["tax_id"]) == (200, "DE136695976")
    async with deps.works.system("tests") as work:
        assert (await work.run(text("select count(*) from idempotency_keys"))).scalar_one() == 0
        looks = text("select count(*) from audit_entries where action = 'tax_profile.reveal'")
        assert (await work.run(looks)).scalar_one() == 2


async def test_a_replaced_data_key_takes_tax_profiles_along(deps: Deps, acme: Tenant, finance: Actor):
    sent = await submit(deps, acme.admin)
    await vault.replace_data_keys(deps.works, deps.master_key)
    revealed = await service.reveal_profile(deps.works, finance, "trace", deps.master_key, sent.id)
    assert revealed.address == "Canary Quay 1"


async def test_neither_another_tenant_nor_other_roles_see_or_review_it(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
):
    sent, globex = await submit(deps, acme.admin), await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.admin) as work:
        with pytest.raises(ProfileNotFound):
            await service.find_profile(work, sent.id)
    moderator = (await make_staff(deps.works, "Moderator"))[0]
    for actor in (acme.manager, acme.admin, moderator):
        with pytest.raises(MissingAction):
            await review(deps, actor, sent.id)
    with pytest.raises(MissingAction):
        await submit(deps, acme.manager)
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
            assert await connection.fetchval("select count(*) from tax_profiles") == 0
            changed = await connection.execute("update tax_profiles set withholding_bps = 0")
            assert changed == "UPDATE 0"
    finally:
        await connection.close()


async def test_nobody_reviews_for_a_tenant_that_they_belong_to(deps: Deps, acme: Tenant, finance: Actor):
    sent = await submit(deps, acme.admin)
    async with deps.works.system("tests") as work:
        assert finance.id is not None
        await accounts.add_member(work, finance.id, "Viewer", acme.id)
    with pytest.raises(OwnProfile):
        await review(deps, finance, sent.id)
    assert not await passes(deps, acme)


async def test_a_session_without_a_recent_proof_neither_opens_nor_reviews(
    deps: Deps, acme: Tenant, finance: Actor
):
    sent = await submit(deps, acme.admin)
    left_alone = replace(finance, session=new_id(), proven_until=deps.works.clock())
    with pytest.raises(ProofNeeded):
        await review(deps, left_alone, sent.id)
    with pytest.raises(ProofNeeded):
        await service.reveal_profile(deps.works, left_alone, "trace", deps.master_key, sent.id)
    assert not await passes(deps, acme)


async def test_of_two_reviews_at_once_one_is_told_that_it_came_late(deps: Deps, acme: Tenant, finance: Actor):
    sent = await submit(deps, acme.admin)
    done = await asyncio.gather(
        *(review(deps, finance, sent.id, bps, sent.version) for bps in (0, 3000)), return_exceptions=True
    )
    assert sum(isinstance(each, Profile) for each in done) == 1
    assert sum(isinstance(each, ProfileChanged) for each in done) == 1


async def test_two_that_are_sent_at_once_leave_one_that_counts(deps: Deps, acme: Tenant):
    await asyncio.gather(*(submit(deps, acme.admin) for _ in range(4)))
    async with deps.works.begin(acme.admin) as work:
        states = [profile.state for profile in await service.own_profiles(work)]
    assert sorted(states) == [State.SUBMITTED, *[State.SUPERSEDED] * 3]
