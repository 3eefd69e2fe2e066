"""Somebody who owns the database changes the log; the verification says what they did."""

import gc

import asyncpg
import pytest

from aei_inspection.notes import Checkpoint, SigningKey
from aei_marketplace.audit.rules.verification.findings import Kind
from aei_marketplace.audit.service.verifying import Verdict, verify_log
from aei_marketplace.ground.audit import PREFIX
from aei_protocol.merkle import Tree, leaf_hash
from tests.audit.conftest import KEY, Log
from tests.builders import make_tenant, sequence_all


async def verify(log: Log, **changes) -> Verdict:
    connection = await asyncpg.connect(log.urls.system)
    try:
        keys = changes.get("keys", (KEY.verifying,))
        return await verify_log(connection, log.signer.shelf.all, log.archives, keys)
    finally:
        await connection.close()


def kinds(verdict: Verdict) -> list[Kind]:
    return [finding.kind for finding in verdict.findings]


@pytest.fixture
async def signed(log: Log) -> Log:
    """A log with three checkpoints, the last one over all of it."""
    acme = await make_tenant(log.works, "acme")
    for _ in range(3):
        await log.write(acme.admin, 8)
        await log.sign()
    log.admin = acme.admin
    return log


async def size(log: Log) -> int:
    return (await log.fetch("select count(*) from audit_leaves"))[0][0]


async def rebuild(log: Log) -> None:
    """Recompute every hash that is stored above the entries, as a careful forger would."""
    rows = await log.fetch(
        "select l.sequence, e.id, e.content from audit_leaves l join audit_entries e on e.id = l.entry_id"
        " order by l.sequence"
    )
    tree = Tree()
    statements = ["delete from audit_nodes", "delete from audit_heads"]
    for row in rows:
        found = leaf_hash(row["content"])
        statements.append(
            f"update audit_leaves set leaf_hash = '\\x{found.hex()}' where sequence = {row['sequence']}"
        )
        statements.append(f"update audit_entries set leaf_hash = '\\x{found.hex()}' where id = '{row['id']}'")
        statements += [
            f"insert into audit_nodes values ({node.level}, {node.position}, '\\x{node.hash.hex()}')"
            for node in tree.append(found)
        ]
    statements.append(f"insert into audit_heads values ({tree.size}, '\\x{tree.root().hex()}', now())")
    await log.tamper(*statements)


EDIT = (
    "update audit_entries e set content = convert_to(replace(convert_from(content, 'UTF8'), "
    "'\"outcome\":\"ok\"', '\"outcome\":\"no\"'), 'UTF8'), outcome = 'no' "
    "from audit_leaves l where l.entry_id = e.id and l.sequence = {}"
)
# Two places exchanged in the tree; the constraint on ids is checked row by row, hence the detour.
SWAP = (
    "update audit_leaves set sequence = -1 where sequence = {0}",
    "update audit_leaves set sequence = {0} where sequence = {1}",
    "update audit_leaves set sequence = {1} where sequence = -1",
)


async def test_a_log_that_nobody_touched_verifies(signed: Log):
    verdict = await verify(signed)
    total = await size(signed)
    assert verdict.findings == ()
    assert (verdict.size, verdict.proven, verdict.unprotected) == (total, total, 0)
    assert (verdict.checkpoints, verdict.checkpoints_outside, verdict.erased) == (3, 3, 0)


async def test_the_tail_since_the_last_checkpoint_is_counted_as_unprotected(signed: Log):
    await signed.write(signed.admin, 5)
    verdict = await verify(signed)
    assert verdict.findings == ()
    assert verdict.unprotected == 5


async def test_an_edited_entry_is_named(signed: Log):
    await signed.tamper(EDIT.format(9))
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.EDITED]
    assert verdict.findings[0].sequence == 9


async def test_an_edited_entry_with_its_own_hashes_is_named_by_the_nodes_above(signed: Log):
    await signed.tamper(EDIT.format(9))
    row = (
        await signed.fetch(
            "select content from audit_entries e join audit_leaves l on l.entry_id = e.id where sequence = 9"
        )
    )[0]
    found = leaf_hash(row["content"]).hex()
    await signed.tamper(f"update audit_leaves set leaf_hash = '\\x{found}' where sequence = 9")
    await signed.tamper(
        f"update audit_entries e set leaf_hash = '\\x{found}' from audit_leaves l"
        " where l.entry_id = e.id and sequence = 9"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.EDITED]
    assert verdict.findings[0].sequence == 8
    assert "8 or 9" in verdict.findings[0].detail


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("outcome = 'denied'", "outcome"),
        ("action = 'thing.undo'", "action"),
        ("tenant_id = gen_random_uuid()", "tenant_id"),
        ("actor_id = gen_random_uuid()", "actor_id"),
        ("actor_id = null", "actor_id"),
        ("at = at - interval '1 day'", "at"),
        ("resource_id = 'other'", "resource_id"),
    ],
)
async def test_a_column_that_hides_an_entry_from_search_is_named(signed: Log, change: str, column: str):
    await signed.tamper(
        f"update audit_entries e set {change} from audit_leaves l where l.entry_id = e.id and l.sequence = 30"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.COLUMNS_CHANGED]
    assert f"the column {column}," in verdict.findings[0].detail


async def test_a_deleted_entry_is_named(signed: Log):
    await signed.tamper(
        "delete from audit_entries e using audit_leaves l where l.entry_id = e.id and sequence = 5"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.DELETED]
    assert verdict.findings[0].sequence == 5


async def test_an_entry_deleted_with_its_place_is_named(signed: Log):
    await signed.tamper(
        "delete from audit_entries e using audit_leaves l where l.entry_id = e.id and sequence = 5",
        "delete from audit_leaves where sequence = 5",
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.DELETED]
    assert verdict.findings[0].sequence == 5


@pytest.mark.parametrize("at", [6, 7])
async def test_a_deleted_entry_is_named_when_the_others_are_numbered_anew(signed: Log, at: int):
    total = await size(signed)
    await signed.tamper(
        f"delete from audit_entries e using audit_leaves l where l.entry_id = e.id and sequence = {at}",
        f"delete from audit_leaves where sequence = {at}",
        *(f"update audit_leaves set sequence = {n - 1} where sequence = {n}" for n in range(at + 1, total)),
    )
    verdict = await verify(signed)
    assert Kind.DELETED in kinds(verdict)
    assert next(f for f in verdict.findings if f.kind is Kind.DELETED).sequence == 6


@pytest.mark.parametrize("places", [(6, 7), (5, 14), (4, 6)])
async def test_reordered_entries_are_named(signed: Log, places: tuple[int, int]):
    await signed.tamper(*(statement.format(*places) for statement in SWAP))
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.REORDERED]
    assert "{} and {}".format(*places) in verdict.findings[0].detail


async def test_entries_that_changed_places_under_their_hashes_are_named(signed: Log):
    await signed.tamper(
        "create temporary table old as select sequence, entry_id from audit_leaves where sequence in (5, 14)",
        "alter table audit_leaves drop constraint audit_leaves_entry_id_key",
        "update audit_leaves l set entry_id = o.entry_id from old o where o.sequence = 19 - l.sequence",
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.REORDERED, Kind.REORDERED]


INSERT = (
    "insert into audit_entries select gen_random_uuid(), at, tenant_id, actor_kind, actor_id, action,"
    " resource_type, resource_id, outcome, trace_id, content, leaf_hash from audit_entries limit 1"
)


async def test_an_entry_put_into_the_table_is_named(signed: Log):
    await signed.tamper(INSERT)
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.INSERTED]
    assert verdict.findings[0].entry is not None


@pytest.mark.parametrize("at", [6, 7])
async def test_an_entry_put_between_others_is_named(signed: Log, at: int):
    total = await size(signed)
    content = PREFIX + b'{"forged":1}'
    await signed.tamper(
        *(
            f"update audit_leaves set sequence = {n + 1} where sequence = {n}"
            for n in range(total - 1, at - 1, -1)
        ),
        "insert into audit_entries select '00000000-0000-7000-8000-000000000001', at, tenant_id, actor_kind,"
        " actor_id, action, resource_type, resource_id, outcome, trace_id,"
        f" '\\x{content.hex()}', '\\x{leaf_hash(content).hex()}' from audit_entries limit 1",
        f"insert into audit_leaves values ({at}, '00000000-0000-7000-8000-000000000001',"
        f" '\\x{leaf_hash(content).hex()}')",
    )
    verdict = await verify(signed)
    named = next(f for f in verdict.findings if f.kind is Kind.INSERTED)
    assert named.sequence == at


async def test_an_entry_put_at_the_end_past_the_sequencer_is_named(signed: Log):
    total = await size(signed)
    await signed.tamper(
        INSERT.replace("gen_random_uuid()", "'00000000-0000-7000-8000-000000000001'"),
        f"insert into audit_leaves select {total}, id, leaf_hash from audit_entries"
        " where id = '00000000-0000-7000-8000-000000000001'",
    )
    verdict = await verify(signed)
    assert Kind.INSERTED in kinds(verdict)


CUT = (
    "delete from audit_entries e using audit_leaves l where l.entry_id = e.id and sequence >= {0}",
    "delete from audit_leaves where sequence >= {0}",
)


async def test_a_truncated_log_is_named(signed: Log):
    total = await size(signed)
    await signed.tamper(*(statement.format(total - 3) for statement in CUT))
    await rebuild(signed)
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.TRUNCATED]
    assert (verdict.findings[0].sequence, verdict.size) == (total - 3, total - 3)


async def test_a_truncated_tail_that_nothing_signed_is_named_as_long_as_its_hashes_stay(signed: Log):
    await signed.write(signed.admin, 4)
    total = await size(signed)
    await signed.tamper(*(statement.format(total - 2) for statement in CUT))
    assert kinds(await verify(signed)) == [Kind.TRUNCATED]


async def test_a_rewritten_tail_with_all_its_hashes_is_named_between_two_checkpoints(signed: Log):
    sizes = [row[0] for row in await signed.fetch("select size from audit_checkpoints order by size")]
    await signed.tamper(EDIT.format(sizes[1] + 2))
    await rebuild(signed)
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.REWRITTEN]
    assert verdict.findings[0].sequence == sizes[1]
    assert verdict.proven == sizes[1]


@pytest.mark.parametrize("checkpoints_too", [False, True])
async def test_a_wiped_log_is_named(signed: Log, checkpoints_too: bool):
    tables = ["entries", "leaves", "nodes", "heads", "pending", "personal"]
    tables += ["checkpoints"] if checkpoints_too else []
    await signed.tamper(*(f"delete from audit_{table}" for table in tables))
    verdict = await verify(signed)
    assert Kind.WIPED in kinds(verdict)
    assert (Kind.CHECKPOINT_REMOVED in kinds(verdict)) is checkpoints_too


async def test_a_wiped_log_that_was_begun_anew_is_named(signed: Log):
    first = (await signed.fetch("select min(size) from audit_checkpoints"))[0][0]
    await signed.tamper(
        *(f"delete from audit_{t}" for t in ("entries", "leaves", "nodes", "heads", "personal"))
    )
    await signed.write(signed.admin, first + 1)
    assert Kind.WIPED in kinds(await verify(signed))


async def test_a_changed_leaf_hash_is_told_from_an_edited_entry(signed: Log):
    await signed.tamper(
        "update audit_leaves set leaf_hash = decode(repeat('ab', 32), 'hex') where sequence = 10"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.LEAF_CHANGED]
    assert verdict.findings[0].sequence == 10


@pytest.mark.parametrize("level", [1, 2, 3])
async def test_a_changed_node_is_named(signed: Log, level: int):
    await signed.tamper(
        "update audit_nodes set hash = decode(repeat('ab', 32), 'hex')"
        f" where level = {level} and position = 1"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.NODE_CHANGED]
    assert verdict.findings[0].sequence == 1 << level


async def test_changed_personal_data_is_named_and_erased_data_is_not(signed: Log):
    await signed.tamper(
        "update audit_personal set value = 'somebody else' where entry_id ="
        " (select entry_id from audit_leaves where sequence = (select max(sequence) from audit_leaves))"
    )
    verdict = await verify(signed)
    assert kinds(verdict) == [Kind.PERSONAL_CHANGED]
    async with signed.works.system("tests") as work:
        await work.connection.exec_driver_sql("delete from audit_personal")
    erased = await verify(signed)
    assert erased.findings == ()
    assert erased.erased >= 24


async def test_a_replaced_commitment_is_an_edited_entry(signed: Log):
    await signed.tamper(
        "update audit_entries set content = convert_to(regexp_replace(convert_from(content, 'UTF8'),"
        " '\"note\":\"[0-9a-f]{8}', '\"note\":\"00000000'), 'UTF8') where id ="
        " (select entry_id from audit_leaves where sequence = (select max(sequence) from audit_leaves))"
    )
    assert Kind.EDITED in kinds(await verify(signed))


async def replace_newest(log: Log, note: str, newest: int) -> None:
    await log.tamper(f"update audit_checkpoints set note = $note${note}$note$ where size = {newest}")


async def test_a_checkpoint_by_another_key_is_named(signed: Log):
    newest = await size(signed)
    forged = SigningKey.generate(KEY.name).sign(Checkpoint(KEY.name, newest, b"x" * 32).text())
    await replace_newest(signed, forged, newest)
    found = kinds(await verify(signed))
    assert found == [Kind.CHECKPOINT_BY_ANOTHER_KEY, Kind.CHECKPOINT_REMOVED]


async def test_an_older_checkpoint_offered_as_new_is_named(signed: Log):
    newest = await size(signed)
    old = (await signed.fetch("select note from audit_checkpoints order by size limit 1"))[0][0]
    await replace_newest(signed, old, newest)
    verdict = await verify(signed)
    assert Kind.CHECKPOINT_STALE in kinds(verdict)
    assert "offered as new" in verdict.findings[0].detail


async def test_an_older_checkpoint_appended_outside_is_named(signed: Log):
    file = signed.folder / "audit.notes"
    first = next(signed.signer.shelf.all()).note
    file.write_bytes(file.read_bytes() + first + b"\n")
    assert kinds(await verify(signed)) == [Kind.CHECKPOINT_STALE]


async def test_a_forged_note_and_a_changed_root_beside_it_are_named(signed: Log):
    newest = await size(signed)
    note = (await signed.fetch("select note from audit_checkpoints where size = $1", newest))[0][0]
    await signed.tamper(
        f"update audit_checkpoints set root = decode(repeat('ab', 32), 'hex') where size = {newest}"
    )
    assert Kind.CHECKPOINT_CHANGED in kinds(await verify(signed))
    await replace_newest(signed, note.replace(f"\n{newest}\n", f"\n{newest + 1}\n"), newest)
    assert Kind.CHECKPOINT_FORGED in kinds(await verify(signed))


async def test_a_removed_checkpoint_is_named_wherever_it_was(signed: Log):
    newest = await size(signed)
    await signed.tamper(f"delete from audit_checkpoints where size = {newest}")
    assert kinds(await verify(signed)) == [Kind.CHECKPOINT_REMOVED]


async def test_checkpoints_removed_outside_are_named(signed: Log):
    file = signed.folder / "audit.notes"
    file.write_bytes(file.read_bytes().partition(b"\n\n")[2])
    assert Kind.CHECKPOINT_REMOVED_OUTSIDE in kinds(await verify(signed))
    file.unlink()
    assert kinds(await verify(signed)) == [Kind.CHECKPOINT_REMOVED_OUTSIDE] * 3


async def test_a_second_history_under_the_stolen_key_is_named(signed: Log):
    newest = await size(signed)
    await signed.tamper(EDIT.format(9))
    await rebuild(signed)
    root = (await signed.fetch("select root from audit_heads"))[0][0]
    note = KEY.sign(Checkpoint(KEY.name, newest, bytes(root)).text())
    await replace_newest(signed, note, newest)
    await signed.tamper(f"update audit_checkpoints set root = '\\x{bytes(root).hex()}' where size = {newest}")
    found = kinds(await verify(signed))
    assert Kind.CHECKPOINT_CONFLICT in found
    assert Kind.REWRITTEN in found


async def test_without_any_checkpoint_nothing_is_called_proven(log: Log):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 2)
    verdict = await verify(log)
    assert kinds(verdict) == [Kind.CHECKPOINT_REMOVED]
    assert verdict.proven == 0


async def test_an_entry_that_waits_for_its_place_is_no_finding_and_one_that_vanished_is(signed: Log):
    async with signed.works.begin(signed.admin) as work:
        from aei_marketplace.ground.audit import Fact

        work.record(Fact("thing.do", "thing", "late"))
    assert (await verify(signed)).unprotected == 1
    await signed.tamper("delete from audit_entries where resource_id = 'late'")
    assert kinds(await verify(signed)) == [Kind.DELETED]


async def test_a_gap_that_no_memory_holds_ends_the_reading_and_is_named(signed: Log):
    await signed.tamper("update audit_leaves set sequence = sequence + 4000000000 where sequence >= 20")
    verdict = await verify(signed)
    assert Kind.DELETED in kinds(verdict)
    assert "entries 20 to 4000000019" in next(f.detail for f in verdict.findings if f.kind is Kind.DELETED)
    assert verdict.proven < 20
    assert gc.isenabled(), "a verification pauses it and gives it back however it ends"


async def test_a_verification_tells_its_progress_and_leaves_the_signer_free(signed: Log):
    connection = await asyncpg.connect(signed.urls.system)
    seen = []

    def meanwhile(done: int, total: int) -> None:
        seen.append((done, total))

    try:
        verdict = await verify_log(
            connection, signed.signer.shelf.all, signed.archives, (KEY.verifying,), meanwhile
        )
    finally:
        await connection.close()
    assert verdict.findings == ()
    assert seen[-1] == (verdict.size, verdict.size)
    await signed.write(signed.admin, 1)
    assert await sequence_all(signed.urls.system) == 0
    assert await signed.sign() is not None
