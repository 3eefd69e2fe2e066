"""Journals and replays, from request to record, on a real sandbox host."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.catalog import service as catalog
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import (
    JournalUnreadable,
    NoJournal,
    NoSuchExecution,
    NotAdmitted,
    StillRunning,
)
from aei_marketplace.executions.rules.journals import Original, Recorded, compared, digest_key, seal, unseal
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import recovery as recovery_module
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.errors import PolicyUnfit
from aei_marketplace.vault import service as vault
from aei_protocol.messages import Ended, Usage
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_staff, make_tenant
from tests.executions.conftest import TRACE, Log, run, until, wanted
from tests.executions.real import install_guest, real_sandbox
from tests.sandbox.guests import AREA, TASK, Guest, endless, remembering
from tests.serving import Client

CANARY = "canary-5f1c-value"
ASKS_SECRET = {"permissions": {"secrets": {"names": ["KEY"], "reason": "signs in"}}}
MASTER = bytes(range(32))


@pytest.fixture
async def sandbox(works: Works, tmp_path: Path) -> AsyncIterator[SandboxClient]:
    async with real_sandbox(works, tmp_path) as client:
        yield client


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """A tenant whose `acme.memory` returns clock, randomness and a secret, and is journalled."""
    tenant = await make_tenant(deps.works, "acme")
    async with deps.works.begin(tenant.admin) as work:
        await vault.put_secret(work, deps.master_key, "KEY", CANARY)
    grants = {"secrets": {"names": ["KEY"]}}
    await install_guest(
        deps, tenant.manager, tenant.admin, "acme.memory", remembering(), ASKS_SECRET, grants=grants
    )
    await journal(deps, tenant, "acme.memory")
    return tenant


async def journal(deps: Deps, tenant: Tenant, plugin: str, value: Any = True) -> None:
    async with deps.works.begin(tenant.admin) as work:
        await installations.change(work, plugin, installations.Change(policy={"journal": value}))


async def test_a_replay_gives_the_same_output_bit_for_bit_and_is_an_execution_of_its_own(
    runs: Runs, acme: Tenant, log: Log
) -> None:
    first = await run(runs, acme.agent, b'{"task": {"n": 1}}', "acme.memory")
    other = await run(runs, acme.agent, b'{"task": {"n": 1}}', "acme.memory")
    assert (first.outcome, first.journal) == ("ok", "kept")
    assert CANARY.encode() in (first.output or b"")
    assert other.output != first.output
    again = await service.replay(runs, acme.agent, TRACE, first.id)
    assert (again.outcome, again.output, again.identical) == ("ok", first.output, True)
    assert again.shape()["replay"] == {"of": first.id, "identical": True, "diverged": None}
    assert (again.mode, again.journal, again.id != first.id) == ("replay", None, True)
    assert json.loads(again.permissions or "")["used"] == []
    assert again == await service.read_execution(runs.deps.works, acme.agent, again.id)
    start, end = await log.of(again.id)
    assert (start["action"], end["action"]) == ("execution.start", "execution.end")
    assert start["context"]["mode"] == "replay"  # type: ignore[index]
    assert start["context"]["replay_of"] == str(first.id)  # type: ignore[index]
    assert end["context"]["identical"] is True  # type: ignore[index]
    assert (await log.of(first.id))[-1]["context"]["journal"] == "kept"  # type: ignore[index]


async def test_no_secret_and_no_task_is_in_what_is_stored_of_a_journal(
    runs: Runs, acme: Tenant, urls: DatabaseUrls
) -> None:
    await run(runs, acme.agent, b'{"task": "told-in-confidence"}', "acme.memory")
    connection = await asyncpg.connect(urls.owner)
    try:
        (row,) = await connection.fetch("select * from execution_journals")
    finally:
        await connection.close()
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    assert CANARY.encode() not in kept
    assert b"told-in-confidence" not in kept
    assert b"secrets.get" not in kept
    sealed = seal(MASTER, acme.id, row["execution_id"], Recorded("t", b"j"))
    assert sealed.nonce != row["nonce"]


async def test_a_secret_that_has_changed_ends_the_replay_and_says_where(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    async with deps.works.begin(acme.admin) as work:
        await vault.put_secret(work, deps.master_key, "KEY", "another")
    again = await service.replay(runs, acme.agent, TRACE, first.id)
    assert (again.outcome, again.identical, again.output) == ("cancelled", False, None)
    diverged = json.loads(again.divergence or "")
    assert (diverged["call"], diverged["expected"]) == (5, "secrets.get")
    for told in (again.problem or "", again.divergence or ""):
        assert CANARY not in told
        assert "another" not in told.replace("another value", "")


async def test_a_replay_reads_no_secret_that_is_not_granted_any_more(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    async with deps.works.begin(acme.admin) as work:
        await installations.change(work, "acme.memory", installations.Change(grants={}))
    again = await service.replay(runs, acme.agent, TRACE, first.id)
    assert again.identical is False
    assert "cannot be read" in json.loads(again.divergence or "")["detail"]


async def test_without_the_policy_nothing_is_journalled_and_a_replay_is_refused(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    await journal(deps, acme, "acme.memory", value=False)
    first = await run(runs, acme.agent, plugin="acme.memory")
    assert first.journal is None
    with pytest.raises(NoJournal) as refusal:
        await service.replay(runs, acme.agent, TRACE, first.id)
    assert (refusal.value.status, "none was asked for" in refusal.value.detail) == (409, True)


@pytest.mark.parametrize("value", ["yes", 1, None])
async def test_the_policy_is_a_yes_or_a_no(deps: Deps, acme: Tenant, value: Any) -> None:
    with pytest.raises(PolicyUnfit):
        await journal(deps, acme, "acme.memory", value)


async def test_nobody_replays_what_they_may_not_see_or_may_not_execute(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    of_admin = await run(runs, acme.admin, plugin="acme.memory")
    globex = await make_tenant(deps.works, "globex")
    for actor in (acme.agent, globex.admin):
        with pytest.raises(NoSuchExecution):
            await service.replay(runs, actor, TRACE, of_admin.id)
    with pytest.raises(MissingAction):
        await service.replay(runs, acme.viewer, TRACE, of_admin.id)
    with pytest.raises(NoSuchExecution):
        await service.replay(runs, acme.admin, TRACE, uuid4())
    of_agent = await run(runs, acme.agent, plugin="acme.memory")
    assert (await service.replay(runs, acme.admin, TRACE, of_agent.id)).identical is True


async def test_a_replay_cannot_be_replayed(runs: Runs, acme: Tenant) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    again = await service.replay(runs, acme.agent, TRACE, first.id)
    with pytest.raises(NoJournal):
        await service.replay(runs, acme.agent, TRACE, again.id)


async def test_what_still_runs_is_not_replayed(runs: Runs, deps: Deps, acme: Tenant) -> None:
    long = {"limits": {"cpu_ms": 60_000, "wall_ms": 60_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.endless", endless(), long)
    await journal(deps, acme, "acme.endless")
    started = await service.execute_later(runs, acme.agent, TRACE, "acme.endless", wanted())
    with pytest.raises(StillRunning):
        await service.replay(runs, acme.agent, TRACE, started.id)
    await service.cancel(runs, acme.agent, started.id)
    await until(lambda: not runs.running)


async def test_a_journal_that_grew_too_long_is_not_kept_and_the_refusal_says_so(
    runs: Runs, deps: Deps, acme: Tenant
) -> None:
    body = f"""(local.set $i (i32.const 900))
      (loop $l (call $random_hex (i32.const 4096) {AREA})
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (call $ok {TASK})"""
    limits = {"limits": {"cpu_ms": 20_000, "wall_ms": 60_000}}
    chatty = Guest("random.hex").build(body, pages=300)
    await install_guest(deps, acme.manager, acme.admin, "acme.chatty", chatty, limits)
    await journal(deps, acme, "acme.chatty")
    first = await run(runs, acme.agent, plugin="acme.chatty")
    assert (first.outcome, first.journal) == ("ok", "too_large")
    with pytest.raises(NoJournal, match="more than is kept"):
        await service.replay(runs, acme.agent, TRACE, first.id)


async def test_a_stopped_release_is_not_replayed(runs: Runs, deps: Deps, acme: Tenant) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    moderator, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(moderator) as work:
        await catalog.change_state(work, "acme.memory", "1.0.0", catalog.ReleaseState.QUARANTINED, "reported")
    with pytest.raises(NotAdmitted, match="quarantined"):
        await service.replay(runs, acme.agent, TRACE, first.id)


async def test_a_journal_is_forgotten_with_the_output(
    runs: Runs, deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    monkeypatch.setattr(recovery_module, "OUTPUT_LASTS", timedelta(0))
    await asyncio.sleep(0.01)
    await service.forget_old(deps.works)
    with pytest.raises(NoJournal, match="time is over"):
        await service.replay(runs, acme.agent, TRACE, first.id)


async def test_a_journal_that_was_moved_to_another_execution_does_not_open(
    runs: Runs, acme: Tenant, urls: DatabaseUrls
) -> None:
    first = await run(runs, acme.agent, plugin="acme.memory")
    second = await run(runs, acme.agent, plugin="acme.memory")
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("delete from execution_journals where execution_id = $1", second.id)
        await connection.execute("update execution_journals set execution_id = $1", second.id)
    finally:
        await connection.close()
    with pytest.raises(JournalUnreadable):
        await service.replay(runs, acme.agent, TRACE, second.id)
    with pytest.raises(NoJournal):
        await service.replay(runs, acme.agent, TRACE, first.id)


async def test_journals_are_their_tenants_own(
    runs: Runs, deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    await run(runs, acme.agent, plugin="acme.memory")
    globex = await make_tenant(deps.works, "globex")
    connection = await asyncpg.connect(urls.app)
    try:
        for tenant, seen in ((acme.id, 1), (globex.id, 0)):
            await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            assert len(await connection.fetch("select * from execution_journals")) == seen
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from execution_journals")
    finally:
        await connection.close()


async def test_a_lost_execution_has_lost_its_journal(
    runs: Runs, deps: Deps, acme: Tenant, sandbox: SandboxClient
) -> None:
    long = {"limits": {"cpu_ms": 60_000, "wall_ms": 60_000}}
    await install_guest(deps, acme.manager, acme.admin, "acme.endless", endless(), long)
    await journal(deps, acme, "acme.endless")
    running = asyncio.create_task(run(runs, acme.agent, plugin="acme.endless"))
    await until(lambda: bool(sandbox._calls.running))
    assert sandbox._line is not None
    sandbox._line.cut()
    ended = await running
    assert (ended.outcome, ended.journal) == ("worker_lost", "lost")
    with pytest.raises(NoJournal, match="lost before"):
        await service.replay(runs, acme.agent, TRACE, ended.id)


async def test_the_route_replays_and_refuses_in_problem_documents(client: Client, acme: Tenant) -> None:
    token = acme.tokens["Agent"]
    first = await client.post("/api/plugins/acme.memory/execute", token, json={"task": {}})
    again = await client.post(f"/api/executions/{first.json['id']}/replay", token)
    assert again.status == 200
    assert again.json["replay"] == {"of": first.json["id"], "identical": True, "diverged": None}
    assert again.json["output"] == first.json["output"]
    refused = await client.post(f"/api/executions/{again.json['id']}/replay", token)
    assert (refused.status, refused.json["type"].rpartition("/")[2]) == (409, "no-journal")
    assert (await client.post(f"/api/executions/{uuid4()}/replay", token)).status == 404
    assert (await client.post(f"/api/executions/{first.json['id']}/replay")).status == 401


def test_a_replay_that_ends_otherwise_without_leaving_the_journal_is_told_too() -> None:
    original = Original(uuid4(), "ok", b"1", None)
    same = Ended("e", Outcome.OK, "1", None, Usage(host_calls=3))
    assert compared(original, same).identical is True
    for other in (
        Ended("e", Outcome.OK, "2", None, Usage(host_calls=3)),
        Ended("e", Outcome.TRAP, None, "unreachable", Usage(host_calls=3)),
    ):
        kept = compared(original, other)
        assert kept.identical is False
        assert json.loads(kept.divergence or "")["call"] == 4


def test_keys_differ_by_tenant_execution_and_use() -> None:
    tenant, execution = uuid4(), uuid4()
    keys = {
        digest_key(MASTER, tenant, execution),
        digest_key(MASTER, execution, tenant),
        digest_key(MASTER, tenant, uuid4()),
        digest_key(b"x" * 32, tenant, execution),
    }
    assert len(keys) == 4
    sealed = seal(MASTER, tenant, execution, Recorded("task", b"journal"))
    assert unseal(MASTER, tenant, execution, sealed) == Recorded("task", b"journal")
    for master, other_tenant in ((b"x" * 32, tenant), (MASTER, uuid4())):
        with pytest.raises(JournalUnreadable):
            unseal(master, other_tenant, execution, sealed)
