"""A worker that was taken over, on a real host, seen from the marketplace."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.deps import Deps
from aei_marketplace.worker import REACTIONS
from tests.adapters.sandbox_hosts import NoModels, Secrets
from tests.builders import make_tenant
from tests.executions.conftest import Log, actions, run
from tests.launcher.processes import until_gone
from tests.plugins import ASKING, install, publish, work_off
from tests.sandbox.taken_over import FORGERIES, host_with_forgers


@pytest.fixture(scope="module")
def forgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a host whose workers forge what their task names."""
    folder = tmp_path_factory.mktemp("forgers")
    folder.chmod(0o755)
    with host_with_forgers(folder) as path:
        yield path


@pytest.fixture
async def sandbox(forgers: Path) -> AsyncIterator[SandboxClient]:
    client = SandboxClient(forgers, Secrets(), NoModels())
    yield client
    await client.close()


async def workers_of(sandbox: SandboxClient, tenant: object) -> list[int]:
    status = await sandbox.status()
    return [w["pid"] for w in status.details["workers"] if w["tenant"] == str(tenant)]


@pytest.mark.parametrize("forged", [*FORGERIES, "replayed", "a forbidden system call"])
async def test_a_forged_message_ends_its_worker_and_alerts_the_tenant_and_nobody_else_notices(
    runs: Runs, deps: Deps, sandbox: SandboxClient, urls: DatabaseUrls, log: Log, forged: str
) -> None:
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager, ASKING)
    for tenant in (acme, globex):
        assert (await install(deps, tenant.admin)).state == "succeeded"
        assert (await run(runs, tenant.agent)).outcome == "ok"
    (taken,), (honest,) = await workers_of(sandbox, acme.id), await workers_of(sandbox, globex.id)

    with capture_logs() as logged:
        body = b'{"task": {"forge": "' + forged.encode() + b'"}}'
        violated, *others = await asyncio.gather(
            run(runs, acme.agent, body), *(run(runs, globex.agent) for _ in range(5))
        )
    assert violated.outcome == "sandbox_violation"
    assert violated.output is None
    assert {other.outcome for other in others} == {"ok"}

    assert taken not in await workers_of(sandbox, acme.id)
    await asyncio.to_thread(until_gone, [taken])  # it was killed before its end was told
    assert honest in await workers_of(sandbox, globex.id)

    entries = [e for e in await log.of(violated.id) if e["action"] != "permission.denied"]
    assert actions(entries) == ["execution.start", "execution.end", "sandbox.violation"]
    assert {entry["tenant"] for entry in entries} == {str(acme.id)}
    assert entries[1]["outcome"] == entries[2]["outcome"] == "sandbox_violation"
    (alarm,) = [line for line in logged if line["event"] == "sandbox.violation"]
    assert (alarm["log_level"], alarm["execution"]) == ("critical", str(violated.id))

    connection = await asyncpg.connect(urls.owner)
    waiting = await connection.fetch("select entrypoint, payload from pgqueuer")
    await connection.close()
    (event,) = [row for row in waiting if row["entrypoint"] == SandboxViolated.kind]
    assert str(violated.id).encode() in event["payload"]
    assert SandboxViolated in REACTIONS
    await work_off(deps)
    assert (await run(runs, acme.agent)).outcome == "ok"


async def test_an_execution_that_is_merely_lost_alerts_nobody(
    runs: Runs, deps: Deps, sandbox: SandboxClient, log: Log
) -> None:
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    await install(deps, acme.admin)
    execution = await run(runs, acme.agent, b'{"task": {"forge": null}}')
    assert actions(await log.of(execution.id)) == ["execution.start", "execution.end"]
