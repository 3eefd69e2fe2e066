"""Trusted publishing: a workflow's identity token publishes its plugin, and no other token does."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import oidc_provider_mock
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    IdentityTokenRefused,
    NamespaceForeign,
    NoSuchTrustedPublisher,
    NotInNamespace,
    NotTrustedPublisher,
    TrustedPublisherKnown,
    TrustedPublishingOff,
)
from aei_marketplace.catalog.service import NamespaceRole, Submission, Workflow
from aei_marketplace.ground.actor import Actor, OutOfReach
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed, NotSignedIn, Unavailable
from aei_marketplace.ground.issuer_keys import IssuerKeys
from aei_marketplace.ground.sign_in import SignInTerms
from tests.builders import Tenant
from tests.catalog.issuers import AUDIENCE, REPOSITORY, WORKFLOW, Issuer, issuing
from tests.packages import make_package


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def trusting(deps: Deps, issuer: Issuer) -> Deps:
    """A marketplace with a public address that trusts the issuer."""
    return trusts(deps, issuer.url, issuer.internal)


def trusts(deps: Deps, url: str, internal: dict[str, tuple[str, int]]) -> Deps:
    return replace(
        deps,
        identity_providers=IdentityProviderClient(internal),
        issuer_keys=IssuerKeys([url]),
        sign_in=SignInTerms(public_url=AUDIENCE),
    )


async def trust(deps: Deps, actor: Actor, plugin: str = "acme.echo", **changes: Any) -> Any:
    (issuer,) = deps.issuer_keys.trusted
    workflow = Workflow(**{"issuer": issuer, "repository": REPOSITORY, "workflow": WORKFLOW, **changes})
    async with deps.works.begin(actor) as work:
        return await catalog.trust_workflow(work, deps.issuer_keys.trusted, plugin, workflow)


async def exchange(deps: Deps, token: str, plugin: str = "acme.echo") -> Actor:
    """The actor behind the token that is given in exchange."""
    given = await catalog.exchange_identity(deps, plugin, token, "trace")
    return await accounts.authenticate(deps.works, given.secret or "", "trace")


async def publish(deps: Deps, actor: Actor, plugin_id: str = "acme.echo") -> None:
    await catalog.publish_release(deps, actor, "trace", Submission(make_package({"id": plugin_id})))


async def code(deps: Deps, token: str) -> str:
    with pytest.raises(IdentityTokenRefused) as refused:
        await exchange(deps, token)
    (fault,) = refused.value.faults
    return fault.code


async def test_a_trusted_workflow_publishes_its_plugin_and_no_other(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    actor = await exchange(trusting, issuer.token())
    assert (actor.tenant, actor.kind, actor.actions) == (acme.id, "service", {"plugin.publish"})
    await publish(trusting, actor)
    with pytest.raises(OutOfReach):
        await publish(trusting, actor, "acme.other")


async def test_a_trusted_workflow_publishes_into_a_namespace_that_is_its_members_alone(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await publish(trusting, acme.manager)
    async with trusting.works.begin(acme.admin) as work:
        assert acme.admin.id is not None
        await catalog.name_member(work, "acme", acme.admin.id, NamespaceRole.OWNER)
    with pytest.raises(NotInNamespace):
        await trust(trusting, acme.manager)
    await trust(trusting, acme.admin)
    actor = await exchange(trusting, issuer.token())
    await catalog.publish_release(
        trusting, actor, "trace", Submission(make_package({"id": "acme.echo", "version": "2.0.0"}))
    )
    with pytest.raises(NotInNamespace):
        await publish(trusting, replace(actor, publishes=None), "acme.other")


async def test_what_is_given_lasts_a_quarter_of_an_hour(trusting: Deps, issuer: Issuer, acme: Tenant) -> None:
    await trust(trusting, acme.manager)
    given = await catalog.exchange_identity(trusting, "acme.echo", issuer.token(), "trace")
    assert (given.expires_at - given.created_at).total_seconds() == 900
    assert given.scopes == ("plugin.publish:acme.echo",)


async def test_each_exchange_publishes_in_the_name_of_one_service_and_is_audited_without_the_repository(
    trusting: Deps, issuer: Issuer, acme: Tenant, urls: DatabaseUrls
) -> None:
    await trust(trusting, acme.manager)
    first = await exchange(trusting, issuer.token())
    assert (await exchange(trusting, issuer.token())).id == first.id
    connection = await asyncpg.connect(urls.owner)
    try:
        rows = await connection.fetch(
            "select tenant_id, content from audit_entries where action = 'trusted_publisher.exchange'"
        )
    finally:
        await connection.close()
    assert [row["tenant_id"] for row in rows] == [acme.id, acme.id]
    assert not any(REPOSITORY.encode() in row["content"] for row in rows)


async def test_a_token_works_once(trusting: Deps, issuer: Issuer, acme: Tenant) -> None:
    await trust(trusting, acme.manager)
    token = issuer.token()
    ends = await asyncio.gather(*(exchange(trusting, token) for _ in range(4)), return_exceptions=True)
    assert [type(end) for end in ends].count(Actor) == 1
    assert [type(end) for end in ends].count(IdentityTokenRefused) == 3
    assert await code(trusting, token) == "replayed"


async def test_a_token_without_an_id_works_once_too(trusting: Deps, issuer: Issuer, acme: Tenant) -> None:
    await trust(trusting, acme.manager)
    token = issuer.token(jti=None)
    await exchange(trusting, token)
    assert await code(trusting, token) == "replayed"


async def test_tokens_that_expired_are_forgotten_and_still_refused(
    trusting: Deps, issuer: Issuer, acme: Tenant, urls: DatabaseUrls
) -> None:
    await trust(trusting, acme.manager)
    await exchange(trusting, issuer.token())
    connection = await asyncpg.connect(urls.owner)
    try:
        await catalog.forget_used_tokens(trusting.works)
        assert await connection.fetchval("select count(*) from used_identity_tokens") == 1
        await connection.execute("update used_identity_tokens set expires_at = now() - interval '2 hours'")
        await catalog.forget_used_tokens(trusting.works)
        assert await connection.fetchval("select count(*) from used_identity_tokens") == 0
    finally:
        await connection.close()


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    """A token without a signature."""
    parts = [json.dumps(part).encode() for part in ({"alg": alg, "kid": "one"}, claims)]
    return ".".join([*map(_text, parts), ""])


def shared_secret(claims: dict[str, Any], secret: bytes) -> str:
    """A token that takes a public key for a shared secret; honest libraries refuse to make one."""
    signed = unsigned(claims, "HS256").rstrip(".")
    return f"{signed}.{_text(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def test_a_signature_that_is_none_of_the_issuers_is_refused(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    claims = issuer.claims()
    honest = issuer.token()
    head, _, signature = honest.split(".")
    other = issuer.token(repository="evil/echo").split(".")[1]
    hostile = {
        "alg none": unsigned(claims),
        "no signature": unsigned(claims, "RS256"),
        "the public key as a shared secret": shared_secret(claims, issuer.key.as_pem(private=False)),
        "a stranger's key": issuer.signed(claims, RSAKey.generate_key(2048)),
        "a stranger's key inside": issuer.signed(
            claims, stranger := RSAKey.generate_key(2048), jwk=stranger.as_dict(private=False)
        ),
        "another algorithm": issuer.signed(claims, ECKey.generate_key("P-256"), "ES256"),
        "the right key with another algorithm": issuer.signed(
            claims, RSAKey.import_key(issuer.key.as_pem(private=True)), "PS256"
        ),
        "another body": f"{head}.{other}.{signature}",
        "a cut signature": honest[:-8],
    }
    assert {name: await code(trusting, token) for name, token in hostile.items()} == dict.fromkeys(
        hostile, "signature"
    )
    await exchange(trusting, honest)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "https://elsewhere.example"}, "claims"),
        ({"aud": [f"{AUDIENCE}.evil.example"]}, "claims"),
        ({"aud": None}, "incomplete"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"exp": None}, "incomplete"),
        ({"exp": "soon"}, "claims"),
        ({"exp": timedelta(hours=25)}, "claims"),
        ({"iat": None}, "incomplete"),
        ({"iat": timedelta(minutes=10)}, "claims"),
        ({"nbf": timedelta(minutes=10)}, "claims"),
        ({"repository": None}, "incomplete"),
        ({"repository": ["acme/echo"]}, "incomplete"),
        ({"workflow_ref": "evil/echo/.github/workflows/release.yml@refs/heads/main"}, "incomplete"),
        ({"workflow_ref": 7}, "incomplete"),
        ({"workflow_ref": None, "workflow": None}, "incomplete"),
        ({"iss": "https://untrusted.example"}, "issuer"),
        ({"iss": None}, "malformed"),
        ({"iss": 7}, "malformed"),
    ],
)
async def test_claims_that_do_not_fit_are_refused(
    trusting: Deps, issuer: Issuer, acme: Tenant, changes: dict[str, Any], expected: str
) -> None:
    await trust(trusting, acme.manager)
    assert await code(trusting, issuer.token(**changes)) == expected


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "..", "é.é.é", "e30.e30.e30", "W10.W10.W10", "x" * 20_000]
)
async def test_what_is_no_token_is_refused(trusting: Deps, acme: Tenant, token: str) -> None:
    assert await code(trusting, token) == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": "evil/echo", "workflow_ref": f"evil/echo/{WORKFLOW}@refs/heads/main"},
        {"workflow_ref": f"{REPOSITORY}/.github/workflows/other.yml@refs/heads/main"},
        {"workflow_ref": None, "workflow": "release"},
    ],
)
async def test_another_repository_or_workflow_is_not_trusted(
    trusting: Deps, issuer: Issuer, acme: Tenant, changes: dict[str, Any]
) -> None:
    await trust(trusting, acme.manager)
    with pytest.raises(NotTrustedPublisher):
        await exchange(trusting, issuer.token(**changes))


async def test_a_repository_that_was_made_anew_under_its_old_name_is_not_trusted(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    await exchange(trusting, issuer.token())
    for other in ("75", None):
        with pytest.raises(NotTrustedPublisher):
            await exchange(trusting, issuer.token(repository_id=other))
    await exchange(trusting, issuer.token())


async def test_an_environment_that_is_asked_for_must_be_there(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager, environment="release")
    for environment in (None, "test", 7):
        with pytest.raises(NotTrustedPublisher):
            await exchange(trusting, issuer.token(environment=environment))
    await exchange(trusting, issuer.token(environment="release"))


async def test_another_plugin_does_not_trust_the_workflow(
    trusting: Deps, issuer: Issuer, acme: Tenant, globex: Tenant
) -> None:
    await trust(trusting, acme.manager)
    with pytest.raises(NotTrustedPublisher):
        await catalog.exchange_identity(trusting, "acme.other", issuer.token(), "trace")


async def test_the_other_known_form_of_claims_is_read_too(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    host = issuer.url.removeprefix("http://")
    form: dict[str, Any] = {
        "repository": None,
        "workflow_ref": None,
        "project_path": "acme/echo",
        "project_id": 9,
    }
    await trust(trusting, acme.manager, workflow=".gitlab-ci.yml")
    reference = f"{host}/acme/echo//.gitlab-ci.yml@refs/heads/main"
    await exchange(trusting, issuer.token(**form, ci_config_ref_uri=reference))
    elsewhere = f"{host}/evil/echo//.gitlab-ci.yml@refs/heads/main"
    assert await code(trusting, issuer.token(**form, ci_config_ref_uri=elsewhere)) == "incomplete"


async def test_a_tag_that_holds_an_at_sign_is_no_part_of_the_file(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    tag = "refs/tags/@acme/echo@1.2.0"
    await exchange(trusting, issuer.token(ref=tag, workflow_ref=f"{REPOSITORY}/{WORKFLOW}@{tag}"))
    for ref in ("refs/heads/other", "", None, 7):
        with pytest.raises(NotTrustedPublisher):
            await exchange(trusting, issuer.token(ref=ref, workflow_ref=f"{REPOSITORY}/{WORKFLOW}@{tag}"))


async def test_who_is_trusted_no_longer_publishes_no_longer_at_once(
    trusting: Deps, issuer: Issuer, acme: Tenant, globex: Tenant
) -> None:
    trusted = await trust(trusting, acme.manager)
    given = await catalog.exchange_identity(trusting, "acme.echo", issuer.token(), "trace")
    with pytest.raises(NoSuchTrustedPublisher):
        async with trusting.works.begin(globex.manager) as work:
            await catalog.distrust_workflow(work, trusted.id)
    async with trusting.works.begin(acme.manager) as work:
        await catalog.distrust_workflow(work, trusted.id)
        assert await catalog.list_trusted(work) == []
    with pytest.raises(NotSignedIn):
        await accounts.authenticate(trusting.works, given.secret or "", "trace")
    with pytest.raises(NotTrustedPublisher):
        await exchange(trusting, issuer.token())


async def test_trust_is_given_in_ones_own_namespace_by_who_may_publish_everything(
    trusting: Deps, issuer: Issuer, acme: Tenant, globex: Tenant
) -> None:
    await trust(trusting, acme.manager)
    with pytest.raises(NamespaceForeign):
        await trust(trusting, globex.manager)
    with pytest.raises(TrustedPublisherKnown):
        await trust(trusting, acme.manager)
    with pytest.raises(NotAllowed):
        await trust(trusting, acme.agent)
    actor = await exchange(trusting, issuer.token())
    with pytest.raises(OutOfReach):
        await trust(trusting, actor, environment="wider")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://untrusted.example"},
        {"repository": ""},
        {"workflow": "a b"},
        {"environment": "x" * 301},
    ],
)
async def test_a_workflow_that_cannot_be_trusted_is_refused(
    trusting: Deps, acme: Tenant, changes: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await trust(trusting, acme.manager, **changes)


async def test_without_a_public_address_nothing_is_exchanged(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    with pytest.raises(TrustedPublishingOff):
        await catalog.exchange_identity(replace(trusting, sign_in=SignInTerms()), "acme.echo", "x", "trace")
    assert issuer.asked == []


async def test_an_untrusted_issuer_is_not_even_asked(deps: Deps, issuer: Issuer, acme: Tenant) -> None:
    elsewhere = trusts(deps, "https://builds.example", issuer.internal)
    assert await code(elsewhere, issuer.token()) == "issuer"
    assert issuer.asked == []


async def test_an_issuer_at_a_private_address_is_not_asked_unless_the_operator_runs_it(
    deps: Deps, issuer: Issuer, acme: Tenant
) -> None:
    async def look_up(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    private = trusts(deps, "https://builds.example", {})
    private = replace(private, identity_providers=IdentityProviderClient({}, look_up))
    issuer.url = "https://builds.example"
    await trust(private, acme.manager)
    with pytest.raises(Unavailable, match="cannot be asked"):
        await exchange(private, issuer.token())
    assert issuer.asked == []


async def test_an_issuer_that_answers_otherwise_than_it_should_is_not_believed(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    for metadata in (
        {"issuer": "https://evil.example"},
        {"jwks_uri": None},
        {"jwks_uri": issuer.url + "/gone"},
    ):
        issuer.metadata = metadata
        with pytest.raises(Unavailable):
            await exchange(trusting, issuer.token())
    issuer.metadata, issuer.status = {}, 500
    with pytest.raises(Unavailable):
        await exchange(trusting, issuer.token())
    issuer.status = 200
    await exchange(trusting, issuer.token())


async def test_keys_are_remembered_and_a_new_key_is_looked_up_but_not_often(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    now = [0.0]
    trusting = replace(trusting, issuer_keys=IssuerKeys([issuer.url], clock=lambda: now[0]))
    await trust(trusting, acme.manager)
    for _ in range(3):
        await exchange(trusting, issuer.token())
    assert issuer.asked.count("/keys") == 1
    issuer.rotate()
    new = issuer.signed(issuer.claims(), issuer.key, kid="two")
    assert await code(trusting, new) == "signature"  # too soon to ask again
    now[0] = 31.0
    await exchange(trusting, new)
    assert issuer.asked.count("/keys") == 2
    now[0] = 700.0
    await exchange(trusting, issuer.signed(issuer.claims(), issuer.key, kid="two"))
    assert issuer.asked.count("/keys") == 3


async def test_keys_of_another_kind_in_an_issuers_set_are_of_no_use(
    trusting: Deps, issuer: Issuer, acme: Tenant
) -> None:
    await trust(trusting, acme.manager)
    shared = OctKey.generate_key(256, {"kid": "shared"})
    issuer.more_keys = [shared.as_dict(private=True), {"kty": "nonsense"}, {"kid": 7}]
    assert await code(trusting, issuer.signed(issuer.claims(), shared, "HS256", kid="shared")) == "signature"
    await exchange(trusting, issuer.token())


async def test_a_real_provider_of_openid_connect_is_trusted_by_its_tokens(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider speaks plain HTTP, on loopback
    claims = {"repository": REPOSITORY, "repository_id": "74", "workflow": WORKFLOW}
    user = oidc_provider_mock.User(sub="builds", claims=claims)
    with oidc_provider_mock.run_server_in_thread(user_claims=[user]) as server:
        name = f"provider.example:{server.server_port}"
        real = trusts(deps, f"http://{name}", {name: ("127.0.0.1", server.server_port)})
        await trust(real, acme.manager)
        token = await _sign_in_at(f"http://127.0.0.1:{server.server_port}", name)
        actor = await exchange(real, token)
        await publish(real, actor)
        assert await code(real, token) == "replayed"


async def _sign_in_at(url: str, host: str) -> str:
    """An ID token, as the provider gives it to the client that has the marketplace's name."""
    back = "https://client.example/back"
    query = {"response_type": "code", "client_id": AUDIENCE, "redirect_uri": back, "scope": "openid"}
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        async with session.post(
            f"{url}/oauth2/authorize", params=query, data={"sub": "builds"}, allow_redirects=False
        ) as answer:
            given = aiohttp.client.URL(answer.headers["Location"]).query["code"]
        form = {
            "grant_type": "authorization_code",
            "code": given,
            "redirect_uri": back,
            "client_id": AUDIENCE,
            "client_secret": "any",
        }
        async with session.post(f"{url}/oauth2/token", data=form) as answer:
            return str((await answer.json())["id_token"])


async def test_the_database_shows_what_a_tenant_trusts_to_nobody_else(
    trusting: Deps, issuer: Issuer, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await trust(trusting, acme.manager)
    app = await asyncpg.connect(urls.app)
    try:
        for tenant, seen in ((acme, 1), (globex, 0)):
            async with app.transaction():
                await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
                assert await app.fetchval("select count(*) from trusted_publishers") == seen
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch("select * from used_identity_tokens")
    finally:
        await app.close()
