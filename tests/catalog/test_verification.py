"""Verified publishers: a domain proves who they are, as long as it does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import DomainKnown, NoSuchDomain, TooManyDomains
from aei_marketplace.catalog.events import DomainProofMoved
from aei_marketplace.catalog.rules.verification import (
    HOLDS_FOR,
    MOST_PROOFS,
    SOUGHT_FOR,
    DomainProof,
    Method,
    ProofState,
    check_domain,
    is_proven,
    looked,
)
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import new_id, utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from aei_marketplace.ground.ports import DomainSilent
from tests.builders import Tenant
from tests.clocks import Time
from tests.publishing import publish_listed
from tests.serving import Client


@dataclass
class FakeDomains:
    """Domains on which the test puts what it likes; those that it does not name are silent."""

    records: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    async def text_records(self, name: str) -> Sequence[str]:
        if name not in self.records:
            raise DomainSilent("nobody answers")
        return self.records[name]

    async def read_file(self, domain: str, path: str) -> str:
        if f"https://{domain}{path}" not in self.files:
            raise DomainSilent("nobody answers")
        return self.files[f"https://{domain}{path}"]


@pytest.fixture
def domains() -> FakeDomains:
    return FakeDomains()


async def prove(
    deps: Deps, actor: Actor, domain: str = "acme.example", method: Method = Method.DNS
) -> DomainProof:
    async with deps.works.begin(actor) as work:
        return await catalog.prove_domain(work, domain, method)


async def only(deps: Deps, actor: Actor) -> DomainProof:
    async with deps.works.begin(actor) as work:
        [proof] = await catalog.list_domains(work)
    return proof


async def is_marked(deps: Deps, actor: Actor) -> bool:
    async with deps.works.begin(actor) as work:
        return (await catalog.find_plugin(work, "acme.echo")).publisher_verified


async def test_a_record_verifies_the_publisher_and_its_listings_show_it(
    deps: Deps, acme: Tenant, globex: Tenant, domains: FakeDomains
) -> None:
    await publish_listed(deps, acme.manager)
    proof = await prove(deps, acme.manager, "ACME.example.")
    assert (proof.place, proof.state) == ("_aei-publisher.acme.example", ProofState.WAITING)
    domains.records[proof.place] = ["v=spf1 -all", proof.expected]
    assert not await is_marked(deps, globex.viewer)
    assert await catalog.check_domains(deps.works, domains) == 1
    assert (await only(deps, acme.manager)).state is ProofState.VERIFIED
    assert await is_marked(deps, globex.viewer)


async def test_a_file_verifies_the_publisher(deps: Deps, acme: Tenant, domains: FakeDomains) -> None:
    proof = await prove(deps, acme.manager, method=Method.FILE)
    assert proof.place == "https://acme.example/.well-known/aei-publisher.txt"
    domains.files[proof.place] = f"# ours\r\n{proof.expected}\r\n"
    await catalog.check_domains(deps.works, domains)
    assert (await only(deps, acme.manager)).state is ProofState.VERIFIED


async def test_another_tenants_token_proves_nothing(
    deps: Deps, acme: Tenant, globex: Tenant, domains: FakeDomains
) -> None:
    mine, theirs = await prove(deps, acme.manager), await prove(deps, globex.manager)
    domains.records[mine.place] = [theirs.expected]
    await catalog.check_domains(deps.works, domains)
    waiting = await only(deps, acme.manager)
    assert (waiting.state, waiting.problem) == (
        ProofState.WAITING,
        "_aei-publisher.acme.example does not hold the expected text",
    )
    assert (await only(deps, globex.manager)).state is ProofState.VERIFIED


async def test_an_answer_that_changes_takes_the_mark_after_a_week_and_an_outage_does_not(
    deps: Deps, acme: Tenant, domains: FakeDomains, time: Time
) -> None:
    await publish_listed(deps, acme.manager)
    proof = await prove(deps, acme.manager)
    domains.records[proof.place] = [proof.expected]
    await catalog.check_domains(deps.works, domains)
    time.ahead += timedelta(days=2)
    del domains.records[proof.place]  # an outage
    await catalog.check_domains(deps.works, domains)
    assert await is_marked(deps, acme.viewer)
    assert (await only(deps, acme.manager)).problem == "nobody answers"
    time.ahead += timedelta(days=2)
    domains.records[proof.place] = [proof.expected]
    await catalog.check_domains(deps.works, domains)
    domains.records[proof.place] = ["another owner's"]
    time.ahead += HOLDS_FOR - timedelta(hours=1)
    await catalog.check_domains(deps.works, domains)
    assert await is_marked(deps, acme.viewer)
    time.ahead += timedelta(hours=1)
    await catalog.check_domains(deps.works, domains)
    assert not await is_marked(deps, acme.viewer)
    assert (await only(deps, acme.manager)).state is ProofState.LAPSED
    assert await catalog.check_domains(deps.works, domains) == 0


async def test_a_proof_that_never_appears_is_given_up_after_a_week_and_can_be_begun_anew(
    deps: Deps, acme: Tenant, domains: FakeDomains, time: Time
) -> None:
    first = await prove(deps, acme.manager)
    with pytest.raises(DomainKnown):
        await prove(deps, acme.manager)
    time.ahead += SOUGHT_FOR
    await catalog.check_domains(deps.works, domains)
    assert (await only(deps, acme.manager)).state is ProofState.FAILED
    assert (await prove(deps, acme.manager)).token != first.token


async def test_the_mark_stays_while_another_domain_proves_and_goes_with_the_last(
    deps: Deps, acme: Tenant, domains: FakeDomains
) -> None:
    await publish_listed(deps, acme.manager)
    proofs = [await prove(deps, acme.manager, name) for name in ("acme.example", "acme.test")]
    domains.records.update({proof.place: [proof.expected] for proof in proofs})
    await catalog.check_domains(deps.works, domains)
    for proof, marked in zip(proofs, (True, False), strict=True):
        async with deps.works.begin(acme.manager) as work:
            await catalog.forget_domain(work, proof.id)
        assert await is_marked(deps, acme.viewer) is marked


async def test_a_proof_that_is_forgotten_while_it_is_looked_for_marks_nobody(
    deps: Deps, acme: Tenant, domains: FakeDomains
) -> None:
    await publish_listed(deps, acme.manager)
    proof = await prove(deps, acme.manager)

    class Slow(FakeDomains):
        async def text_records(self, name: str) -> Sequence[str]:
            async with deps.works.begin(acme.manager) as work:
                await catalog.forget_domain(work, proof.id)
            return [proof.expected]

    await catalog.check_domains(deps.works, Slow())
    assert not await is_marked(deps, acme.viewer)


async def test_verifying_and_lapsing_stand_in_the_tenants_audit_log_and_are_told(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, domains: FakeDomains, time: Time
) -> None:
    proof = await prove(deps, acme.manager)
    domains.records[proof.place] = [proof.expected]
    await catalog.check_domains(deps.works, domains)
    domains.records[proof.place] = []
    time.ahead += HOLDS_FOR
    await catalog.check_domains(deps.works, domains)
    owner = await asyncpg.connect(urls.owner)
    rows = await owner.fetch(
        "select action from audit_entries where tenant_id = $1 and action like 'publisher.%' order by id",
        acme.id,
    )
    queued = "select payload from pgqueuer where entrypoint = $1 order by id"
    told = [row["payload"] for row in await owner.fetch(queued, DomainProofMoved.kind)]
    await owner.close()
    assert [row["action"] for row in rows] == [
        "publisher.create",
        "publisher.claim_domain",
        "publisher.verify",
        "publisher.lapse",
    ]
    assert [json.loads(message)["event"]["state"] for message in told] == ["verified", "lapsed"]


async def test_domains_need_the_action_belong_to_their_tenant_and_are_bounded(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    with pytest.raises(NotAllowed):
        await prove(deps, acme.agent)
    proof = await prove(deps, acme.manager)
    for stranger, wanted in ((globex.manager, proof.id), (acme.manager, uuid4())):
        with pytest.raises(NoSuchDomain):
            async with deps.works.begin(stranger) as work:
                await catalog.forget_domain(work, wanted)
    for number in range(MOST_PROOFS - 1):
        await prove(deps, acme.manager, f"d{number}.example")
    with pytest.raises(TooManyDomains):
        await prove(deps, acme.manager, "one-more.example")


async def test_the_policies_hide_proofs_from_others_and_let_no_request_verify(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await prove(deps, acme.manager)
    app = await asyncpg.connect(urls.app)
    for tenant, seen in ((acme, 1), (globex, 0)):
        async with app.transaction():
            await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
            assert await app.fetchval("select count(*) from publisher_domains") == seen
            assert await app.execute("delete from publisher_domains") == f"DELETE {seen}"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app.transaction():
                await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
                await app.execute("update publisher_domains set state = 'verified'")
    await app.close()


async def test_the_routes_tell_what_to_put_where(client: Client, acme: Tenant) -> None:
    token = acme.tokens["ProjectManager"]
    made = await client.post(
        "/api/publisher/domains", token, json={"domain": "acme.example", "method": "file"}
    )
    assert (made.status, made.json["state"]) == (201, "waiting")
    assert made.json["expected"].startswith("aei-publisher-verification=")
    listed = await client.get("/api/publisher/domains", token)
    assert listed.json["items"] == [made.json]
    path = f"/api/publisher/domains/{made.json['id']}"
    assert (await client.send("DELETE", path, token)).status == 204
    assert (await client.send("DELETE", path, token)).status == 404
    refused = await client.post("/api/publisher/domains", token, json={"domain": "10.0.0.1"})
    assert refused.status == 422


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "127.0.0.1",
        "0x7f.1",
        "[::1]",
        "a..b",
        "acme.example/x",
        "ä.example",
        "a" * 260 + ".b",
    ],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        check_domain(text)


def a_proof(state: ProofState) -> DomainProof:
    now = utc_now()
    tenant = new_id()
    return DomainProof(
        new_id(),
        tenant,
        tenant,
        "a.example",
        Method.DNS,
        "t" * 43,
        state,
        None,
        now,
        None,
        now + HOLDS_FOR,
        now,
    )


@given(st.sampled_from([ProofState.WAITING, ProofState.VERIFIED]), st.booleans(), st.integers(0, 30 * 24))
def test_an_open_proof_is_always_looked_for_again_and_an_ended_one_never(
    state: ProofState, seen: bool, hours: int
) -> None:
    before = a_proof(state)
    now = before.created_at + timedelta(hours=hours)
    after = looked(before, None if seen else "not there", now)
    is_open = after.state in (ProofState.WAITING, ProofState.VERIFIED)
    assert (after.next_check_at is not None) == is_open
    assert is_open == (seen or now < before.expires_at)
    assert (after.state is ProofState.VERIFIED) == (seen or (state is ProofState.VERIFIED and is_open))


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: s + "x", lambda s: s.upper(), lambda s: "ä" + s]
)
def test_only_the_exact_text_proves(change) -> None:  # type: ignore[no-untyped-def]  # a lambda of the list above
    proof = a_proof(ProofState.WAITING)
    assert is_proven(proof, ["", f" {proof.expected} "])
    assert not is_proven(proof, [change(proof.expected)])
