"""A backup restored elsewhere is the same marketplace."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.backup.archive import open_archive
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.restoring import Restored, require_restorable, restore
from aei_marketplace.backup.tables import find_tables
from aei_marketplace.backup.taking import Taken, Wanted, take_backup
from aei_marketplace.backup.wrapped_keys import unwrap_keys
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Works
from aei_marketplace.launcher.unfinished import read_mark
from aei_marketplace.settings import Settings
from aei_marketplace.vault import service as vault
from aei_marketplace.wiring import database_urls
from tests.backup.conftest import PASSPHRASE, SECRET, Source
from tests.builders import make_tenant, sequence_all
from tests.plugins import ASKING, publish


async def restored(settings: Settings, path: Path, passphrase: str = PASSPHRASE) -> Restored:
    """Restore as the command does, without its supervision of the database."""
    with open_archive(path) as archive:
        keys = unwrap_keys(archive.keys, passphrase) if archive.keys else None
        require_restorable(settings, archive, keys, without_keys=False)
        return await restore(settings, archive, keys, path, Silent())


async def rows_of(url: str) -> dict[str, list[str]]:
    """Every row of every table as text, in an order of their own."""
    connection = await asyncpg.connect(url)
    try:
        tables = await find_tables(connection)
        found = {}
        for table in tables:
            columns = ", ".join(f'"{column}"' for column in table.columns)
            rows = await connection.fetch(f'select row({columns})::text as row from "{table.name}"')
            found[table.name] = sorted(row["row"] for row in rows)
        return found
    finally:
        await connection.close()


async def test_every_row_comes_back_and_what_the_commands_themselves_write(
    source: Source, taken: Taken, empty: Settings
) -> None:
    await restored(empty, taken.path)
    before, after = [await rows_of(database_urls(s).owner) for s in (source.settings, empty)]
    written_by_commands = {"audit_entries", "audit_pending", "pgqueuer_log"}
    assert set(before) == set(after)
    for name in set(before) - written_by_commands:
        assert after[name] == before[name], name
    assert set(before["audit_entries"]) - set(after["audit_entries"]) != set(), (
        "backup.create is written after it"
    )


async def test_the_restored_marketplace_works(source: Source, taken: Taken, empty: Settings) -> None:
    done = await restored(empty, taken.path)
    assert done.keys == ["master.key", "release-log.key"]
    assert not (empty.keys / "seed-demo.json").exists()
    urls, key = database_urls(empty), (empty.keys / "master.key").read_bytes()
    async with open_database(urls.app, urls.system, size=2) as database:
        works = Works(database, PostgresQueue())
        assert await vault.secret_value(works, key, str(source.acme.id), "API_KEY") == SECRET
        actor = await accounts.authenticate(works, source.acme.tokens["Admin"], "trace")
        async with works.begin(actor) as work:
            release = await catalog.find_release(work, "acme.echo", "1.0.0")
        package = await open_blobs(str(empty.objects)).get(release.package_sha256)
    assert package == await source.deps.blobs.get(release.package_sha256)
    kept = empty.files / source.area.relative_to(source.settings.files)
    with closing(sqlite3.connect(kept)) as files:
        assert files.execute("select content from files").fetchall() == [("kept",)]
    assert (empty.checkpoints / "0000000042").read_text("utf-8").startswith("aei.example/log\n42")
    assert read_mark(empty) is None


async def test_the_log_goes_on_where_it_stood(source: Source, taken: Taken, empty: Settings) -> None:
    await restored(empty, taken.path)
    urls = database_urls(empty)
    waiting = await sequence_all(urls.system)
    connection = await asyncpg.connect(urls.owner)
    try:
        sizes = await connection.fetchval("select count(*) from audit_leaves")
        said = await connection.fetchval(
            "select convert_from(content, 'utf8') from audit_entries where action = 'backup.restore'"
        )
    finally:
        await connection.close()
    # backup.start was not in the tree yet, and the restore wrote its own entry.
    assert (waiting, sizes) == (2, taken.manifest.log.size + 2)
    assert taken.manifest.log.root in said


async def test_identities_and_sequences_go_on(source: Source, taken: Taken, empty: Settings) -> None:
    await restored(empty, taken.path)
    connections = [await asyncpg.connect(database_urls(s).owner) for s in (source.settings, empty)]
    try:
        query = "select sequencename, last_value from pg_sequences where sequencename = 'plugin_changes'"
        before, after = [await c.fetchrow(query) for c in connections]
        assert before == after
        highest = await connections[1].fetchval("select max(position) from audit_pending")
        upcoming = await connections[1].fetchval(
            "select nextval(pg_get_serial_sequence('audit_pending', 'position'))"
        )
        assert upcoming > highest
    finally:
        for connection in connections:
            await connection.close()


async def test_guards_triggers_and_references_stand_again(
    source: Source, taken: Taken, empty: Settings
) -> None:
    await restored(empty, taken.path)
    queries = (
        "select relname::text, relrowsecurity, relforcerowsecurity from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
        "select tgname::text, tgrelid::regclass::text, tgenabled from pg_trigger"
        " where not tgisinternal order by 2, 1",
        "select conname::text, conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint"
        " where connamespace = 'public'::regnamespace order by 2, 1",
        "select tablename::text, policyname::text, roles::text, qual, with_check from pg_policies"
        " order by 1, 2",
        "select relname::text, relacl::text from pg_class where relnamespace = 'public'::regnamespace"
        " order by 1",
    )
    connections = [await asyncpg.connect(database_urls(s).owner) for s in (source.settings, empty)]
    try:
        for query in queries:
            before, after = [await c.fetch(query) for c in connections]
            assert [tuple(row) for row in before] == [tuple(row) for row in after]
    finally:
        for connection in connections:
            await connection.close()
    app = await asyncpg.connect(database_urls(empty).app)
    try:
        assert await app.fetchval("select count(*) from secrets") == 0, "no tenant is set, so no row is seen"
    finally:
        await app.close()


async def test_a_backup_without_keys_needs_the_master_key_in_place(
    source: Source, empty: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("b") / "b.tar"
    await take_backup(source.settings, Wanted(path), Silent())
    assert SECRET.encode() not in path.read_bytes()
    assert source.deps.master_key not in path.read_bytes()
    (empty.keys / "master.key").write_bytes(source.deps.master_key)
    assert (await restored(empty, path)).keys == []


async def test_writers_are_not_disturbed_and_the_backup_is_of_one_moment(
    source: Source, empty: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("b") / "b.tar"

    async def write() -> None:
        for number in range(8):
            tenant = await make_tenant(source.deps.works, f"later{number}")
            await publish(source.deps, tenant.manager, {**ASKING, "id": f"later{number}.echo"})

    await asyncio.gather(write(), take_backup(source.settings, Wanted(path, PASSPHRASE), Silent()))
    # References, digests and the log's root are compared by the restore itself.
    done = await restored(empty, path)
    assert done.manifest.counts["releases"] <= 9
    assert done.manifest.counts["objects"] >= 2


async def test_taking_and_restoring_stand_in_the_audit_log(source: Source, taken: Taken) -> None:
    connection = await asyncpg.connect(database_urls(source.settings).owner)
    try:
        rows = await connection.fetch(
            "select action, outcome, convert_from(content, 'utf8') as content from audit_entries"
            " where resource_type = 'backup' order by id"
        )
    finally:
        await connection.close()
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("backup.start", "ok"),
        ("backup.create", "ok"),
    ]
    assert taken.manifest.index_sha256 in rows[1]["content"]
    assert not any(SECRET in row["content"] or PASSPHRASE in row["content"] for row in rows)


async def test_every_column_with_a_digest_is_either_an_object_or_known_not_to_be(source: Source) -> None:
    from aei_marketplace.backup.objects import REFERENCES

    no_objects = {
        ("executions", "task_sha256"): "the digest of a task, whose text is not kept",
        ("audit_archives", "sha256"): "the digest of a file of archived entries, which is no object",
        ("notice_deliveries", "digest"): "whether a delivery gathers several notices",
        ("ledger_entries", "digest"): "of what an entry says",
        ("ledger_closings", "digest"): "of the entries of a closed period",
        ("package_advisories", "digest"): "tells whether a record has changed",
        ("certification_requests", "digest"): "a release's package, to which the release itself refers",
        ("certification_requests", "policy_digest"): "of what a policy says",
        ("usage_records", "usage_sha256"): "of what a run has used, as its receipt says",
        ("imported_kill_lists", "digest"): "of the text of another marketplace's list",
        ("imported_kills", "package_sha256"): "a package that another marketplace blocks",
        ("imported_kills", "component_sha256"): "a component that another marketplace blocks",
    }
    connection = await asyncpg.connect(database_urls(source.settings).owner)
    try:
        rows = await connection.fetch(
            "select table_name::text, column_name::text from information_schema.columns"
            " where table_schema = 'public' and column_name ~ 'sha256|digest|object'"
        )
    finally:
        await connection.close()
    assert {tuple(row) for row in rows} == set(REFERENCES) | set(no_objects)


async def test_numbers_of_transactions_are_those_of_the_new_database(
    source: Source, taken: Taken, empty: Settings
) -> None:
    before = await asyncpg.connect(database_urls(source.settings).owner)
    await before.execute("alter table plugins disable trigger user")
    await before.execute("update plugins set changed_in = '900000000000'")
    await before.close()
    path = taken.path.with_name("later.tar")
    await take_backup(source.settings, Wanted(path, PASSPHRASE), Silent())
    await restored(empty, path)
    after = await asyncpg.connect(database_urls(empty).owner)
    try:
        query = "select count(*) from plugins where changed_in > pg_current_xact_id()"
        assert await after.fetchval(query) == 0
    finally:
        await after.close()
