"""Verifying the public log of releases: each way of changing it is named, and an honest one is clean."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from aei_inspection.notes import Checkpoint, SigningKey
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.rules.release_log_verification import Kind, Leaf, Recomputation
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.catalog.service.release_log_verifying import verify_release_log
from aei_marketplace.examination.release_log import look_at_release_log
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import read_release_log_key, release_log_shelf
from aei_protocol.merkle import Tree, leaf_hash
from tests.publishing import publish_listed

KEY = SigningKey("market.example/releases", bytes(range(32)))


@pytest.fixture
def settings(tmp_path: Path, urls, monkeypatch):
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    found = load_settings()
    write_urls(found.database_secrets, urls)
    return found


@pytest.fixture
async def log(deps, acme, settings):
    """A log of four leaves, signed at two and at four."""
    key, shelf = read_release_log_key(settings), release_log_shelf(settings)
    for version in ("1.0.0", "1.1.0"):
        await publish_listed(deps, acme.manager, {"version": version})
    await catalog.sequence_releases(deps.works)
    await catalog.sign_log(deps.works, key, shelf)
    for version in ("1.0.0", "1.1.0"):
        async with deps.works.begin(acme.manager) as work:
            await catalog.change_state(work, "acme.echo", version, ReleaseState.YANKED, "old")
    await catalog.sequence_releases(deps.works)
    await catalog.sign_log(deps.works, key, shelf)

    async def verify():
        return await verify_release_log(deps.works, shelf.all(), key.verifying)

    return verify


@pytest.fixture
def tamper(server: str, urls):
    """What a superuser can do, with every trigger off."""
    database = urls.system.partition("?")[0].rpartition("/")[2]

    async def execute(*statements: str) -> None:
        connection = await asyncpg.connect(server.replace("/postgres?", f"/{database}?"))
        try:
            async with connection.transaction():
                await connection.execute("set local session_replication_role = replica")
                for statement in statements:
                    await connection.execute(statement)
        finally:
            await connection.close()

    return execute


async def test_an_honest_log_is_proven_to_its_end(log):
    verdict = await log()
    assert (verdict.size, verdict.proven, verdict.findings) == (4, 4, ())


EDITED = "content = convert_to(replace(convert_from(content, 'UTF8'), '1.0.0', '6.6.6'), 'UTF8')"


@pytest.mark.parametrize(
    ("statements", "kinds"),
    [
        ([f"update release_log_leaves set {EDITED} where leaf_index = 0"], [Kind.LEAF_EDITED]),
        (
            [
                f"update release_log_leaves set {EDITED} where leaf_index = 0",
                "update release_log_leaves set leaf_hash = sha256('\\x00'::bytea || content)",
            ],
            [Kind.REWRITTEN],
        ),
        (
            [
                "update release_log_leaves set leaf_index = 9 where leaf_index = 0",
                "update release_log_leaves set leaf_index = 0 where leaf_index = 1",
                "update release_log_leaves set leaf_index = 1 where leaf_index = 9",
            ],
            [Kind.REWRITTEN],
        ),
        (["delete from release_log_leaves where leaf_index = 1"], [Kind.LEAF_MISSING]),
        (["delete from release_log_leaves where leaf_index = 3"], [Kind.TRUNCATED]),
        (["delete from release_log_leaves"], [Kind.TRUNCATED]),
        (["update release_log_nodes set hash = sha256('x') where level = 2"], [Kind.NODE_CHANGED]),
        (["delete from release_log_nodes where level = 1 and position = 1"], [Kind.NODE_CHANGED]),
        (
            ["update release_log_checkpoints set note = 'nothing' where size = 4"],
            [Kind.CHECKPOINT_UNREADABLE],
        ),
    ],
)
async def test_each_way_of_changing_the_log_is_named(log, tamper, statements: list[str], kinds: list[Kind]):
    await tamper(*statements)
    assert [finding.kind for finding in (await log()).findings] == kinds


async def test_a_log_wiped_with_its_checkpoints_is_found_by_the_notes_outside(log, tamper):
    await tamper(*(f"delete from release_log_{part}" for part in ("leaves", "nodes", "checkpoints")))
    [finding] = (await log()).findings
    assert finding.kind is Kind.TRUNCATED
    assert "0 leaves, and 4 were signed (releases.notes" in finding.detail


async def test_a_head_of_the_right_name_by_another_key_is_named(log, settings):
    key = read_release_log_key(settings)
    forged = SigningKey.generate(key.name).sign(Checkpoint(key.name, 4, bytes(32)).text())
    await release_log_shelf(settings).keep(forged)
    assert [finding.kind for finding in (await log()).findings] == [Kind.CHECKPOINT_BY_ANOTHER_KEY]


async def test_the_command_ends_with_0_1_or_2_and_says_why(log, tamper, settings):
    async def run(*arguments: str):
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify-releases", *arguments])

    fine = await run()
    assert (fine.exit_code, "4 leaves, all as they were written" in fine.output) == (0, True)
    assert (await run("--key", "nonsense")).exit_code == 2
    assert (await run("--key", KEY.verifying.text())).exit_code == 1
    await tamper("delete from release_log_leaves where leaf_index = 3")
    broken = await run("--json")
    assert broken.exit_code == 1
    assert [finding["kind"] for finding in json.loads(broken.output)["findings"]] == ["truncated"]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_log_that_was_signed_at_any_size_is_clean_and_one_other_leaf_is_found(leaves, data):
    signed = data.draw(st.integers(1, len(leaves)))
    changed = data.draw(st.integers(0, signed - 1))
    tree = Tree()
    tree.extend(leaf_hash(leaf) for leaf in leaves[:signed])
    note = KEY.sign(Checkpoint(KEY.name, signed, tree.root()).text())
    for written, expected in ((leaves, []), (replaced(leaves, changed), [Kind.REWRITTEN])):
        recomputed = Recomputation()
        recomputed.read_note("outside", note, KEY.verifying)
        recomputed.add(Leaf(place, leaf, leaf_hash(leaf)) for place, leaf in enumerate(written))
        recomputed.finish()
        assert [finding.kind for finding in recomputed.findings] == expected
        assert recomputed.proven == (0 if expected else signed)


def replaced(leaves: list[bytes], place: int) -> list[bytes]:
    return [*leaves[:place], leaves[place] + b"!", *leaves[place + 1 :]]


async def test_doctor_says_whether_the_log_is_what_was_signed(log, tamper, settings):
    found = await look_at_release_log(settings)
    assert (found.fine, found.detail) == (True, "4 leaves, 4 of them proven by a signature")
    await tamper("delete from release_log_leaves")
    found = await look_at_release_log(settings)
    assert not found.fine
    assert "verify-releases" in found.detail


async def test_nothing_is_signed_by_looking(settings):
    assert (await look_at_release_log(settings)).fine
    assert not (settings.keys / "release-log.key").exists()
