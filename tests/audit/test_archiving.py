"""Archives: entries go into a file that is verified first, and every proof stays what it was."""

import base64
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from aei_inspection.notes import open_checkpoint
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.audit.rules.verification.findings import Kind
from aei_marketplace.audit.service.archiving import archive_log
from aei_marketplace.audit.service.delivering import deliver_next
from aei_marketplace.ground.clock import utc_now
from aei_protocol.merkle import check_inclusion
from tests.audit.conftest import KEY, Log
from tests.audit.test_delivering import Collecting
from tests.audit.test_tampering import kinds, verify
from tests.builders import make_tenant, sequence_all

SOON = timedelta(hours=1)


@pytest.fixture
async def signed(log: Log) -> Log:
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 8)
    await log.sign()
    log.tenant = acme
    return log


async def archive(log: Log, before: datetime | None = None) -> int:
    taken = await archive_log(log.works, log.archives, before or datetime.now(UTC) + SOON)
    await sequence_all(log.urls.system)
    await log.sign()
    return taken.entries


async def test_archived_entries_leave_the_database_and_the_log_still_verifies(signed: Log):
    total = (await signed.fetch("select count(*) from audit_entries"))[0][0]
    assert await archive(signed) == total
    assert [r[0] for r in await signed.fetch("select action from audit_entries")] == ["audit.archive"]
    verdict = await verify(signed)
    assert verdict.findings == ()
    assert verdict.archived == total
    assert verdict.proven == total + 1


async def test_archives_follow_each_other_without_a_gap(signed: Log):
    first = await archive(signed)
    await signed.write(signed.tenant.admin, 3)
    await signed.sign()
    assert await archive(signed) == 4
    rows = await signed.fetch("select first, after from audit_archives order by first")
    assert [tuple(row) for row in rows] == [(0, first), (first, first + 4)]
    assert (await verify(signed)).findings == ()


async def test_a_tenant_still_proves_an_archived_entry_with_the_bytes_from_the_file(client, signed: Log):
    token = signed.tenant.tokens["Admin"]
    found = await client.get("/api/audit", token, params={"action": "thing.do"})
    entry = found.json["items"][0]
    await archive(signed)
    proof = (await client.get(f"/api/audit/proof/{entry['id']}", token)).json
    assert proof["leaf"] is None
    lines = [json.loads(line) for line in signed.archives.lines(proof["archive"])]
    line = next(line for line in lines if line["sequence"] == proof["sequence"])
    assert base64.b64decode(proof["leaf_hash"]).hex() == line["leaf_hash"]
    assert entry["id"] in line["entry"]
    checkpoint = open_checkpoint(proof["checkpoint"]["note"], KEY.verifying)
    hashes = [base64.b64decode(value) for value in proof["proof"]]
    leaf = bytes.fromhex(line["leaf_hash"])
    check_inclusion(leaf, proof["sequence"], checkpoint.size, hashes, checkpoint.root)
    globex = await make_tenant(signed.works, "globex")
    assert (await client.get(f"/api/audit/proof/{entry['id']}", globex.tokens["Admin"])).status == 404


async def test_a_person_can_be_erased_after_their_entries_were_archived(signed: Log):
    await archive(signed)
    assert not any(b"by hand" in line for line in signed.archives.lines("audit-0-20.jsonl"))
    async with signed.works.system("tests") as work:
        await work.connection.exec_driver_sql("delete from audit_personal")
    assert (await verify(signed)).findings == ()


async def test_what_no_checkpoint_covers_is_too_young_or_was_not_delivered_stays(signed: Log):
    assert await archive(signed, datetime.now(UTC) - SOON) == 0
    connection = await asyncpg.connect(signed.urls.system)
    try:
        await deliver_next(connection, Collecting(), utc_now, 5)
    finally:
        await connection.close()
    await signed.write(signed.tenant.admin, 2)
    assert await archive(signed) == 5


async def test_without_a_checkpoint_nothing_is_archived(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 2)
    assert (await archive_log(log.works, log.archives, datetime.now(UTC) + SOON)).entries == 0


async def test_an_edited_entry_is_not_archived(signed: Log):
    await signed.tamper("update audit_entries set content = content || ' ' where resource_id = '3'")
    with pytest.raises(ArchiveRefused, match="not what its hash says"):
        await archive(signed)
    assert await signed.fetch("select from audit_archives") == []


class Rotting:
    """A disk that does not keep what is written."""

    def __init__(self, archives) -> None:
        self._archives = archives
        self.place, self.digest = archives.place, archives.digest

    def write(self, name: str, lines) -> None:
        self._archives.write(name, lines[:-1])

    def lines(self, name: str):
        return self._archives.lines(name)


async def test_nothing_is_deleted_when_the_file_is_not_what_was_written(signed: Log):
    before = await signed.fetch("select count(*) from audit_entries")
    with pytest.raises(ArchiveRefused, match="nothing was deleted"):
        await archive_log(signed.works, Rotting(signed.archives), datetime.now(UTC) + SOON)
    assert await signed.fetch("select count(*) from audit_entries") == before


async def test_a_changed_a_missing_and_an_invented_archive_are_named(signed: Log):
    total = await archive(signed)
    path = signed.folder.parent / "archive" / f"audit-0-{total - 1}.jsonl"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"thing.do", b"thing.no", 1))
    assert kinds(await verify(signed)) == [Kind.ARCHIVE_CHANGED]
    path.unlink()
    assert kinds(await verify(signed)) == [Kind.ARCHIVE_MISSING]
    path.write_bytes(content)
    await signed.tamper("update audit_archives set file_name = '../../etc/passwd'")
    assert kinds(await verify(signed)) == [Kind.DELETED, Kind.ARCHIVE_CHANGED]


async def test_deleted_entries_are_not_made_good_by_calling_them_archived(signed: Log):
    await signed.tamper(
        "insert into audit_archives"
        " values (0, 5, 'audit-0-4.jsonl', decode(repeat('00', 32), 'hex'), 1, now())",
        "delete from audit_entries e using audit_leaves l where l.entry_id = e.id and l.sequence < 5",
    )
    assert kinds(await verify(signed)) == [Kind.DELETED, Kind.ARCHIVE_MISSING]


async def test_the_system_role_cannot_delete_entries_past_the_archive(signed: Log):
    connection = await asyncpg.connect(signed.urls.system)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "select set_config('aei.archiving', 'on', false); delete from audit_entries"
            )
        with pytest.raises(asyncpg.NoDataFoundError):
            await connection.execute("select audit_take_out(0)")
    finally:
        await connection.close()
