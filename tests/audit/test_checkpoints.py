"""Signing: when, what, and what is never signed."""

import asyncio

import asyncpg
import pytest

from aei_inspection.notes import Checkpoint, SigningKey, open_checkpoint
from aei_marketplace.audit.errors import CheckpointRefused
from aei_marketplace.audit.rules.checkpoints import LONGEST_UNSIGNED_S, MOST_UNSIGNED, is_due
from aei_marketplace.audit.service.signing import Signing
from aei_protocol.merkle import Tree
from tests.audit.conftest import KEY, Log
from tests.builders import make_tenant


@pytest.mark.parametrize(
    ("unsigned", "waited", "due"),
    [
        (0, 1e9, False),
        (1, LONGEST_UNSIGNED_S - 0.1, False),
        (1, LONGEST_UNSIGNED_S, True),
        (MOST_UNSIGNED - 1, 0, False),
        (MOST_UNSIGNED, 0, True),
    ],
)
def test_a_checkpoint_is_due_after_a_minute_or_a_thousand_entries(unsigned, waited, due):
    assert is_due(unsigned, waited) is due


async def test_what_is_signed_is_the_tree_and_lies_in_the_database_and_outside(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 5)
    signed = await log.sign()
    leaves = [bytes(r[0]) for r in await log.fetch("select leaf_hash from audit_leaves order by sequence")]
    tree = Tree()
    tree.extend(leaves)
    assert signed == Checkpoint("log.example/audit", len(leaves), tree.root())
    row = (await log.fetch("select * from audit_checkpoints"))[0]
    assert open_checkpoint(row["note"], KEY.verifying) == signed
    assert await log.signer.shelf.latest() == row["note"]
    assert (row["size"], bytes(row["root"]), row["verifying_key"]) == (
        signed.size,
        signed.root,
        KEY.verifying.text(),
    )


async def test_a_tree_that_has_not_grown_is_not_signed_twice(log: Log):
    await make_tenant(log.works, "acme")
    assert await log.sign() is None
    acme = await make_tenant(log.works, "globex")
    await log.write(acme.admin, 1)
    assert await log.sign() is not None
    assert await log.sign() is None


async def test_a_new_process_goes_on_where_the_last_one_stopped(log: Log):
    acme = await make_tenant(log.works, "acme")
    sizes = []
    for _ in range(3):
        await log.write(acme.admin, 3)
        log.signer = log.new_signer()
        sizes.append((await log.sign()).size)
    assert sizes == [sizes[0], sizes[0] + 3, sizes[0] + 6]


async def test_of_two_processes_that_sign_at_once_neither_contradicts_the_other(log: Log):
    acme = await make_tenant(log.works, "acme")
    signers = [log.new_signer() for _ in range(3)]
    connections = [await asyncpg.connect(log.urls.system) for _ in signers]
    try:
        for _ in range(5):
            await log.write(acme.admin, 2)
            await asyncio.gather(*(s.sign(c) for s, c in zip(signers, connections, strict=True)))
    finally:
        for connection in connections:
            await connection.close()
    inside = [r["note"] for r in await log.fetch("select note from audit_checkpoints order by size")]
    outside = [kept.note.decode() for kept in log.signer.shelf.all()]
    assert inside == outside
    assert len(set(inside)) == len(inside) >= 1


async def test_after_a_crash_between_file_and_commit_the_next_start_completes_the_database(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 2)
    await log.sign()
    await log.write(acme.admin, 2)
    await log.sign()
    await log.tamper("delete from audit_checkpoints where size = (select max(size) from audit_checkpoints)")
    await log.write(acme.admin, 2)
    log.signer = log.new_signer()
    await log.sign()
    assert len(await log.fetch("select from audit_checkpoints")) == 3


class FullDisk:
    """A shelf on a disk that is full."""

    def __init__(self, shelf) -> None:
        self._shelf = shelf

    async def latest(self) -> str | None:
        return await self._shelf.latest()

    async def keep(self, note: str) -> None:
        raise OSError(28, "No space left on device")


async def test_what_cannot_be_kept_outside_is_not_signed_in_the_database_either(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 2)
    whole, log.signer.shelf = log.signer.shelf, FullDisk(log.signer.shelf)
    with pytest.raises(OSError, match="No space"):
        await log.sign()
    assert await log.fetch("select from audit_checkpoints") == []
    log.signer.shelf = whole
    assert await log.sign() is not None


async def refused(log: Log, match: str, fresh: bool = True) -> None:
    before = len(await log.fetch("select from audit_checkpoints"))
    if fresh:
        log.signer = log.new_signer()
    with pytest.raises(CheckpointRefused, match=match):
        await log.sign()
    assert len(await log.fetch("select from audit_checkpoints")) == before


async def signed_log(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 6)
    await log.sign()
    return acme


async def test_a_rewritten_log_is_never_signed(log: Log):
    acme = await signed_log(log)
    await log.tamper(
        "update audit_leaves set leaf_hash = decode(repeat('ab', 32), 'hex') where sequence = 2",
        "delete from audit_nodes",
    )
    leaves = [bytes(r[0]) for r in await log.fetch("select leaf_hash from audit_leaves order by sequence")]
    for node in Tree().extend(leaves):
        await log.tamper(
            f"insert into audit_nodes values ({node.level}, {node.position}, '\\x{node.hash.hex()}')"
        )
    await log.write(acme.admin, 3)
    await refused(log, "does not begin with")


async def test_a_shortened_or_wiped_log_is_never_signed(log: Log):
    acme = await signed_log(log)
    await log.tamper("delete from audit_leaves", "delete from audit_nodes", "delete from audit_entries")
    await log.write(acme.admin, 1)
    await refused(log, "entries are missing")


async def test_an_older_folder_in_the_place_of_the_newest_is_refused(log: Log):
    acme = await signed_log(log)
    file = log.folder / "audit.notes"
    old = file.read_bytes()
    await log.write(acme.admin, 3)
    await log.sign()
    await log.write(acme.admin, 3)
    file.write_bytes(old)
    await refused(log, "older folder")
    file.unlink()
    await refused(log, "is none")


async def test_a_process_remembers_what_it_signed_even_when_file_and_table_forget(log: Log):
    acme = await signed_log(log)
    file = log.folder / "audit.notes"
    old = file.read_bytes()
    await log.write(acme.admin, 3)
    newest = await log.sign()
    await log.write(acme.admin, 3)
    file.write_bytes(old)
    await log.tamper(f"delete from audit_checkpoints where size = {newest.size}")
    await refused(log, "older folder", fresh=False)


async def test_a_checkpoint_by_another_key_is_not_gone_on_from(log: Log):
    acme = await signed_log(log)
    await log.write(acme.admin, 3)
    other = SigningKey.generate(KEY.name)
    checkpoint = Checkpoint(KEY.name, 3, b"x" * 32)
    (log.folder / "audit.notes").write_text(other.sign(checkpoint.text()) + "\n", "utf-8")
    await refused(log, "not signed by")


async def test_a_new_key_goes_on_from_the_old_ones_checkpoint(log: Log):
    acme = await signed_log(log)
    await log.write(acme.admin, 3)
    fresh = SigningKey.generate(KEY.name)
    log.signer = log.new_signer(fresh)
    signed = await log.sign()
    assert open_checkpoint(await log.signer.shelf.latest(), fresh.verifying) == signed


async def test_the_loop_signs_at_once_and_then_when_it_is_due(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 1)
    connection = await asyncpg.connect(log.urls.system)
    signing = Signing(log.signer)
    try:
        await signing.step(connection, 0)
        assert len(await log.fetch("select from audit_checkpoints")) == 1
        await log.write(acme.admin, 1)
        await signing.step(connection, 1)
        assert len(await log.fetch("select from audit_checkpoints")) == 1
        await signing.step(connection, MOST_UNSIGNED)
        assert len(await log.fetch("select from audit_checkpoints")) == 2
    finally:
        await connection.close()


async def test_the_loop_outlives_a_refusal(log: Log):
    acme = await signed_log(log)
    await log.write(acme.admin, 1)
    (log.folder / "audit.notes").unlink()
    connection = await asyncpg.connect(log.urls.system)
    try:
        await Signing(log.new_signer()).step(connection, MOST_UNSIGNED)
    finally:
        await connection.close()
    assert len(await log.fetch("select from audit_checkpoints")) == 1


@pytest.mark.parametrize(
    "attack",
    [
        "update audit_checkpoints set note = ''",
        "delete from audit_checkpoints",
        "truncate audit_checkpoints",
        "delete from audit_entries",
        "select audit_take_out(0)",
        "insert into audit_archives values (0, 1, 'x', decode(repeat('00', 32), 'hex'), 1, now())",
    ],
)
async def test_requests_can_change_neither_checkpoints_nor_entries(log: Log, attack: str):
    await signed_log(log)
    connection = await asyncpg.connect(log.urls.app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(attack)
    finally:
        await connection.close()
