"""Try-outs, from request to record, on a real sandbox host."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound, ReleaseNotFound
from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NotAdmitted, TaskTooLarge, TaskUnfit, TooFast
from aei_marketplace.executions.rules.tryouts import OF_A_TENANT, OF_A_USER, TRYOUT_CAP, read_tryout
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.installations import service as installations
from tests.builders import Tenant, make_staff, make_tenant
from tests.executions.conftest import TRACE, Log, actions
from tests.executions.real import publish_guest, real_sandbox
from tests.plugins import publish
from tests.sandbox.guests import echo, endless, fetching
from tests.serving import Client

REQUEST = '{"url": "https://api.acme.example/"}'
ASKS = {
    "permissions": {"network": {"hosts": ["api.acme.example"], "reason": "fetches the page"}},
    "examples": [{"title": "first", "input": {"n": 1}}, {"title": "second", "input": {"n": 2}}],
}
EXAMPLES = {"examples": ASKS["examples"]}


@pytest.fixture
async def sandbox(works: Works, tmp_path: Path) -> AsyncIterator[SandboxClient]:
    async with real_sandbox(works, tmp_path) as client:
        yield client


@pytest.fixture
async def studio(deps: Deps) -> Tenant:
    """A publisher with `studio.echo` and `studio.fetch`, both with examples."""
    tenant = await make_tenant(deps.works, "studio")
    await publish_guest(deps, tenant.manager, "studio.echo", echo(), EXAMPLES)
    await publish_guest(deps, tenant.manager, "studio.fetch", fetching(REQUEST), ASKS)
    return tenant


@pytest.fixture
async def acme(deps: Deps, studio: Tenant) -> Tenant:
    """A tenant that has nothing installed."""
    return await make_tenant(deps.works, "acme")


async def tried(runs: Runs, actor: Actor, plugin: str = "studio.echo", **body: Any) -> Execution:
    execution, _ = await service.try_out(runs, actor, TRACE, plugin, read_tryout(json.dumps(body).encode()))
    return execution


async def test_an_example_runs_without_an_installation_and_leaves_none(
    runs: Runs, deps: Deps, acme: Tenant, log: Log
) -> None:
    execution = await tried(runs, acme.agent)
    assert (execution.outcome, execution.output) == ("ok", b'{"n":1}')
    assert (execution.mode, execution.installation_id, execution.journal) == ("try", None, "kept")
    assert (await tried(runs, acme.agent, example=1)).output == b'{"n":2}'
    assert (await tried(runs, acme.agent, task={"mine": True})).output == b'{"mine": true}'
    entries = await log.of(execution.id)
    assert actions(entries) == ["execution.start", "execution.end"]
    assert entries[0]["context"]["mode"] == "try"  # type: ignore[index]
    async with deps.works.begin(acme.admin) as work:
        assert (await installations.list_installations(work, PageWanted())).total == 0
    assert json.loads(execution.usage or "")["wall_ms"] > 0


async def test_a_tryout_holds_nothing_and_shows_what_was_asked_for_and_denied(
    runs: Runs, acme: Tenant, log: Log
) -> None:
    execution, requested = await service.try_out(runs, acme.agent, TRACE, "studio.fetch", read_tryout(b""))
    assert execution.outcome == "denied"
    assert requested["network"]["hosts"] == ["api.acme.example"]
    denied = json.loads(execution.permissions or "")["denied"]
    assert denied == [{"permission": "network", "target": "api.acme.example", "count": 1}]
    assert actions(await log.of(execution.id))[-1] == "permission.denied"


async def test_a_tryout_can_be_replayed(runs: Runs, acme: Tenant) -> None:
    for plugin in ("studio.echo", "studio.fetch"):
        first = await tried(runs, acme.agent, plugin)
        again = await service.replay(runs, acme.agent, TRACE, first.id)
        assert (again.identical, again.outcome) == (True, first.outcome)
        assert again.installation_id is None


async def test_a_tryout_is_capped_below_what_executions_may_have(
    runs: Runs, deps: Deps, acme: Tenant, studio: Tenant
) -> None:
    greedy = {**EXAMPLES, "limits": {"cpu_ms": 60_000, "wall_ms": 120_000, "memory_mib": 1024}}
    await publish_guest(deps, studio.manager, "studio.endless", endless(), greedy)
    execution = await tried(runs, acme.agent, "studio.endless")
    limits = json.loads(execution.limits)
    assert execution.outcome == "cpu_limit"
    assert (limits["cpu_ms"], limits["wall_ms"]) == (TRYOUT_CAP.cpu_ms, TRYOUT_CAP.wall_ms)
    assert limits["memory_bytes"] == TRYOUT_CAP.memory_bytes
    with pytest.raises(TaskTooLarge):
        await tried(runs, acme.agent, task="x" * (TRYOUT_CAP.input_bytes + 1))


async def test_the_tenants_policy_lowers_a_tryout_too(runs: Runs, deps: Deps, acme: Tenant) -> None:
    async with deps.works.begin(acme.admin) as work:
        await installations.change_policies(work, deps, {"limits": {"wall_ms": 1234}})
    assert json.loads((await tried(runs, acme.agent)).limits)["wall_ms"] == 1234


async def test_a_users_flood_is_refused_and_others_are_not(runs: Runs, acme: Tenant) -> None:
    async def attempt(actor: Actor) -> str:
        try:
            return (await tried(runs, actor)).outcome or ""
        except TooFast as refusal:
            return "refused" if int(refusal.headers["Retry-After"]) >= 1 else "without a word when"

    ends = await asyncio.gather(*(attempt(acme.agent) for _ in range(OF_A_USER.executions_burst + 10)))
    assert ends.count("ok") == OF_A_USER.executions_burst
    assert await attempt(acme.manager) == "ok"
    assert await attempt(acme.agent) == "refused"


async def test_all_users_of_a_tenant_share_a_bound(runs: Runs, acme: Tenant) -> None:
    bucket = OF_A_TENANT.executions_burst
    for _ in range(bucket):
        runs.tryouts.require(acme.id, OF_A_TENANT)
    with pytest.raises(TooFast, match="your tenant"):
        await tried(runs, acme.admin)


async def test_who_may_not_execute_may_not_try(runs: Runs, acme: Tenant) -> None:
    with pytest.raises(MissingAction):
        await tried(runs, acme.viewer)


async def test_a_plugin_that_the_tenant_may_not_see_is_not_found(
    runs: Runs, deps: Deps, acme: Tenant, studio: Tenant
) -> None:
    await publish(deps, studio.manager, {"id": "studio.hidden", **EXAMPLES}, visibility="private")
    with pytest.raises(PluginNotFound):
        await tried(runs, acme.agent, "studio.hidden")
    with pytest.raises(PluginNotFound):
        await tried(runs, acme.agent, "no.such")
    with pytest.raises(ReleaseNotFound):
        await tried(runs, acme.agent, version="9.9.9")


async def test_what_could_not_be_installed_is_not_tried(
    runs: Runs, deps: Deps, acme: Tenant, studio: Tenant
) -> None:
    await publish(deps, studio.manager, {"id": "studio.far", "compatibility": {"aei": ">=99"}, **EXAMPLES})
    with pytest.raises(NotAdmitted, match="supports AEI"):
        await tried(runs, acme.agent, "studio.far")
    moderator, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(moderator) as work:
        await catalog.change_state(work, "studio.echo", "1.0.0", catalog.ReleaseState.QUARANTINED, "reported")
    with pytest.raises(NotAdmitted, match="quarantined"):
        await tried(runs, acme.agent, version="1.0.0")
    with pytest.raises((NotAdmitted, ReleaseNotFound)):
        await tried(runs, acme.agent)


async def test_a_task_that_does_not_fit_the_schema_is_refused(
    runs: Runs, deps: Deps, acme: Tenant, studio: Tenant
) -> None:
    strict = {"input_schema": {"type": "object", "required": ["text"]}}
    await publish_guest(deps, studio.manager, "studio.strict", echo(), strict)
    with pytest.raises(TaskUnfit):
        await tried(runs, acme.agent, "studio.strict", task={})
    with pytest.raises(Invalid, match="execution") as refusal:
        await tried(runs, acme.agent, "studio.strict")
    assert "the release has none" in refusal.value.faults[0].message


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"speed": 1}',
        b'{"example": "one"}',
        b'{"example": 0, "task": {}}',
        b"\xff",
        b'{"task": ',
    ],
)
def test_a_request_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        read_tryout(body)


@pytest.mark.parametrize("number", [-1, 2, 10**30])
async def test_an_example_that_is_not_there_is_refused(runs: Runs, acme: Tenant, number: int) -> None:
    with pytest.raises(Invalid):
        await tried(runs, acme.agent, example=number)


async def test_the_route_answers_with_what_was_asked_for(client: Client, acme: Tenant) -> None:
    path, token = "/api/plugins/studio.fetch/try", acme.tokens["Agent"]
    answer = await client.post(path, token, json={"example": 0})
    assert (answer.status, answer.json["mode"]) == (200, "try")
    assert answer.json["requested"]["network"]["reason"] == "fetches the page"
    assert answer.json["permissions"]["denied"][0]["target"] == "api.acme.example"
    read = await client.get(f"/api/executions/{answer.json['id']}", token)
    assert (read.status, read.json["installation_id"]) == (200, None)
    assert (await client.post(path, acme.tokens["Viewer"], json={})).status == 403
    assert (await client.post(path, json={})).status == 401
    for _ in range(OF_A_USER.executions_burst - 1):
        assert (await client.post(path, token)).status == 200
    refused = await client.post(path, token)
    assert (refused.status, "Retry-After" in refused.headers) == (429, True)
