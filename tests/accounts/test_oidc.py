"""Signing in through a real OpenID provider, and everything that must not pass for it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from joserfc.jwk import OctKey
from oidc_provider_mock import User
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    IdentityTaken,
    LastWayIn,
    NoSuchProvider,
    NoSuchTenant,
    ProviderMismatch,
    ProviderRefused,
    ProviderUnusable,
    SignInLost,
    UnknownIdentity,
)
from aei_marketplace.accounts.service import Linked, OidcStart, PasskeyAsked, SignedIn
from aei_marketplace.ground.actor import ProofNeeded
from aei_marketplace.ground.deps import Deps
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import ORIGIN, VISIT, browser_of, enter, make_person
from tests.accounts.provider import Running, Tampering, client_of, running
from tests.accounts.test_passkeys import register

EMAIL = "ada@acme.example"


@pytest.fixture(scope="module")
def first() -> Iterator[Running]:
    with running("login.example", User(sub="ada-there", claims={"name": "Ada", "email": EMAIL})) as provider:
        yield provider


@pytest.fixture(scope="module")
def second() -> Iterator[Running]:
    with running("other.example") as provider:
        yield provider


@pytest.fixture
def online(deps: Deps, first: Running, second: Running) -> Deps:
    return replace(deps, identity_providers=client_of(first, second))


@pytest.fixture
async def ada(online: Deps) -> UUID:
    return await make_person(online.works, EMAIL, "acme", "globex", staff="Operator")


async def enter_provider(deps: Deps, provider: Running, tenant: str | None = None) -> UUID:
    """Have the operator, or a tenant's Admin, enter a provider."""
    actor = (await enter(deps, EMAIL, tenant)).actor
    if tenant is None:
        staff = await service.switch_tenant(deps, browser_of(await enter(deps, EMAIL)), actor, None)
        actor = staff.actor
    async with deps.works.begin(actor) as work:
        return await service.add_provider(
            work, deps.master_key, name=provider.host, issuer=provider.issuer, client_id="market",
            client_secret="hush",
        )  # fmt: skip


async def link(deps: Deps, provider: Running, provider_id: UUID, subject: str = "ada-there") -> SignedIn:
    signed_in = await enter(deps, EMAIL)
    start = await service.begin_link(deps, VISIT, signed_in.actor, provider_id)
    visit = replace(browser_of(signed_in), sign_in=start.secret)
    linked = await service.finish_oidc(deps, visit, provider_id, await provider.authorize(start.url, subject))
    assert isinstance(linked, Linked)
    return signed_in


@pytest.fixture
async def provider_id(online: Deps, ada: UUID, first: Running) -> UUID:
    """The operator's provider, at which Ada has a linked account."""
    provider_id = await enter_provider(online, first)
    await link(online, first, provider_id)
    return provider_id


async def go(deps: Deps, provider: Running, provider_id: UUID) -> tuple[OidcStart, dict[str, str]]:
    start = await service.begin_oidc(deps, VISIT, provider_id, "/account")
    return start, await provider.authorize(start.url, "ada-there")


async def test_a_linked_account_at_the_provider_signs_in(online: Deps, first: Running, provider_id: UUID):
    start, params = await go(online, first, provider_id)
    entry = await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)
    assert isinstance(entry, SignedIn)
    assert entry.redirect_to == "/account"
    actor = await online.authenticate_session(entry.secret, "t")
    assert actor.may("plugin.install")


async def test_the_browser_carries_a_challenge_and_never_the_verifier(
    online: Deps, first: Running, provider_id: UUID
):
    start, _ = await go(online, first, provider_id)
    sent = dict(parse_qsl(urlsplit(start.url).query))
    assert (sent["code_challenge_method"], sent["response_type"]) == ("S256", "code")
    assert sent["redirect_uri"] == f"{ORIGIN}/api/sign-in/oidc/{provider_id}/callback"
    async with online.works.system("tests") as work:
        kept = (await work.run(text("select verifier from sign_ins where used_at is null"))).scalar_one()
    assert kept not in start.url
    assert len(sent["code_challenge"]) == 43


async def test_a_forged_state_finds_nothing_and_takes_nothing(
    online: Deps, first: Running, provider_id: UUID
):
    start, params = await go(online, first, provider_id)
    visit = replace(VISIT, sign_in=start.secret)
    for forged in ("", "x" * 43, params["state"] + "x"):
        with pytest.raises(SignInLost):
            await service.finish_oidc(online, visit, provider_id, {**params, "state": forged})
    assert await service.finish_oidc(online, visit, provider_id, params)


async def test_an_answer_in_another_browser_signs_nobody_in(online: Deps, first: Running, provider_id: UUID):
    """Login CSRF: an attacker's answer, put into the victim's browser."""
    _, params = await go(online, first, provider_id)
    victims, _ = await go(online, first, provider_id)
    for visit in (VISIT, replace(VISIT, sign_in=victims.secret)):
        with pytest.raises(SignInLost):
            await service.finish_oidc(online, visit, provider_id, params)


async def test_an_answer_is_taken_once(online: Deps, first: Running, provider_id: UUID):
    start, params = await go(online, first, provider_id)
    visit = replace(VISIT, sign_in=start.secret)
    await service.finish_oidc(online, visit, provider_id, params)
    with pytest.raises(SignInLost):
        await service.finish_oidc(online, visit, provider_id, params)


async def test_a_code_that_was_used_is_refused_by_the_provider(
    online: Deps, first: Running, provider_id: UUID
):
    start, params = await go(online, first, provider_id)
    await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)
    again, fresh = await go(online, first, provider_id)
    with pytest.raises(ProviderRefused):
        await service.finish_oidc(
            online, replace(VISIT, sign_in=again.secret), provider_id, {**fresh, "code": params["code"]}
        )


async def test_a_stolen_code_of_another_sign_in_has_another_nonce(
    online: Deps, first: Running, provider_id: UUID
):
    _, stolen = await go(online, first, provider_id)
    start, params = await go(online, first, provider_id)
    with pytest.raises(ProviderMismatch):
        await service.finish_oidc(
            online, replace(VISIT, sign_in=start.secret), provider_id, {**params, "code": stolen["code"]}
        )


async def test_an_answer_for_one_provider_is_not_taken_for_another(
    online: Deps, first: Running, second: Running, provider_id: UUID
):
    others_id = await enter_provider(online, second)
    start, params = await go(online, first, provider_id)
    with pytest.raises(SignInLost):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), others_id, params)


async def test_a_mixed_up_provider_is_noticed_by_the_issuer_in_its_answer(
    online: Deps, first: Running, second: Running, provider_id: UUID
):
    start, params = await go(online, first, provider_id)
    with pytest.raises(ProviderMismatch, match="another provider"):
        await service.finish_oidc(
            online, replace(VISIT, sign_in=start.secret), provider_id, {**params, "iss": second.issuer}
        )


async def test_a_provider_that_promised_to_name_itself_must(online: Deps, first: Running, provider_id: UUID):
    promising = Tampering(
        online.identity_providers, {}, metadata={"authorization_response_iss_parameter_supported": True}
    )
    deps = replace(online, identity_providers=promising)
    start, params = await go(deps, first, provider_id)
    with pytest.raises(ProviderMismatch):
        await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, params)
    start, params = await go(deps, first, provider_id)
    named = {**params, "iss": first.issuer}
    assert await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, named)


async def test_a_provider_that_calls_itself_otherwise_is_not_used(
    online: Deps, first: Running, second: Running, provider_id: UUID
):
    posing = Tampering(online.identity_providers, {}, metadata={"issuer": second.issuer})
    with pytest.raises(ProviderMismatch):
        await service.begin_oidc(replace(online, identity_providers=posing), VISIT, provider_id)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["market", "another-client"], "azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"at_hash": "AAAA"},
    ],
)
async def test_an_id_token_that_does_not_fit_is_refused(
    online: Deps, first: Running, provider_id: UUID, claims: dict
):
    deps = replace(online, identity_providers=Tampering(online.identity_providers, claims))
    start, params = await go(deps, first, provider_id)
    with pytest.raises(ProviderMismatch):
        await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, params)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_an_id_token_that_nobodys_key_signed_is_refused(
    online: Deps, first: Running, provider_id: UUID, algorithm: str
):
    key = OctKey.import_key("hush" * 8)
    deps = replace(
        online, identity_providers=Tampering(online.identity_providers, {}, algorithm=algorithm, key=key)
    )
    start, params = await go(deps, first, provider_id)
    with pytest.raises(ProviderMismatch):
        await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, params)


async def test_the_tampered_tokens_are_refused_for_what_was_tampered_with(
    online: Deps, first: Running, provider_id: UUID
):
    deps = replace(online, identity_providers=Tampering(online.identity_providers, {"at_hash": None}))
    start, params = await go(deps, first, provider_id)
    assert await service.finish_oidc(deps, replace(VISIT, sign_in=start.secret), provider_id, params)


async def test_a_sign_in_that_took_too_long_is_over(online: Deps, first: Running, provider_id: UUID):
    start, params = await go(online, first, provider_id)
    async with online.works.system("tests") as work:
        await work.run(text("update sign_ins set expires_at = now() - interval '1 second'"))
    with pytest.raises(SignInLost):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)


async def test_the_provider_saying_no_is_told_plainly(online: Deps, first: Running, provider_id: UUID):
    start, params = await go(online, first, provider_id)
    refused = {"state": params["state"], "error": "access_denied"}
    with pytest.raises(ProviderRefused):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, refused)


async def test_an_account_is_never_found_by_the_address_that_a_provider_claims(
    online: Deps, first: Running, ada: UUID
):
    """The provider says that this is ada@acme.example; it was never linked."""
    provider_id = await enter_provider(online, first)
    start, params = await go(online, first, provider_id)
    with pytest.raises(UnknownIdentity):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)


async def test_the_same_subject_at_another_provider_is_somebody_else(
    online: Deps, second: Running, provider_id: UUID
):
    others_id = await enter_provider(online, second)
    start = await service.begin_oidc(online, VISIT, others_id)
    params = await second.authorize(start.url, "ada-there")
    with pytest.raises(UnknownIdentity):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), others_id, params)


async def test_a_tenants_own_provider_vouches_for_that_tenant_alone(online: Deps, ada: UUID, second: Running):
    globex_id = await enter_provider(online, second, "globex")
    await link(online, second, globex_id, "ada-at-globex")
    start = await service.begin_oidc(online, VISIT, globex_id)
    params = await second.authorize(start.url, "ada-at-globex")
    entry = await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), globex_id, params)
    assert isinstance(entry, SignedIn)
    assert entry.actor.tenant_slug == "globex"
    for elsewhere in ("acme", None):
        with pytest.raises(NoSuchTenant):
            await service.switch_tenant(online, browser_of(entry), entry.actor, elsewhere)
    described = await service.describe_session(online, entry.actor)
    assert (described["tenants"], described["staff"]) == (["globex"], False)


async def test_a_provider_is_offered_to_everybody_or_to_its_tenant(
    online: Deps, first: Running, second: Running, provider_id: UUID
):
    globex_id = await enter_provider(online, second, "globex")
    offered = {tenant: await service.list_sign_in_providers(online, tenant) for tenant in (None, "globex")}
    assert [item["id"] for item in offered[None]] == [provider_id]
    assert [item["id"] for item in offered["globex"]] == [globex_id, provider_id]


async def test_a_providers_secret_is_sealed_and_never_shown(online: Deps, provider_id: UUID):
    async with online.works.system("tests") as work:
        rows = (await work.run(text("select identity_providers::text from identity_providers"))).scalars()
        assert "hush" not in "".join(rows)
    staff = await service.switch_tenant(online, VISIT, (await enter(online, EMAIL)).actor, None)
    async with online.works.begin(staff.actor) as work:
        (shown,) = await service.list_providers(work)
    assert shown["has_secret"]
    assert "hush" not in str(shown)


async def test_a_tenants_admin_reaches_no_provider_but_their_own(online: Deps, provider_id: UUID):
    admin = (await enter(online, EMAIL, "acme")).actor
    with pytest.raises(NoSuchProvider):
        async with online.works.begin(admin) as work:
            await service.remove_provider(work, provider_id)


async def test_a_provider_that_is_switched_off_signs_nobody_in(
    online: Deps, first: Running, provider_id: UUID
):
    start, params = await go(online, first, provider_id)
    staff = await service.switch_tenant(online, VISIT, (await enter(online, EMAIL)).actor, None)
    async with online.works.begin(staff.actor) as work:
        await service.change_provider(work, online.master_key, provider_id, enabled=False, client_secret=None)
    with pytest.raises(NoSuchProvider):
        await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)


async def test_a_link_is_finished_by_the_session_that_began_it(online: Deps, first: Running, ada: UUID):
    provider_id = await enter_provider(online, first)
    begun, other = await enter(online, EMAIL), await enter(online, EMAIL)
    start = await service.begin_link(online, VISIT, begun.actor, provider_id)
    params = await first.authorize(start.url, "eve-there")
    with pytest.raises(SignInLost):
        await service.finish_oidc(
            online, replace(browser_of(other), sign_in=start.secret), provider_id, params
        )


async def test_an_account_of_a_provider_is_linked_to_one_person(
    online: Deps, first: Running, provider_id: UUID
):
    signed_in = await enter(online, EMAIL)
    start = await service.begin_link(online, VISIT, signed_in.actor, provider_id)
    params = await first.authorize(start.url, "ada-there")
    with pytest.raises(IdentityTaken):
        await service.finish_oidc(
            online, replace(browser_of(signed_in), sign_in=start.secret), provider_id, params
        )


async def test_an_old_proof_links_nothing(online: Deps, provider_id: UUID):
    signed_in = await enter(online, EMAIL)
    old = replace(signed_in.actor, proven_until=online.works.clock())
    with pytest.raises(ProofNeeded):
        await service.begin_link(online, VISIT, old, provider_id)


async def test_the_last_way_to_sign_in_stays(online: Deps, ada: UUID, provider_id: UUID):
    signed_in = await enter(online, EMAIL)
    async with online.works.begin(signed_in.actor) as work:
        (mine,) = await service.list_identities(work)
    async with online.works.system("tests") as work:
        await work.run(text("update users set password_hash = null where id = :i"), {"i": ada})
    with pytest.raises(LastWayIn):
        async with online.works.begin(signed_in.actor) as work:
            await service.remove_identity(work, mine["id"])


async def test_a_passkey_is_asked_for_after_the_provider_too(online: Deps, first: Running, provider_id: UUID):
    key = await register(online, await enter(online, EMAIL), Authenticator(ORIGIN, "market.example"))
    start, params = await go(online, first, provider_id)
    asked = await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)
    assert isinstance(asked, PasskeyAsked)
    done = await service.finish_with_passkey(
        online, replace(VISIT, sign_in=asked.secret), key.get(asked.options)
    )
    assert done.redirect_to == "/account"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//x"]
)
async def test_a_sign_in_never_ends_on_another_site(
    online: Deps, first: Running, provider_id: UUID, elsewhere: str
):
    start = await service.begin_oidc(online, VISIT, provider_id, elsewhere)
    params = await first.authorize(start.url, "ada-there")
    entry = await service.finish_oidc(online, replace(VISIT, sign_in=start.secret), provider_id, params)
    assert entry.redirect_to == "/"


@pytest.mark.parametrize("issuer", ["https://127.0.0.1:9", "http://login.example", "https://nowhere.invalid"])
async def test_a_provider_is_reached_by_a_public_name_and_https_only(online: Deps, ada: UUID, issuer: str):
    provider_id = await enter_provider(online, Running("unused", 1), "acme")
    async with online.works.system("tests") as work:
        await work.run(text("update identity_providers set issuer = :i"), {"i": issuer})
    with pytest.raises(ProviderUnusable):
        await service.begin_oidc(online, VISIT, provider_id)
