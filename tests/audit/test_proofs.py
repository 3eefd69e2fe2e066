"""Proofs by API: what a caller gets is enough to check it without us, and only about their own entries."""

import base64
import json
from uuid import uuid4

import asyncpg
import pytest

from aei_inspection.notes import VerifyingKey, open_checkpoint, parse_note
from aei_protocol.merkle import ProofWrong, check_consistency, check_inclusion, leaf_hash
from aei_sdk.client import Client as SdkClient
from aei_sdk.proving_entries import prove_entry
from tests.audit.conftest import KEY, Log
from tests.builders import make_staff, make_tenant


def raw(text: str) -> bytes:
    return base64.b64decode(text)


async def entries_of(client, token: str, **wanted) -> list[dict]:
    found = await client.get("/api/audit", token, params={"action": "thing.do", **wanted})
    assert found.status == 200, found.body
    return found.json["items"]


async def two_tenants(log: Log):
    acme, globex = await make_tenant(log.works, "acme"), await make_tenant(log.works, "globex")
    for _ in range(3):
        await log.write(acme.admin, 3)
        await log.write(globex.admin, 2)
    await log.sign()
    return acme, globex


async def test_every_entry_of_a_tenant_is_proven_and_the_proof_holds_without_us(client, log: Log):
    acme, _ = await two_tenants(log)
    items = await entries_of(client, acme.tokens["Admin"])
    assert len(items) == 9
    for item in items:
        proof = (await client.get(f"/api/audit/proof/{item['id']}", acme.tokens["Admin"])).json
        checkpoint = open_checkpoint(proof["checkpoint"]["note"], KEY.verifying)
        content = raw(proof["leaf"])
        assert json.loads(content.partition(b"\n")[2])["id"] == item["id"]
        assert leaf_hash(content) == raw(proof["leaf_hash"])
        hashes = [raw(value) for value in proof["proof"]]
        check_inclusion(leaf_hash(content), proof["sequence"], checkpoint.size, hashes, checkpoint.root)
        assert VerifyingKey.parse(proof["checkpoint"]["key"]) == KEY.verifying


async def test_the_python_client_proves_an_entry_and_exports_what_it_found(client, log: Log):
    acme, _ = await two_tenants(log)
    item = (await entries_of(client, acme.tokens["Admin"]))[4]
    async with SdkClient(client.url, acme.tokens["Admin"]) as sdk:
        proof = await sdk.audit.proof(item["id"])
        proven = await prove_entry(sdk, item["id"], proof, KEY.verifying, None)
        assert (proven.sequence, proven.document["id"]) == (item["sequence"], item["id"])
        await log.write(acme.admin, 4)
        await log.sign()
        again = await sdk.audit.proof(item["id"])
        grown = await prove_entry(sdk, item["id"], again, KEY.verifying, proven.checkpoint)
        assert (grown.since, grown.checkpoint.size) == (proven.checkpoint.size, proven.checkpoint.size + 4)
        exported = b"".join([piece async for piece in sdk.audit.export("jsonl", action="thing.do")])
    assert item["id"] in {json.loads(line)["id"] for line in exported.splitlines()}


async def test_a_proof_for_another_leaf_does_not_hold(client, log: Log):
    acme, _ = await two_tenants(log)
    one, other = (await entries_of(client, acme.tokens["Admin"]))[:2]
    proof = (await client.get(f"/api/audit/proof/{one['id']}", acme.tokens["Admin"])).json
    another = (await client.get(f"/api/audit/proof/{other['id']}", acme.tokens["Admin"])).json
    root, size = raw(proof["checkpoint"]["root"]), proof["checkpoint"]["size"]
    hashes = [raw(value) for value in proof["proof"]]
    with pytest.raises(ProofWrong):
        check_inclusion(raw(another["leaf_hash"]), proof["sequence"], size, hashes, root)
    with pytest.raises(ProofWrong):
        check_inclusion(raw(proof["leaf_hash"]), another["sequence"], size, hashes, root)


async def test_a_proof_comes_in_the_form_that_other_programs_read_too(client, log: Log):
    acme, _ = await two_tenants(log)
    item = (await entries_of(client, acme.tokens["Admin"]))[0]
    proof = (await client.get(f"/api/audit/proof/{item['id']}", acme.tokens["Admin"])).json
    head, _, note = proof["tlog_proof"].partition("\n\n")
    assert head.split("\n") == [
        "c2sp.org/tlog-proof@v1",
        f"index {proof['sequence']}",
        *proof["proof"],
    ]
    assert parse_note(note) == parse_note(proof["checkpoint"]["note"])


async def test_another_tenants_entry_has_no_proof_and_is_not_known(client, log: Log):
    acme, globex = await two_tenants(log)
    theirs = (await entries_of(client, globex.tokens["Admin"]))[0]
    refused = await client.get(f"/api/audit/proof/{theirs['id']}", acme.tokens["Admin"])
    unknown = await client.get(f"/api/audit/proof/{uuid4()}", acme.tokens["Admin"])
    assert refused.status == unknown.status == 404
    assert refused.json["type"] == unknown.json["type"]


async def test_the_operator_proves_every_tenants_entries(client, log: Log):
    _, globex = await two_tenants(log)
    _, token = await make_staff(log.works)
    theirs = (await entries_of(client, globex.tokens["Admin"]))[0]
    assert (await client.get(f"/api/audit/proof/{theirs['id']}", token)).status == 200


@pytest.mark.parametrize(
    "path", ["proof/0198c5c8-0000-7000-8000-000000000000", "checkpoint", "consistency?from=1"]
)
async def test_without_the_right_to_read_the_log_nothing_of_it_is_shown(client, log: Log, path: str):
    acme, _ = await two_tenants(log)
    assert (await client.get(f"/api/audit/{path}")).status == 401
    assert (await client.get(f"/api/audit/{path}", acme.tokens["Agent"])).status == 403


async def test_an_entry_after_the_newest_checkpoint_is_not_provable_yet(client, log: Log):
    acme, _ = await two_tenants(log)
    await log.write(acme.admin, 1)
    newest = (await entries_of(client, acme.tokens["Admin"], limit=1))[0]
    answer = await client.get(f"/api/audit/proof/{newest['id']}", acme.tokens["Admin"])
    assert (answer.status, answer.headers["Retry-After"]) == (409, "60")
    assert answer.json["type"].endswith("not-yet-provable")


async def test_before_the_first_checkpoint_there_is_nothing_to_show(client, log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 1)
    assert (await client.get("/api/audit/checkpoint", acme.tokens["Admin"])).status == 404


async def test_the_checkpoint_is_the_note_itself_where_text_is_asked_for(client, log: Log):
    acme, _ = await two_tenants(log)
    token = acme.tokens["Admin"]
    document = (await client.get("/api/audit/checkpoint", token)).json
    text = await client.get("/api/audit/checkpoint", token, headers={"Accept": "text/plain"})
    assert text.body.decode() == document["note"]
    assert open_checkpoint(text.body, KEY.verifying).size == document["size"]


async def test_whoever_holds_an_older_checkpoint_sees_that_the_log_only_grew(client, log: Log):
    acme, _ = await two_tenants(log)
    token = acme.tokens["Admin"]
    old = open_checkpoint((await client.get("/api/audit/checkpoint", token)).json["note"], KEY.verifying)
    await log.write(acme.admin, 4)
    await log.sign()
    grown = (await client.get("/api/audit/consistency", token, params={"from": old.size})).json
    new = open_checkpoint(grown["checkpoint"]["note"], KEY.verifying)
    assert (grown["from"], grown["to"]) == (old.size, new.size)
    hashes = [raw(value) for value in grown["proof"]]
    check_consistency(old.size, old.root, new.size, new.root, hashes)
    with pytest.raises(ProofWrong):
        check_consistency(old.size, b"x" * 32, new.size, new.root, hashes)


@pytest.mark.parametrize(
    "sizes", [{"from": 10**9}, {"from": 2, "to": 1}, {"from": 1, "to": 10**9}, {"from": -1}]
)
async def test_sizes_between_which_nothing_can_be_proven_are_refused(client, log: Log, sizes: dict):
    acme, _ = await two_tenants(log)
    answer = await client.get("/api/audit/consistency", acme.tokens["Admin"], params=sizes)
    assert answer.status == 422


async def test_erasing_a_person_leaves_the_proof_of_the_entry_as_it_was(client, log: Log):
    acme, _ = await two_tenants(log)
    token = acme.tokens["Admin"]
    item = (await entries_of(client, token))[0]
    assert item["personal"]
    before = (await client.get(f"/api/audit/proof/{item['id']}", token)).json
    async with log.works.system("tests") as work:
        await work.connection.exec_driver_sql("delete from audit_personal")
    assert (await entries_of(client, token))[0]["personal"] == {}
    assert (await client.get(f"/api/audit/proof/{item['id']}", token)).json == before


async def test_whose_a_leaf_is_is_looked_up_and_never_listed(log: Log, urls):
    """A plan that lists a tenant's entries is kept by connections, and slow once there are many."""
    acme, _ = await two_tenants(log)
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(acme.id))
            for table in ("audit_leaves", "audit_personal"):
                query = f"explain select * from {table} where entry_id = '{uuid4()}'"
                plan = "\n".join(row[0] for row in await connection.fetch(query))
                assert "SubPlan" in plan
                assert "hashed" not in plan
    finally:
        await connection.close()
