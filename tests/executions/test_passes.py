"""Runs under what an earlier run learnt: what has changed since is found out before anything runs."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import UnknownToken
from aei_marketplace.accounts.rules import token_hash
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import InstallationDisabled, NotInstalled, Outdated
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.service import passes as passes_module
from aei_marketplace.executions.service.passes import Passes
from aei_marketplace.executions.store import quick
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed, NotSignedIn
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant
from tests.executions.conftest import TRACE, Log, wanted
from tests.fakes import FakeSandbox

Sql = Callable[..., Awaitable[None]]


@pytest.fixture
def sql(deps: Deps) -> Sql:
    """Changes the database as a job across tenants would."""

    async def change(statement: str, **values: object) -> None:
        async with deps.works.system("tests.passes") as work:
            await work.run(text(statement), values)

    return change


async def execute(runs: Runs, token: str, plugin: str = "acme.echo") -> Outcome:
    return (await service.execute_by_token(runs, token, TRACE, plugin, wanted())).outcome


async def test_the_second_run_asks_for_nothing_before_its_start(
    runs: Runs, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def find_known(*arguments: object) -> quick.Known:
        asked.append(arguments)
        return await quick.find_known(*arguments)

    monkeypatch.setattr(passes_module, "find_known", find_known)
    for _ in range(3):
        assert await execute(runs, acme.tokens["Agent"]) == Outcome.OK
    assert len(asked) == 1


async def test_a_token_that_was_revoked_meanwhile_runs_nothing(
    runs: Runs, acme: Tenant, sql: Sql, sandbox: FakeSandbox
) -> None:
    token = acme.tokens["Agent"]
    await execute(runs, token)
    await sql("update tokens set revoked_at = now() where hash = :hash", hash=token_hash(token))
    with pytest.raises(NotSignedIn):
        await execute(runs, token)
    assert len(sandbox.sent) == 1


async def test_an_account_that_was_closed_meanwhile_runs_nothing(
    runs: Runs, acme: Tenant, sql: Sql, sandbox: FakeSandbox
) -> None:
    await execute(runs, acme.tokens["Agent"])
    await sql("update users set disabled_at = now() where id = :id", id=acme.agent.id)
    with pytest.raises(NotSignedIn):
        await execute(runs, acme.tokens["Agent"])
    assert len(sandbox.sent) == 1


async def test_a_right_that_was_taken_meanwhile_is_missed_and_the_denial_recorded(
    runs: Runs, acme: Tenant, sql: Sql, log: Log
) -> None:
    await execute(runs, acme.tokens["Agent"])
    await sql("delete from memberships where user_id = :id", id=acme.agent.id)
    with pytest.raises(NotAllowed):
        await execute(runs, acme.tokens["Agent"])
    assert [e["action"] for e in await log.of("plugin.execute")] == ["access.denied"]


async def test_an_installation_that_was_disabled_meanwhile_does_not_run_and_enabled_again_does(
    runs: Runs, acme: Tenant, sql: Sql
) -> None:
    await execute(runs, acme.tokens["Agent"])
    await sql("update installations set enabled = false")
    with pytest.raises(InstallationDisabled):
        await execute(runs, acme.tokens["Agent"])
    await sql("update installations set enabled = true")
    assert await execute(runs, acme.tokens["Agent"]) == Outcome.OK


async def test_grants_that_changed_meanwhile_hold_from_the_next_run_on(
    runs: Runs, acme: Tenant, sql: Sql, sandbox: FakeSandbox
) -> None:
    await execute(runs, acme.tokens["Agent"])
    await sql('update installations set config = \'{"unit": "km"}\'')
    await execute(runs, acme.tokens["Agent"])
    assert [task.config for task in sandbox.sent] == ["{}", '{"unit": "km"}']


async def test_what_changes_between_reading_and_starting_is_read_again(
    runs: Runs, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = [b"outdated", None]

    async def find_known(*arguments: object) -> quick.Known:
        known = await quick.find_known(*arguments)
        digest = digests.pop(0) if digests else None
        return quick.Known(known.holder, known.terms, digest or known.digest)

    monkeypatch.setattr(passes_module, "find_known", find_known)
    assert await execute(runs, acme.tokens["Agent"]) == Outcome.OK


async def test_what_never_stops_changing_is_refused_and_leaves_no_start(
    runs: Runs, acme: Tenant, monkeypatch: pytest.MonkeyPatch, sandbox: FakeSandbox
) -> None:
    async def find_known(*arguments: object) -> quick.Known:
        known = await quick.find_known(*arguments)
        return quick.Known(known.holder, known.terms, b"always another")

    monkeypatch.setattr(passes_module, "find_known", find_known)
    with pytest.raises(Outdated):
        await execute(runs, acme.tokens["Agent"])
    assert not sandbox.sent
    assert not runs.running


async def test_a_token_that_expired_meanwhile_is_asked_for_again(deps: Deps, acme: Tenant) -> None:
    known = await Passes(deps.works).read(acme.tokens["Agent"], "acme.echo", TRACE)
    times = [known.holder.expires_at - timedelta(seconds=1), known.holder.expires_at]
    passes = Passes(replace(deps.works, clock=lambda: times.pop(0)))
    passes.keep(known)
    assert passes.find(acme.tokens["Agent"], "acme.echo") is known
    assert passes.find(acme.tokens["Agent"], "acme.echo") is None


@pytest.mark.parametrize("plugin", ["acme.absent", "no id at all", "", "acme.echo\0"])
async def test_a_plugin_that_is_not_installed_is_refused_and_not_remembered(
    runs: Runs, acme: Tenant, plugin: str
) -> None:
    for _ in range(2):
        with pytest.raises(NotInstalled):
            await execute(runs, acme.tokens["Agent"], plugin)
    assert runs.passes.find(acme.tokens["Agent"], plugin) is None


async def test_an_unknown_token_is_refused(runs: Runs, acme: Tenant) -> None:
    assert acme.tokens
    with pytest.raises(UnknownToken):
        await execute(runs, "aei_" + "x" * 43)


async def test_both_ways_give_the_same_actor(runs: Runs, deps: Deps, acme: Tenant) -> None:
    for token in acme.tokens.values():
        known = await runs.passes.read(token, "acme.echo", TRACE)
        assert known.actor == await accounts.authenticate(deps.works, token, TRACE)
