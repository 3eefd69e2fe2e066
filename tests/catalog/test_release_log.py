"""The public log of releases: what it tells, what it never tells, and what proves it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from aei_inspection.notes import SigningKey, VerifyingKey, open_checkpoint
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    NotInLog,
    NotInLogYet,
    NotThatLarge,
    PluginNotFound,
    ReleaseLogCorrupt,
)
from aei_marketplace.catalog.jobs import keep_release_log
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_protocol.merkle import check_consistency, check_inclusion, leaf_hash
from aei_protocol.release_log import ReleaseLeaf, read_leaf
from aei_sdk.client import Client as SdkClient
from aei_sdk.proving import prove_release
from tests.builders import Tenant
from tests.publishing import publish, publish_listed
from tests.serving import Client

KEY = SigningKey.generate("marketplace.example/releases")


@pytest.fixture
def shelf(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints", "releases")


@pytest.fixture
def keep(deps: Deps, shelf: CheckpointFolder) -> Callable[[], Awaitable[int]]:
    """What the job process does with what waits; gives the tree's size."""

    async def once() -> int:
        while await catalog.sequence_releases(deps.works, batch=2):
            pass
        return (await catalog.sign_log(deps.works, KEY, shelf)).size

    return once


async def leaves(deps: Deps) -> list[ReleaseLeaf]:
    async with deps.works.begin(ANONYMOUS) as work:
        return [read_leaf(content) for _, content in await catalog.log_entries(work, 0, 1000)]


async def change(deps: Deps, actor: Actor, *wanted: Any) -> None:
    async with deps.works.begin(actor) as work:
        await catalog.change_state(work, "acme.echo", *wanted)


async def test_a_listing_and_every_change_of_state_are_told_in_order(
    deps: Deps, acme: Tenant, operator: tuple, keep: Callable
) -> None:
    release = await publish_listed(deps, acme.manager)
    await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "Ada broke it")
    await change(deps, operator[0], "1.0.0", ReleaseState.QUARANTINED, "suspicious")
    assert await keep() == 3
    told = await leaves(deps)
    assert [(leaf.state, leaf.reason) for leaf in told] == [
        ("listed", "published"),
        ("yanked", "publisher_decision"),
        ("quarantined", "registry_decision"),
    ]
    assert {(leaf.plugin, leaf.version, leaf.sha256) for leaf in told} == {
        ("acme.echo", "1.0.0", release.package_sha256)
    }


async def test_what_people_typed_and_who_they_are_is_not_told(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    await publish_listed(deps, acme.manager)
    await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "Ada broke it")
    await keep()
    async with deps.works.begin(ANONYMOUS) as work:
        written = b"".join(content for _, content in await catalog.log_entries(work, 0, 10))
    for secret in ("Ada", str(acme.id), acme.slug.title(), str(acme.manager.id)):
        assert secret.encode() not in written


async def test_a_private_plugin_leaves_no_trace_in_the_log(deps: Deps, acme: Tenant, keep: Callable) -> None:
    await publish_listed(deps, acme.manager, visibility="private", audience=[])
    await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "quietly")
    assert await keep() == 0
    async with deps.works.begin(acme.viewer) as work:
        with pytest.raises(NotInLog, match="private"):
            await catalog.prove_release(work, "acme.echo", "1.0.0")
    async with deps.works.begin(ANONYMOUS) as work:
        with pytest.raises(PluginNotFound):
            await catalog.prove_release(work, "acme.echo", "1.0.0")


async def test_a_private_plugin_that_becomes_public_is_told_from_then_on(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    await publish_listed(deps, acme.manager, visibility="private", audience=[])
    await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "quietly")
    await publish_listed(deps, acme.manager, {"version": "1.1.0"}, visibility="public")
    await keep()
    assert [(leaf.version, leaf.state, leaf.reason) for leaf in await leaves(deps)] == [
        ("1.0.0", "yanked", "made_public"),
        ("1.1.0", "listed", "published"),
    ]


async def test_a_release_that_was_never_listed_is_not_told(deps: Deps, acme: Tenant, keep: Callable) -> None:
    deps.sandbox.verdicts.append("overreach")  # type: ignore[attr-defined]  # the test's sandbox
    await publish_listed(deps, acme.manager)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert await keep() == 0
    async with deps.works.begin(acme.viewer) as work:
        with pytest.raises(NotInLog, match="never listed"):
            await catalog.prove_release(work, "acme.echo", "1.0.0")


async def test_the_release_shows_its_first_place_and_no_later_change_moves_it(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    await publish_listed(deps, acme.manager)
    second = await publish_listed(deps, acme.manager, {"version": "1.1.0"})
    assert second.log_index is None
    await keep()
    await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "old")
    await keep()
    async with deps.works.begin(ANONYMOUS) as work:
        found = await catalog.releases_by_id(work, [second.release_id])
        first = await catalog.find_release(work, "acme.echo", "1.0.0")
    assert (first.log_index, found[second.release_id].log_index) == (0, 1)


async def test_every_leaf_is_proven_and_every_tree_begins_with_those_before_it(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    heads = []
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"):
        await publish_listed(deps, acme.manager, {"version": version})
        await keep()
        async with deps.works.begin(ANONYMOUS) as work:
            proof = await catalog.prove_release(work, "acme.echo", version)
            head = open_checkpoint(proof.head.note, KEY.verifying)
            for old in heads:
                size, growth = await catalog.prove_growth(work, old.size, None)
                check_consistency(old.size, old.root, size, head.root, growth)
        for leaf in proof.leaves:
            check_inclusion(leaf_hash(leaf.content), leaf.index, head.size, leaf.proof, head.root)
        heads.append(head)
    assert [head.size for head in heads] == [1, 2, 3, 4, 5]


async def test_a_release_whose_leaf_waits_is_not_in_the_log_yet(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    await keep()
    await publish_listed(deps, acme.manager)
    async with deps.works.begin(acme.viewer) as work:
        with pytest.raises(NotInLogYet):
            await catalog.prove_release(work, "acme.echo", "1.0.0")


async def test_a_tree_that_never_was_cannot_be_asked_for(deps: Deps, acme: Tenant, keep: Callable) -> None:
    await publish_listed(deps, acme.manager)
    await keep()
    async with deps.works.begin(ANONYMOUS) as work:
        for old, new in ((2, None), (0, 2), (1, 0)):
            with pytest.raises(NotThatLarge):
                await catalog.prove_growth(work, old, new)


async def test_signing_again_says_the_same_and_a_lost_write_inside_is_made_up(
    deps: Deps, acme: Tenant, keep: Callable, shelf: CheckpointFolder, urls: DatabaseUrls
) -> None:
    await publish_listed(deps, acme.manager)
    while await catalog.sequence_releases(deps.works):
        pass
    # As after a death between the two writes: the checkpoint lies outside, and the database knows none.
    first = await catalog.sign_log(deps.works, KEY, shelf)
    await owner(
        urls, "alter table release_log_checkpoints disable trigger user; delete from release_log_checkpoints"
    )
    assert await catalog.sign_log(deps.works, KEY, shelf) == first
    assert await shelf.latest() == first.note
    async with deps.works.begin(ANONYMOUS) as work:
        assert await catalog.log_head(work) == first


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "delete from release_log_leaves where leaf_index = 2; update releases set log_index = null",
            "are gone",
        ),
        (
            "update release_log_leaves set leaf_hash = sha256('x') where leaf_index = 2",
            "are not those that were signed",
        ),
        ("update release_log_nodes set hash = sha256('x')", "are not those that were signed"),
        ("delete from release_log_nodes", "lacks the subtree"),
    ],
)
async def test_a_log_that_was_tampered_with_is_not_signed_again(
    deps: Deps,
    acme: Tenant,
    keep: Callable,
    shelf: CheckpointFolder,
    urls: DatabaseUrls,
    tampering: str,
    found: str,
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        await publish_listed(deps, acme.manager, {"version": version})
    await keep()
    unlocked = "".join(
        f"alter table {table} disable trigger user;"
        for table in ("releases", "release_log_leaves", "release_log_nodes")
    )
    await owner(urls, unlocked + tampering)
    with pytest.raises(ReleaseLogCorrupt, match=found):
        await catalog.sign_log(deps.works, KEY, shelf)


async def test_a_leaf_that_was_changed_while_it_waited_is_not_sequenced(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    await publish_listed(deps, acme.manager)
    await owner(urls, "update release_log_pending set content = 'another'")
    with pytest.raises(ReleaseLogCorrupt):
        await catalog.sequence_releases(deps.works)


async def test_a_shelf_with_another_keys_checkpoint_stops_the_signing(
    deps: Deps, shelf: CheckpointFolder, keep: Callable
) -> None:
    await keep()
    with pytest.raises(ReleaseLogCorrupt, match="not this log's"):
        await catalog.sign_log(deps.works, SigningKey.generate(KEY.name), shelf)


async def test_two_sequencers_at_once_give_each_leaf_one_place(
    deps: Deps, acme: Tenant, keep: Callable
) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        await publish_listed(deps, acme.manager, {"version": version})
    await asyncio.gather(*(catalog.sequence_releases(deps.works, batch=1) for _ in range(6)))
    assert await keep() == 4
    assert {leaf.version for leaf in await leaves(deps)} == {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}


async def test_the_job_process_keeps_the_log_until_it_is_ended(
    deps: Deps, acme: Tenant, shelf: CheckpointFolder
) -> None:
    running = asyncio.create_task(keep_release_log(deps.works, KEY, shelf))
    try:
        await publish_listed(deps, acme.manager)
        async with asyncio.timeout(60):
            while not await size_on(shelf):  # noqa: ASYNC110 a file tells nobody that it was written
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_log_is_read_and_proven_by_who_is_not_signed_in(
    client: Client, deps: Deps, acme: Tenant, keep: Callable
) -> None:
    assert (await client.get("/api/log/checkpoint")).status == 503
    await publish_listed(deps, acme.manager)
    await keep()
    assert (await client.get("/api/log/key")).json == {"key": KEY.verifying.text()}
    note = await client.get("/api/log/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    head = open_checkpoint(note.body, KEY.verifying)
    proof = (await client.get("/api/plugins/acme.echo/versions/1.0.0/proof")).json
    assert proof["checkpoint"] == note.body.decode()
    (entry,) = proof["entries"]
    hashes = [base64.b64decode(text) for text in entry["proof"]]
    check_inclusion(leaf_hash(entry["leaf"].encode()), entry["index"], head.size, hashes, head.root)
    listed = (await client.get("/api/log/entries?from=0&limit=5")).json
    assert listed["items"] == [{"index": 0, "leaf": entry["leaf"]}]
    assert (await client.get("/api/log/consistency?old=0")).json == {"old": 0, "new": 1, "proof": []}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/log/entries?from=-1", 422),
        ("/api/log/entries?limit=1001", 422),
        ("/api/log/entries?from=99999999999999999999", 422),
        ("/api/log/consistency", 422),
        ("/api/log/consistency?old=5", 422),
        ("/api/plugins/acme.echo/versions/9.9.9/proof", 404),
        ("/api/plugins/acme.nothing/versions/1.0.0/proof", 404),
    ],
)
async def test_requests_that_make_no_sense_are_refused(
    client: Client, deps: Deps, acme: Tenant, keep: Callable, path: str, status: int
) -> None:
    await publish_listed(deps, acme.manager)
    await keep()
    assert (await client.get(path)).status == status


async def test_the_authors_kit_proves_a_release_of_a_real_marketplace(
    client: Client, deps: Deps, acme: Tenant, keep: Callable
) -> None:
    await publish_listed(deps, acme.manager)
    await keep()
    async with SdkClient(client.url) as sdk:
        key = VerifyingKey.parse(await sdk.release_log.key())
        release = await sdk.catalogue.release("acme.echo", "1.0.0")
        first = await prove_release(sdk, release, key, None)
        await publish_listed(deps, acme.manager, {"version": "1.1.0"})
        await change(deps, acme.manager, "1.0.0", ReleaseState.YANKED, "old")
        await keep()
        release = await sdk.catalogue.release("acme.echo", "1.0.0")
        second = await prove_release(sdk, release, key, first.checkpoint)
    assert (first.since, second.since, second.checkpoint.size) == (None, 1, 3)
    assert [leaf.state for _, leaf in second.leaves] == ["listed", "yanked"]


async def test_the_database_lets_no_request_write_the_log_or_another_tenants_leaves(
    deps: Deps, acme: Tenant, globex: Tenant, urls: DatabaseUrls, keep: Callable
) -> None:
    release = await publish_listed(deps, acme.manager)
    await keep()
    app = await asyncpg.connect(urls.app)
    try:
        for statement in (
            "insert into release_log_leaves values (9, $1, 'x', 'x')",
            "update release_log_leaves set content = 'x' where release_id = $1",
            "delete from release_log_leaves where release_id = $1",
            "insert into release_log_pending (release_id, content, leaf_hash) values ($1, 'x', sha256('x'))",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with app.transaction():
                    await app.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
                    await app.execute(statement, release.release_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch("select * from release_log_pending")
    finally:
        await app.close()


async def test_not_even_a_named_job_may_log_what_is_not_public(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    release = await publish_listed(deps, acme.manager, visibility="private", audience=[])
    system = await asyncpg.connect(urls.system)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is not public"):
            await system.execute(
                "insert into release_log_pending (release_id, content, leaf_hash)"
                " values ($1, 'x', sha256('x'))",
                release.release_id,
            )
    finally:
        await system.close()


async def size_on(shelf: CheckpointFolder) -> int:
    """The size of the checkpoint that lies outside the database."""
    kept = await shelf.latest()
    return 0 if kept is None else open_checkpoint(kept, KEY.verifying).size


async def owner(urls: DatabaseUrls, statement: str) -> None:
    """What somebody who owns the database can do."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
