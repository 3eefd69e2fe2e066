"""The pages of the log: who reads what, and a proof that does not hold is said."""

from dataclasses import replace
from uuid import uuid4

import pytest

from aei_marketplace.audit.pages.entries import holds
from aei_marketplace.audit.service import Wanted, prove_entry, search
from aei_marketplace.ground.paging import PageWanted
from aei_protocol.merkle import leaf_hash
from tests.audit.conftest import Log
from tests.builders import make_staff, make_tenant

HTML = {"Accept": "text/html"}


async def entry_of(log: Log, actor, action: str):
    found = await search(log.works, actor, "0" * 32, Wanted(action=action), PageWanted())
    return found.items[0].id


async def test_a_proof_holds_and_one_with_anything_changed_does_not(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 3)
    await log.sign()
    proof = await prove_entry(log.works, acme.admin, "0" * 32, await entry_of(log, acme.admin, "thing.do"))
    assert holds(proof)
    assert proof.content is not None
    forged = proof.content.replace(b"thing.do", b"thing.no")
    assert not holds(replace(proof, content=forged))
    assert not holds(replace(proof, content=forged, leaf_hash=leaf_hash(forged)))
    assert not holds(replace(proof, sequence=proof.sequence - 1))
    assert not holds(replace(proof, hashes=[bytes(32), *proof.hashes[1:]]))
    assert not holds(replace(proof, head=replace(proof.head, root=bytes(32))))


async def test_an_entry_that_was_changed_behind_our_back_is_shown_as_not_proven(client, log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 2)
    await log.sign()
    entry = await entry_of(log, acme.admin, "thing.do")
    page = f"/admin/audit/{entry}"
    good = await client.get(page, acme.tokens["Admin"], headers=HTML)
    assert b"It is in the log." in good.body
    await log.tamper(f"update audit_entries set content = content || ' '::bytea where id = '{entry}'")
    bad = await client.get(page, acme.tokens["Admin"], headers=HTML)
    assert b"The proof does not hold." in bad.body


async def test_another_tenants_entry_is_not_there_and_its_names_are_not_told(client, log: Log):
    acme, globex = await make_tenant(log.works, "acme"), await make_tenant(log.works, "globex")
    await log.write(globex.admin, 1)
    theirs = await entry_of(log, globex.admin, "thing.do")
    admin = acme.tokens["Admin"]
    assert (await client.get(f"/admin/audit/{theirs}", admin, headers=HTML)).status == 404
    assert (await client.get(f"/admin/audit/{uuid4()}", admin, headers=HTML)).status == 404
    found = await client.get(f"/admin/audit?actor={globex.admin.id}", admin, headers=HTML)
    assert found.status == 200
    assert b"globex" not in found.body
    _, staff = await make_staff(log.works)
    assert b"globex Admin" in (await client.get("/admin/audit", staff, headers=HTML)).body


@pytest.mark.parametrize("role", ["ProjectManager", "Agent", "Viewer"])
async def test_who_may_not_read_the_log_is_refused(client, log: Log, role: str):
    acme = await make_tenant(log.works, "acme")
    for path in ("/admin/audit", "/admin/audit?actor=x", f"/admin/audit/{uuid4()}"):
        assert (await client.get(path, acme.tokens[role], headers=HTML)).status == 403
    _, moderator = await make_staff(log.works, "Moderator")
    assert (await client.get("/admin/audit", moderator, headers=HTML)).status == 403


@pytest.mark.parametrize("query", ["q=%00%00", "cursor=zzz", "until=9999-99-99", "action=%00"])
async def test_a_hostile_filter_breaks_nothing(client, log: Log, query: str):
    acme = await make_tenant(log.works, "acme")
    answer = await client.get(f"/admin/audit?{query}", acme.tokens["Admin"], headers=HTML)
    assert answer.status == 422
