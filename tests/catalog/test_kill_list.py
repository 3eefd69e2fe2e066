"""The kill list: what stands on it, who may sign it, and what a reader can check."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from aei_inspection.notes import NoteUnproven, SigningKey, VerifyingKey, parse_note
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import jobs
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import NoKillListYet
from aei_marketplace.catalog.service import ReleaseState, SignedKillList
from aei_marketplace.ground.actor import ANONYMOUS, Actor, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_protocol.kill_list import MOST_BYTES, KillList, read_kill_list
from tests.builders import Tenant
from tests.packages import component_wat, make_package
from tests.publishing import publish_listed
from tests.serving import Client

KEY = SigningKey.generate("marketplace.example/kill-list")
S = ReleaseState


async def move(deps: Deps, actor: Actor, *wanted: Any) -> None:
    async with deps.works.begin(actor) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", *wanted)


async def found(deps: Deps) -> SignedKillList:
    async with deps.works.begin(ANONYMOUS) as work:
        return await catalog.find_kill_list(work)


async def signed(deps: Deps) -> KillList:
    """The list as a reader gets it after the job process looked once."""
    await catalog.sign_kill_list(deps.works, KEY)
    note = parse_note((await found(deps)).note, MOST_BYTES)
    KEY.verifying.check(note)
    return read_kill_list(note.text)


async def test_a_blocked_release_stands_on_the_list_with_digest_reason_and_time(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    release = await publish_listed(deps, acme.manager)
    assert (await signed(deps)).entries == ()
    await move(deps, operator[0], S.BLOCKED, "steals keys,\nall of them")
    listed = await signed(deps)
    [entry] = listed.entries
    assert (entry.sha256, entry.component_sha256) == (release.package_sha256, release.component_sha256)
    assert (entry.plugin, entry.version, entry.reason) == (
        "acme.echo",
        "1.0.0",
        "steals keys,\nall of them",
    )
    assert entry.at <= listed.at
    assert listed.origin == KEY.name


async def test_what_is_only_quarantined_yanked_or_let_go_again_does_not_stand_there(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    await publish_listed(deps, acme.manager)
    for step in (
        (S.YANKED, "old"),
        (S.QUARANTINED, "a look"),
        (S.BLOCKED, "malware"),
        (S.QUARANTINED, "or not"),
    ):
        await move(deps, operator[0], *step)
    assert (await signed(deps)).entries == ()


async def test_the_kill_list_asks_a_browser_for_a_fresh_proof_and_a_quarantine_does_not_wait_for_one(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    await publish_listed(deps, acme.manager)
    left_alone = replace(operator[0], session=uuid4(), proven_until=deps.works.clock())
    at_the_browser = replace(left_alone, proven_until=deps.works.clock() + timedelta(hours=1))
    with pytest.raises(ProofNeeded):
        await move(deps, left_alone, S.BLOCKED, "malware")
    await move(deps, left_alone, S.QUARANTINED, "a look")
    assert (await signed(deps)).entries == ()
    await move(deps, at_the_browser, S.BLOCKED, "malware")
    with pytest.raises(ProofNeeded):
        await move(deps, left_alone, S.QUARANTINED, "or not")
    assert len((await signed(deps)).entries) == 1


async def test_a_blocked_release_stays_on_the_list_when_it_is_removed(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    await publish_listed(deps, acme.manager)
    await move(deps, operator[0], S.BLOCKED, "malware")
    before = (await signed(deps)).entries
    await move(deps, operator[0], S.REMOVED, "for good")
    assert (await signed(deps)).entries == before
    assert before[0].reason == "malware"


async def test_a_private_plugin_leaves_no_trace_on_the_list(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    await publish_listed(deps, acme.manager, visibility="private", audience=[])
    await move(deps, operator[0], S.BLOCKED, "malware")
    assert (await signed(deps)).entries == ()


@pytest.mark.parametrize("removed", [False, True])
async def test_what_is_on_the_list_does_not_come_back_under_another_version_or_name(
    deps: Deps, acme: Tenant, globex: Tenant, operator: tuple, removed: bool
) -> None:
    await publish_listed(deps, acme.manager, visibility="private")
    await move(deps, operator[0], S.BLOCKED, "steals keys")
    if removed:
        await move(deps, operator[0], S.REMOVED, "for good")
    again = await publish_listed(deps, acme.manager, {"version": "1.0.1"})
    renamed = await publish_listed(deps, globex.manager, {"id": "globex.harmless"})
    assert [again.state, renamed.state] == [S.HELD, S.HELD]
    assert "kill list" in (renamed.state_reason or "")
    assert not {"acme", "steals"} & set((renamed.state_reason or "").replace(".", " ").split())
    other = make_package({"version": "1.0.2"}, wat=component_wat('{"said":"sorry"}'))
    assert (await publish_listed(deps, acme.manager, package=other)).state is S.LISTED


async def test_what_was_taken_off_the_list_can_be_listed_again_elsewhere(
    deps: Deps, acme: Tenant, operator: tuple
) -> None:
    await publish_listed(deps, acme.manager)
    await move(deps, operator[0], S.BLOCKED, "by mistake")
    held = await publish_listed(deps, acme.manager, {"version": "1.0.1"})
    await move(deps, operator[0], S.QUARANTINED, "it was another")
    async with deps.works.system("tests") as work:
        await catalog.list_release(work, held.release_id, held=True)
    async with deps.works.begin(acme.viewer) as work:
        assert (await catalog.find_release(work, "acme.echo", "1.0.1")).state is S.LISTED


async def test_a_list_is_signed_anew_only_when_it_changed(deps: Deps, acme: Tenant, operator: tuple) -> None:
    await publish_listed(deps, acme.manager)
    assert (await signed(deps)).serial == 1
    assert not await catalog.sign_kill_list(deps.works, KEY)
    await move(deps, operator[0], S.BLOCKED, "malware")
    assert (await signed(deps)).serial == 2
    assert not await catalog.sign_kill_list(deps.works, KEY)


async def test_a_new_key_signs_at_once_and_the_serial_goes_on(deps: Deps) -> None:
    assert (await signed(deps)).serial == 1
    other = SigningKey.generate(KEY.name)
    assert await catalog.sign_kill_list(deps.works, other)
    listed = await found(deps)
    assert (listed.serial, listed.verifying_key) == (2, other.verifying.text())
    with pytest.raises(NoteUnproven):
        KEY.verifying.check(parse_note(listed.note))


async def test_processes_that_sign_at_once_sign_one_list(deps: Deps) -> None:
    signings = await asyncio.gather(*(catalog.sign_kill_list(deps.works, KEY) for _ in range(4)))
    assert sorted(signings) == [False, False, False, True]
    assert (await found(deps)).serial == 1


async def test_no_web_process_writes_the_list(urls: DatabaseUrls, deps: Deps) -> None:
    await signed(deps)
    connection = await asyncpg.connect(urls.app)
    try:
        for attempt in ("update kill_lists set note = 'forged'", "delete from kill_lists"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
    finally:
        await connection.close()


async def test_before_the_first_signing_there_is_none(deps: Deps) -> None:
    with pytest.raises(NoKillListYet):
        await found(deps)


async def test_everybody_gets_the_list_its_key_and_whether_it_has_changed(client: Client, deps: Deps) -> None:
    await catalog.sign_kill_list(deps.works, KEY)
    answer = await client.get("/api/kill-list")
    assert answer.status == 200
    key = VerifyingKey.parse((await client.get("/api/kill-list/key")).json["key"])
    key.check(parse_note(answer.body))
    again = await client.get("/api/kill-list", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    other = await client.get("/api/kill-list", headers={"If-None-Match": '"0"'})
    assert other.status == 200


async def test_the_job_process_signs_what_changes_for_as_long_as_it_runs(
    deps: Deps, acme: Tenant, operator: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KILL_LIST_PAUSE_S", 0.01)
    await publish_listed(deps, acme.manager)
    keeping = asyncio.create_task(jobs.keep_kill_list(deps.works, KEY))
    try:
        await move(deps, operator[0], S.BLOCKED, "malware")
        async with asyncio.timeout(20):
            while not await _told(deps):  # noqa: ASYNC110 what is waited for has no event of its own
                await asyncio.sleep(0.01)
    finally:
        keeping.cancel()


async def _told(deps: Deps) -> bool:
    try:
        return "malware" in (await found(deps)).note
    except NoKillListYet:
        return False
