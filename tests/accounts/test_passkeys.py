"""Passkeys as a second factor and as proof, with a software authenticator."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    NoSuchPasskey,
    PasskeyNeeded,
    PasskeyRefused,
    PasskeyTaken,
    SessionEnded,
    SessionNeeded,
    SignInLost,
    UnknownSession,
    WrongPassword,
)
from aei_marketplace.accounts.service import PasskeyAsked, SignedIn
from aei_marketplace.ground.actor import Actor, ProofNeeded
from aei_marketplace.ground.deps import Deps
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import ORIGIN, PASSWORD, VISIT, browser_of, enter, make_person
from tests.builders import make_tenant

EMAIL, HOST = "ada@acme.example", "market.example"


@pytest.fixture
async def ada(deps: Deps) -> SignedIn:
    await make_person(deps.works, EMAIL, "acme")
    return await enter(deps, EMAIL)


@pytest.fixture
async def key(deps: Deps, ada: SignedIn) -> Authenticator:
    return await register(deps, ada, Authenticator(ORIGIN, HOST))


async def register(deps: Deps, who: SignedIn, key: Authenticator, name: str = "laptop") -> Authenticator:
    options = await service.begin_passkey(deps, VISIT, who.actor)
    await service.add_passkey(deps, VISIT, who.actor, name, key.create(options))
    return key


async def ask(deps: Deps) -> PasskeyAsked:
    asked = await service.sign_in_with_password(deps, VISIT, EMAIL, PASSWORD, redirect_to="/account")
    assert isinstance(asked, PasskeyAsked)
    return asked


async def audited(deps: Deps, action: str) -> int:
    async with deps.works.system("tests") as work:
        found = await work.run(text("select count(*) from audit_entries where action = :a"), {"a": action})
        return found.scalar_one()


async def actor_of(deps: Deps, signed_in: SignedIn) -> Actor:
    return await deps.authenticate_session(signed_in.secret, "t")


async def test_with_a_passkey_the_password_alone_opens_no_session(deps: Deps, key: Authenticator):
    asked = await ask(deps)
    with pytest.raises(UnknownSession):
        await deps.authenticate_session(asked.secret, "t")
    assert [item["id"] for item in asked.options["allowCredentials"]]
    done = await service.finish_with_passkey(
        deps, replace(VISIT, sign_in=asked.secret), key.get(asked.options)
    )
    assert (await actor_of(deps, done)).tenant_slug == "acme"
    assert done.redirect_to == "/account"


async def test_with_a_passkey_the_password_gives_no_token_either(deps: Deps, key: Authenticator):
    with pytest.raises(PasskeyNeeded):
        await service.sign_in(deps.works, EMAIL, PASSWORD, None, "t")


async def test_a_page_that_is_loaded_again_asks_the_same_question(deps: Deps, key: Authenticator):
    asked = await ask(deps)
    again = await service.passkey_asked(deps, replace(VISIT, sign_in=asked.secret))
    assert again.options["challenge"] == asked.options["challenge"]
    with pytest.raises(SignInLost):
        await service.passkey_asked(deps, VISIT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"origin": "https://evil.example"}, "another site"),
        ({"origin": "http://market.example"}, "another site"),
        ({"rp_id": "evil.example"}, "another site"),
    ],
)
async def test_an_answer_for_another_site_is_refused_and_recorded(
    deps: Deps, key: Authenticator, changes: dict, reason: str
):
    asked = await ask(deps)
    before = await audited(deps, "access.denied")
    with pytest.raises(PasskeyRefused, match=reason):
        await service.finish_with_passkey(
            deps, replace(VISIT, sign_in=asked.secret), replace(key, **changes).get(asked.options)
        )
    assert await audited(deps, "access.denied") == before + 1


async def test_an_answer_is_taken_once_and_for_its_own_question(deps: Deps, key: Authenticator):
    asked = await ask(deps)
    visit, answer = replace(VISIT, sign_in=asked.secret), key.get(asked.options)
    await service.finish_with_passkey(deps, visit, answer)
    with pytest.raises(SignInLost):
        await service.finish_with_passkey(deps, visit, answer)
    other = await ask(deps)
    with pytest.raises(PasskeyRefused, match="another question"):
        await service.finish_with_passkey(deps, replace(VISIT, sign_in=other.secret), answer)


async def test_a_wrong_answer_uses_the_question_up(deps: Deps, key: Authenticator):
    asked = await ask(deps)
    visit = replace(VISIT, sign_in=asked.secret)
    with pytest.raises(PasskeyRefused):
        await service.finish_with_passkey(deps, visit, replace(key, rp_id="evil.example").get(asked.options))
    with pytest.raises(SignInLost):
        await service.finish_with_passkey(deps, visit, key.get(asked.options))


async def test_a_copy_is_noticed_by_its_count(deps: Deps, key: Authenticator):
    copy = replace(key, count=0)
    asked = await ask(deps)
    await service.finish_with_passkey(deps, replace(VISIT, sign_in=asked.secret), key.get(asked.options))
    asked = await ask(deps)
    with pytest.raises(PasskeyRefused, match="count went back"):
        await service.finish_with_passkey(deps, replace(VISIT, sign_in=asked.secret), copy.get(asked.options))


async def test_another_persons_passkey_is_refused(deps: Deps, key: Authenticator):
    await make_person(deps.works, "eve@acme.example", "acme")
    eves = await register(deps, await enter(deps, "eve@acme.example"), Authenticator(ORIGIN, HOST))
    asked = await ask(deps)
    with pytest.raises(PasskeyRefused, match="not one of yours"):
        await service.finish_with_passkey(deps, replace(VISIT, sign_in=asked.secret), eves.get(asked.options))


async def test_a_forged_signature_is_refused(deps: Deps, key: Authenticator):
    asked = await ask(deps)
    forger = Authenticator(ORIGIN, HOST, credential_id=key.credential_id)
    with pytest.raises(PasskeyRefused, match="signature"):
        await service.finish_with_passkey(
            deps, replace(VISIT, sign_in=asked.secret), forger.get(asked.options)
        )


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"rawId": 5}', '{"rawId": "%%"}', "x" * 70_000, '{"rawId": "AAAA"}']
)
async def test_what_is_no_answer_is_refused(deps: Deps, key: Authenticator, answer: str):
    asked = await ask(deps)
    with pytest.raises(PasskeyRefused):
        await service.finish_with_passkey(deps, replace(VISIT, sign_in=asked.secret), answer)


@pytest.mark.parametrize("changes", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}])
async def test_a_passkey_made_for_another_site_is_not_registered(deps: Deps, ada: SignedIn, changes: dict):
    with pytest.raises(PasskeyRefused):
        await register(deps, ada, replace(Authenticator(ORIGIN, HOST), **changes))
    assert await enter(deps, EMAIL)


async def test_a_registration_is_for_one_question_of_one_session(deps: Deps, ada: SignedIn):
    options = await service.begin_passkey(deps, VISIT, ada.actor)
    made = Authenticator(ORIGIN, HOST).create(options)
    await service.add_passkey(deps, VISIT, ada.actor, "laptop", made)
    with pytest.raises(PasskeyRefused):
        await service.add_passkey(deps, VISIT, ada.actor, "again", made)


async def test_one_passkey_belongs_to_one_person(deps: Deps, key: Authenticator):
    await make_person(deps.works, "eve@acme.example", "acme")
    with pytest.raises(PasskeyTaken):
        await register(deps, await enter(deps, "eve@acme.example"), key)


async def test_passkeys_are_named_and_removed_by_their_person_alone(
    deps: Deps, ada: SignedIn, key: Authenticator
):
    await make_person(deps.works, "eve@acme.example", "acme")
    eve = await enter(deps, "eve@acme.example")
    async with deps.works.begin(ada.actor) as work:
        (mine,) = await service.list_passkeys(work)
        await service.rename_passkey(work, mine["id"], "my laptop")
    async with deps.works.begin(eve.actor) as work:
        assert await service.list_passkeys(work) == []
    with pytest.raises(NoSuchPasskey):
        async with deps.works.begin(eve.actor) as work:
            await service.remove_passkey(work, mine["id"])
    async with deps.works.begin(ada.actor) as work:
        assert (await service.list_passkeys(work))[0]["name"] == "my laptop"
        await service.remove_passkey(work, mine["id"])
    assert await enter(deps, EMAIL)


async def test_a_token_cannot_register_a_passkey(deps: Deps):
    acme = await make_tenant(deps.works, "globex")
    with pytest.raises(SessionNeeded):
        await service.begin_passkey(deps, VISIT, acme.admin)


async def stale(deps: Deps, signed_in: SignedIn) -> Actor:
    """The session's actor, a quarter of an hour after the last proof."""
    async with deps.works.system("tests") as work:
        await work.run(
            text("update sessions set proven_at = proven_at - interval '15 minutes' where id = :i"),
            {"i": signed_in.actor.session},
        )
    return await actor_of(deps, signed_in)


async def test_an_old_proof_is_asked_for_again_and_a_passkey_gives_it(
    deps: Deps, ada: SignedIn, key: Authenticator
):
    actor = await stale(deps, ada)
    async with deps.works.begin(actor) as work:
        with pytest.raises(ProofNeeded):
            actor.require_recent_proof(work.now)
    asked = await service.begin_proof(deps, VISIT, actor)
    assert asked["password"] is False
    proven = await service.prove_by_passkey(deps, VISIT, actor, key.get(asked["passkey"]))
    (await actor_of(deps, proven)).require_recent_proof(deps.works.clock())
    with pytest.raises(UnknownSession):
        await actor_of(deps, ada)  # whoever copied the cookie before gains nothing by the proof


async def test_a_password_proves_nothing_where_there_is_a_passkey(
    deps: Deps, ada: SignedIn, key: Authenticator
):
    with pytest.raises(PasskeyNeeded):
        await service.prove_by_password(deps, VISIT, ada.actor, PASSWORD)


async def test_without_a_passkey_the_password_is_the_proof(deps: Deps, ada: SignedIn):
    actor = await stale(deps, ada)
    assert await service.begin_proof(deps, VISIT, actor) == {"passkey": None, "password": True}
    with pytest.raises(WrongPassword):
        await service.prove_by_password(deps, VISIT, actor, "wrong")
    proven = await service.prove_by_password(deps, VISIT, actor, PASSWORD)
    (await actor_of(deps, proven)).require_recent_proof(deps.works.clock())


async def test_an_answer_to_the_registration_is_no_proof(deps: Deps, ada: SignedIn, key: Authenticator):
    options = await service.begin_passkey(deps, VISIT, ada.actor)
    with pytest.raises(PasskeyRefused):
        await service.prove_by_passkey(deps, VISIT, ada.actor, key.get(options))


async def test_an_old_proof_issues_no_token_and_registers_no_passkey(deps: Deps, ada: SignedIn):
    actor = await stale(deps, ada)
    with pytest.raises(ProofNeeded):
        async with deps.works.begin(actor) as work:
            await service.issue_token(work, name="around the proof")
    with pytest.raises(ProofNeeded):
        await service.begin_passkey(deps, VISIT, actor)
    with pytest.raises(ProofNeeded):
        await service.change_password(deps, VISIT, actor, PASSWORD, "another long password")


async def test_another_password_ends_every_other_session(deps: Deps, ada: SignedIn):
    other = await enter(deps, EMAIL)
    renewed = await service.change_password(
        deps, browser_of(ada), ada.actor, PASSWORD, "another long password"
    )
    assert (await actor_of(deps, renewed)).session == ada.actor.session
    with pytest.raises(SessionEnded):
        await actor_of(deps, other)
    with pytest.raises(UnknownSession):
        await actor_of(deps, ada)
    with pytest.raises(WrongPassword):
        await enter(deps, EMAIL)


async def test_lost_passkeys_are_forgotten_by_the_operator_alone(
    deps: Deps, ada: SignedIn, key: Authenticator
):
    await make_person(deps.works, "olga@operator.example", staff="Operator")
    olga = await enter(deps, "olga@operator.example")
    async with deps.works.begin(olga.actor) as work:
        assert await service.forget_passkeys(work, ada.actor.id) == 1
    with pytest.raises(SessionEnded):
        await actor_of(deps, ada)
    assert await enter(deps, EMAIL)
