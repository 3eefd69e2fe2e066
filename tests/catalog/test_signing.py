"""Signed packages: which signatures publishing takes, and what installing finds out anew."""

import asyncio
import hashlib
import json
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from aei_inspection.signatures import PrivateKey, sign_package
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    NoSuchSigningKey,
    SignatureBroken,
    SignatureNotAccepted,
    SignatureRequired,
    SigningKeyKnown,
    VersionTaken,
)
from aei_marketplace.catalog.service import ReleaseView, Submission
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from tests.builders import Tenant
from tests.packages import make_package
from tests.publishing import publish_listed
from tests.serving import Client

KEY, FOREIGN = PrivateKey.generate(), PrivateKey.generate()
PACKAGE = make_package()


def signature(package: bytes = PACKAGE, key: PrivateKey = KEY) -> bytes:
    return sign_package("acme.echo", "1.0.0", hashlib.sha256(package).hexdigest(), key)


async def add(deps: Deps, actor: Actor, key: PrivateKey = KEY) -> None:
    async with deps.works.begin(actor) as work:
        await catalog.add_signing_key(work, "laptop", key.public.pem())


async def publish(deps: Deps, actor: Actor, envelope: bytes | None, package: bytes = PACKAGE) -> ReleaseView:
    return await catalog.publish_release(deps, actor, "trace", Submission(package, envelope))


async def code(deps: Deps, actor: Actor, envelope: bytes) -> str:
    with pytest.raises(SignatureNotAccepted) as refused:
        await publish(deps, actor, envelope)
    (fault,) = refused.value.faults
    assert fault.pointer == "/signature"
    return fault.code


async def test_a_release_names_the_key_that_signed_it(deps: Deps, acme: Tenant) -> None:
    await add(deps, acme.manager)
    release = await publish(deps, acme.manager, signature())
    assert (release.signer, release.signed) == (KEY.public.id, True)
    async with deps.works.begin(acme.viewer) as work:
        envelope, key = await catalog.find_signature(work, "acme.echo", "1.0.0")
    assert (envelope, key.public) == (signature(), KEY.public)


async def test_each_signature_that_does_not_stand_for_the_package_is_refused_with_its_own_code(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls, tmp_path: Path
) -> None:
    await add(deps, acme.manager)
    await add(deps, globex.manager, FOREIGN)
    good = json.loads(signature())
    again = {**good, "payload": signature(make_package({"version": "9.0.0"})).decode()}
    refusals = {
        "signature_malformed": signature()[:-20],
        "signature_type": json.dumps({**good, "payloadType": "text/plain"}).encode(),
        "signature_unknown_key": signature(key=FOREIGN),
        "signature_other_package": signature(make_package({"version": "9.0.0"})),
        "signature_wrong": json.dumps(
            {**good, "signatures": json.loads(signature(b"x"))["signatures"]}
        ).encode(),
    }
    assert {expected: await code(deps, acme.manager, sent) for expected, sent in refusals.items()} == {
        expected: expected for expected in refusals
    }
    assert await code(deps, acme.manager, json.dumps(again).encode()) == "signature_malformed"
    assert await _count(urls, "releases") == 0
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_another_publishers_key_signs_nothing_here(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    await add(deps, globex.manager)
    assert await code(deps, acme.manager, signature()) == "signature_unknown_key"


async def test_a_revoked_key_signs_nothing_new_and_what_it_signed_stays_signed(
    deps: Deps, acme: Tenant
) -> None:
    await add(deps, acme.manager)
    release = await publish(deps, acme.manager, signature())
    async with deps.works.begin(acme.manager) as work:
        await catalog.revoke_signing_key(work, KEY.public.id)
    later = make_package({"version": "1.1.0"})
    with pytest.raises(SignatureNotAccepted) as refused:
        await publish(deps, acme.manager, signature(later), later)
    assert refused.value.faults[0].code == "signature_revoked_key"
    await catalog.check_signed(deps, release)
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(NoSuchSigningKey):
            await catalog.revoke_signing_key(work, KEY.public.id)
    with pytest.raises(SigningKeyKnown):
        await add(deps, acme.manager)


async def test_a_key_that_is_revoked_between_the_two_looks_signs_nothing(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(deps, acme.manager)
    put = deps.blobs.put

    async def revoking(sha256: str, content: bytes) -> None:
        await put(sha256, content)
        async with deps.works.begin(acme.manager) as work:
            if not (await catalog.list_signing_keys(work))[0].revoked_at:
                await catalog.revoke_signing_key(work, KEY.public.id)

    monkeypatch.setattr(deps.blobs, "put", revoking)
    assert await code(deps, acme.manager, signature()) == "signature_revoked_key"


async def test_a_publisher_who_signs_everything_publishes_nothing_unsigned(deps: Deps, acme: Tenant) -> None:
    await add(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        await catalog.require_signatures(work, required=True)
        assert await catalog.signatures_required(work)
    with pytest.raises(SignatureRequired):
        await publish(deps, acme.manager, None)
    await publish(deps, acme.manager, signature())
    async with deps.works.begin(acme.manager) as work:
        await catalog.require_signatures(work, required=False)
    unsigned = make_package({"version": "1.1.0"})
    assert (await publish(deps, acme.manager, None, unsigned)).signer is None


async def test_the_same_version_signed_twice_at_once_is_published_once(deps: Deps, acme: Tenant) -> None:
    await add(deps, acme.manager)
    ends = await asyncio.gather(
        *(publish(deps, acme.manager, signature()) for _ in range(3)), return_exceptions=True
    )
    assert [type(end) for end in ends].count(VersionTaken) == 2
    assert [type(end) for end in ends].count(ReleaseView) == 1


async def test_keys_are_the_business_of_who_may_publish(deps: Deps, acme: Tenant) -> None:
    for act in (
        lambda work: catalog.add_signing_key(work, "x", KEY.public.pem()),
        lambda work: catalog.revoke_signing_key(work, KEY.public.id),
        lambda work: catalog.require_signatures(work, required=True),
    ):
        with pytest.raises(NotAllowed):
            async with deps.works.begin(acme.agent) as work:
                await act(work)


@pytest.mark.parametrize("pem", [b"", b"nothing", KEY.pem(), b"x" * 10_000])
async def test_what_is_no_public_key_is_not_registered(deps: Deps, acme: Tenant, pem: bytes) -> None:
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(Invalid):
            await catalog.add_signing_key(work, "x", pem)


@pytest.mark.parametrize(
    "tampering",
    [
        "update releases set signature = 'x'",
        "update releases set signature = null",
        "update releases set component_sha256 = repeat('ab', 32)",
        "update releases set signer = repeat('ab', 32)",
        "update releases set signer = null",
        "delete from signing_keys",
        "update signing_keys set public_key = decode(repeat('ab', 32), 'hex')",
    ],
)
async def test_installing_finds_what_was_changed_behind_a_signature(
    deps: Deps, acme: Tenant, urls: DatabaseUrls, tampering: str
) -> None:
    await add(deps, acme.manager)
    release = await publish(deps, acme.manager, signature())
    await catalog.check_signed(deps, release)
    await _own(urls, f"alter table releases disable trigger user; {tampering}")
    async with deps.works.begin(acme.viewer) as work:
        release = await catalog.find_release(work, "acme.echo", "1.0.0")
    with pytest.raises(SignatureBroken):
        await catalog.check_signed(deps, release)


async def test_installing_finds_a_package_that_was_changed_or_lost(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(deps, acme.manager)
    release = await publish(deps, acme.manager, signature())

    async def changed(_: str) -> bytes:
        return make_package({"version": "9.0.0"})

    async def lost(sha256: str) -> bytes:
        raise KeyError(sha256)

    for get in (changed, lost):
        monkeypatch.setattr(deps.blobs, "get", get)
        with pytest.raises(SignatureBroken):
            await catalog.check_signed(deps, release)


async def test_an_unsigned_release_has_nothing_to_check(deps: Deps, acme: Tenant) -> None:
    await catalog.check_signed(deps, await publish(deps, acme.manager, None))


async def test_keys_policy_and_signature_by_their_routes(client: Client, deps: Deps, acme: Tenant) -> None:
    token = acme.tokens["ProjectManager"]
    wanted = {"name": "laptop", "public_key": KEY.public.pem().decode()}
    added = await client.post("/api/signing-keys", token, json=wanted)
    assert (added.status, added.json["id"]) == (201, KEY.public.id)
    assert (await client.get("/api/signing-keys", token)).json["items"] == [added.json]
    assert (await client.send("PUT", "/api/signing-policy", token, json={"required": True})).status == 200
    assert (await client.get("/api/signing-policy", token)).json == {"required": True}
    unsigned = await client.post("/api/plugins", token, data=_form(None))
    assert (unsigned.status, unsigned.json["type"]) == (422, "/problems/signature-required")
    refused = await client.post("/api/plugins", token, data=_form(signature(key=FOREIGN)))
    assert refused.json["errors"][0]["code"] == "signature_unknown_key"
    published = await client.post(
        "/api/plugins", token, data=_form(signature()), headers={"Prefer": "respond-async"}
    )
    assert (published.status, published.json["signer"]) == (201, KEY.public.id)
    shown = await client.get("/api/plugins/acme.echo/versions/1.0.0/signature", token)
    assert shown.json["envelope"].encode() == signature()
    assert shown.json["key"]["public_key"].encode() == KEY.public.pem()
    assert (await client.get("/api/plugins/acme.echo/versions/1.0.0/signature")).status == 404
    assert (await client.send("DELETE", f"/api/signing-keys/{KEY.public.id}", token)).status == 204
    assert (await client.get("/api/signing-keys")).status == 401


async def test_a_release_without_a_signature_says_so(client: Client, deps: Deps, acme: Tenant) -> None:
    await publish_listed(deps, acme.manager)
    answer = await client.get("/api/plugins/acme.echo/versions/1.0.0/signature")
    assert (answer.status, answer.json["type"]) == (404, "/problems/no-signature")


async def test_the_database_shows_a_tenants_keys_to_nobody_else_before_something_is_listed(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls
) -> None:
    await add(deps, acme.manager)
    app = await asyncpg.connect(urls.app)
    try:
        for tenant, seen in ((acme, 1), (globex, 0)):
            async with app.transaction():
                await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
                assert await app.fetchval("select count(*) from signing_keys") == seen
                if tenant is globex:
                    assert await app.execute("update signing_keys set revoked_at = now()") == "UPDATE 0"
    finally:
        await app.close()


def _form(envelope: bytes | None) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("package", PACKAGE, filename="a.aeiplugin")
    if envelope is not None:
        form.add_field("signature", envelope, filename="signature.json")
    return form


async def _count(urls: DatabaseUrls, table: str) -> int:
    connection = await asyncpg.connect(urls.owner)
    try:
        return int(await connection.fetchval(f"select count(*) from {table}"))
    finally:
        await connection.close()


async def _own(urls: DatabaseUrls, statement: str) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
