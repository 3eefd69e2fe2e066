"""What comes in the way of a request: an advisory about the plugin, and another owner."""

import asyncio

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import AdvisoryStands
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import decide, look, scanned, set_policy, submit
from tests.plugins import work_off

S = RequestState


async def advise(deps: Deps, certifier: Actor, severity: str) -> str:
    """File an advisory about all releases of the plugin."""
    said = {"severity": severity, "title": "It leaks", "details": "Very much", "affected": "*"}
    async with deps.works.begin(certifier) as work:
        advisory = await catalog.file_advisory(work, "acme.echo", said)
    await work_off(deps)
    return advisory.id


async def test_nobody_approves_what_a_grave_advisory_concerns_until_that_is_withdrawn(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    request = await scanned(deps, acme.manager)
    grave = await advise(deps, certifier, "high")
    with pytest.raises(AdvisoryStands, match=f"{grave} concerns it: It leaks") as refused:
        await decide(deps, certifier, request)
    assert refused.value.extensions == {"state": "in_review"}
    assert "have it withdrawn" in refused.value.next_step
    async with deps.works.begin(certifier) as work:
        await catalog.withdraw_advisory(work, grave, "It was another plugin.")
    await advise(deps, certifier, "low")
    assert (await decide(deps, certifier, request)).state is S.APPROVED


async def test_a_policy_that_decides_by_itself_leaves_such_a_release_to_people(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor
) -> None:
    await set_policy(deps, operator, decision="automatic")
    grave = await advise(deps, certifier, "critical")
    request = await scanned(deps, acme.manager)
    assert (request.state, request.problem) == (
        S.IN_REVIEW, f"The advisory {grave} concerns it: It leaks",
    )  # fmt: skip
    assert (await decide(deps, certifier, request, "deny", "It leaks.")).state is S.DENIED


async def test_a_request_that_is_made_while_its_namespace_goes_is_withdrawn_and_goes_along(
    deps: Deps, acme: Tenant, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    async with deps.works.begin(acme.admin) as work:
        await catalog.offer_namespace(work, "acme", "globex")

    async def accept() -> None:
        async with deps.works.begin(globex.manager) as work:
            await catalog.accept_namespace(work, "acme")

    async with deps.works.begin(acme.manager) as work:
        request = (await service.submit(work, "acme.echo", "1.0.0")).request
        accepting = asyncio.create_task(accept())
        await until_somebody_waits(urls, accepting)
        assert not accepting.done(), "the transfer waits for the request"
    await accepting
    await work_off(deps)
    seen = await look(deps, globex.manager, request)
    assert (seen.state, seen.owner_tenant) == (S.WITHDRAWN, globex.id)
    with pytest.raises(PluginNotFound):
        await submit(deps, acme.manager)
    assert (await submit(deps, globex.manager)).new


async def until_somebody_waits(urls: DatabaseUrls, task: "asyncio.Task[None]") -> None:
    """Until a connection waits for a lock of another one, or the task has ended."""
    connection = await asyncpg.connect(urls.system)
    waiting = "select count(*) from pg_locks where not granted"
    try:
        async with asyncio.timeout(60):
            while not task.done() and not await connection.fetchval(waiting):  # noqa: ASYNC110 the database's
                await asyncio.sleep(0.02)
    finally:
        await connection.close()
