"""An installed plugin in a process that runs executions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.executions import service
from aei_marketplace.executions.rules.requests import Wanted, read_request
from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.plugins import ASKING, install, publish

TRACE = "a" * 32


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """A tenant that has published and installed `acme.echo`."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, ASKING)
    assert (await install(deps, tenant.admin)).state == "succeeded"
    return tenant


@pytest.fixture
async def runs(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Runs]:
    """The executions of a process."""
    async with service.serving(deps, urls.app) as runs:
        yield runs


def wanted(body: bytes = b'{"task": {}}') -> Wanted:
    """A request as its bytes say."""
    return read_request(body)


async def run(
    runs: Runs, actor: Actor, body: bytes = b'{"task": {}}', plugin: str = "acme.echo"
) -> Execution:
    """One synchronous execution."""
    return await service.execute(runs, actor, TRACE, plugin, wanted(body))


@dataclass
class Log:
    """Looks into the audit log as its owner."""

    url: str

    async def of(self, resource: object) -> list[dict[str, object]]:
        """The entries about a resource, oldest first."""
        connection = await asyncpg.connect(self.url)
        try:
            rows = await connection.fetch(
                "select content from audit_entries where resource_id = $1 order by id", str(resource)
            )
            return [read_entry(row["content"]) for row in rows]
        finally:
            await connection.close()


@pytest.fixture
def log(urls: DatabaseUrls) -> Log:
    """The audit log."""
    return Log(urls.owner)


def actions(entries: list[dict[str, object]]) -> list[object]:
    """What entries say was done."""
    return [entry["action"] for entry in entries]


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that is true sooner or later."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 what is waited for has no event of its own
            await asyncio.sleep(0.01)
