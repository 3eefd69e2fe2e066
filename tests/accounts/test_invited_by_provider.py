"""Invitations that are accepted at a provider of sign-in instead of with a password."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from oidc_provider_mock import User
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import EmailTaken, LinkNotValid, UnknownIdentity
from aei_marketplace.accounts.service import SignedIn
from aei_marketplace.ground.deps import Deps
from tests.accounts.people import VISIT, make_person
from tests.accounts.provider import Running, client_of, running
from tests.accounts.test_invitations import invite
from tests.builders import Tenant, make_staff, make_tenant

PEOPLE = (
    User(sub="nia", claims={"name": "Nia", "email": "boss@acme.example"}),
    User(sub="spoofer", claims={"name": "Acme\u202e\nAdmin"}),
    User(sub="long", claims={"name": "x" * 5_000}),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Running]:
    with running("login.example", *PEOPLE) as provider:
        yield provider


@pytest.fixture
def online(deps: Deps, provider: Running) -> Deps:
    return replace(deps, identity_providers=client_of(provider))


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


@pytest.fixture
async def provider_id(online: Deps, provider: Running) -> UUID:
    operator, _ = await make_staff(online.works)
    async with online.works.begin(operator) as work:
        return await service.add_provider(
            work, online.master_key, name="login", issuer=provider.issuer, client_id="market",
            client_secret="hush",
        )  # fmt: skip


async def sign_in(
    deps: Deps, provider: Running, provider_id: UUID, subject: str, invitation: str | None = None
) -> SignedIn:
    start = await service.begin_oidc(deps, VISIT, provider_id, "/", invitation)
    params = await provider.authorize(start.url, subject)
    entry = await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, params)
    assert isinstance(entry, SignedIn)
    return entry


async def users(deps: Deps) -> dict[str, str | None]:
    """Names and addresses of those without a password, who came by a provider."""
    async with deps.works.system("tests") as work:
        query = "select u.name, u.email from users u join identities i on i.user_id = u.id"
        return {row.name: row.email for row in await work.run(text(query))}


async def test_somebody_new_comes_in_with_the_role_that_was_offered_and_returns(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    secret = await invite(online, acme.admin, "Agent", "Nia@acme.example")
    entry = await sign_in(online, provider, provider_id, "nia", secret)
    assert entry.actor.tenant == acme.id
    assert entry.actor.may("plugin.execute")
    assert not entry.actor.may("plugin.install")
    assert (await sign_in(online, provider, provider_id, "nia")).actor.id == entry.actor.id


async def test_the_address_is_the_invitations_and_never_the_one_that_the_provider_claims(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    await sign_in(online, provider, provider_id, "nia", await invite(online, acme.admin, email="n@a.example"))
    assert await users(online) == {"Nia": "n@a.example"}


async def test_an_invitation_that_names_nobody_makes_an_account_without_an_address(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    await sign_in(online, provider, provider_id, "nia", await invite(online, acme.admin))
    assert await users(online) == {"Nia": None}


async def test_a_name_that_misleads_or_has_no_end_is_not_taken_over(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    for subject in ("spoofer", "long", "nameless"):
        await sign_in(online, provider, provider_id, subject, await invite(online, acme.admin))
    assert set(await users(online)) == {"New member", "x" * 120}


async def test_who_is_known_there_joins_with_the_account_that_they_have(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    globex = await make_tenant(online.works, "globex")
    first = await sign_in(online, provider, provider_id, "nia", await invite(online, acme.admin))
    second = await sign_in(online, provider, provider_id, "nia", await invite(online, globex.admin, "Viewer"))
    assert first.actor.id == second.actor.id
    assert (await service.actor_for(online.works, second.actor.id, globex.id)).may("plugin.browse")
    assert len(await users(online)) == 1


async def test_an_address_that_has_an_account_is_not_handed_to_who_comes_by_a_provider(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    ada = await make_person(online.works, "ada@acme.example", "globex", role="Viewer")
    secret = await invite(online, acme.admin, "Admin", "ada@acme.example")
    with pytest.raises(EmailTaken, match="account of that address"):
        await sign_in(online, provider, provider_id, "nia", secret)
    with pytest.raises(UnknownIdentity):
        await sign_in(online, provider, provider_id, "nia")
    async with online.works.begin(acme.admin) as work:
        assert ada not in {member["id"] for member in await service.list_members(work)}
        assert [item["state"] for item in await service.list_invitations(work)] == ["open"]


async def test_an_invitation_is_accepted_at_the_provider_once(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    secret = await invite(online, acme.admin)
    await sign_in(online, provider, provider_id, "nia", secret)
    with pytest.raises(LinkNotValid):
        await sign_in(online, provider, provider_id, "long", secret)
    assert set(await users(online)) == {"Nia"}


async def test_of_two_who_accept_it_at_once_one_comes_in(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    secret = await invite(online, acme.admin)
    both = await asyncio.gather(
        *(sign_in(online, provider, provider_id, who, secret) for who in ("nia", "long")),
        return_exceptions=True,
    )
    assert {type(result) for result in both} == {SignedIn, LinkNotValid}
    assert len(await users(online)) == 1


async def test_an_invitation_that_was_taken_back_meanwhile_lets_nobody_in(
    online: Deps, provider: Running, provider_id: UUID, acme: Tenant
) -> None:
    secret = await invite(online, acme.admin)
    start = await service.begin_oidc(online, VISIT, provider_id, "/", secret)
    params = await provider.authorize(start.url, "nia")
    async with online.works.begin(acme.admin) as work:
        [offered] = await service.list_invitations(work)
        await service.revoke_invitation(work, offered["id"])
    with pytest.raises(LinkNotValid):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)
    assert await users(online) == {}


@pytest.mark.parametrize("secret", ["x", "x" * 43, "é" * 43, "x" * 5000])
async def test_a_made_up_invitation_makes_no_account(
    online: Deps, provider: Running, provider_id: UUID, secret: str
) -> None:
    with pytest.raises((LinkNotValid, UnknownIdentity)):
        await sign_in(online, provider, provider_id, "nia", secret)
    assert await users(online) == {}
