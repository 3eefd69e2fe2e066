"""Operations in the database: whose they are, and how their changes are announced."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.relay import relay
from aei_marketplace.ground.work import Works
from aei_marketplace.operations import service
from aei_marketplace.operations.errors import OperationEnded, OperationNotFound
from aei_marketplace.operations.jobs import NEWS
from aei_marketplace.operations.service import Operation, OperationState
from tests.builders import make_tenant


async def opened(works: Works, actor) -> Operation:
    async with works.begin(actor) as work:
        return await service.open_operation(work, "install", "acme.echo")


async def test_an_operation_is_carried_from_its_opening_to_its_end(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    operation = await opened(works, acme.manager)
    assert (operation.state, operation.tenant_id) == (OperationState.QUEUED, acme.id)
    async with works.system("tests") as work:
        await service.advance(work, operation.id, 0.5, "Half way")
    async with works.begin(acme.viewer) as work:
        found = await service.find_operation(work, operation.id)
    assert (found.state, found.progress, found.message) == (OperationState.RUNNING, 0.5, "Half way")
    async with works.begin(acme.manager) as work:
        await service.succeed(work, operation.id, "Installed")
        assert (await service.find_operation(work, operation.id)).state is OperationState.SUCCEEDED
    with pytest.raises(OperationEnded):
        async with works.begin(acme.manager) as work:
            await service.fail(work, operation.id, {"title": "Too late"})


async def test_a_failed_operation_keeps_its_problem(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    operation = await opened(works, acme.manager)
    problem = {"title": "Not compatible", "status": 409, "errors": [{"pointer": "/version"}]}
    async with works.begin(acme.manager) as work:
        await service.fail(work, operation.id, problem)
    async with works.begin(acme.manager) as work:
        found = await service.find_operation(work, operation.id)
    assert (found.state, found.problem) == (OperationState.FAILED, problem)


async def test_a_tenant_neither_sees_nor_moves_anothers_operation(works: Works, urls: DatabaseUrls) -> None:
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    operation = await opened(works, acme.manager)
    for call in (
        lambda work: service.find_operation(work, operation.id),
        lambda work: service.advance(work, operation.id, 0.5, "x"),
        lambda work: service.succeed(work, operation.id, "x"),
        lambda work: service.fail(work, operation.id, {"title": "x"}),
    ):
        with pytest.raises(OperationNotFound):
            async with works.begin(globex.admin) as work:
                await call(work)
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        assert await connection.fetchval("select count(*) from operations") == 0
        assert await connection.execute("update operations set message = 'mine'") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from operations")
    finally:
        await connection.close()


async def test_an_operation_of_the_marketplace_is_everybodys_to_see_and_nobodys_to_move(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    async with works.system("tests") as work:
        operation = await service.open_operation(work, "seed")
    async with works.begin(acme.viewer) as work:
        assert (await service.find_operation(work, operation.id)).kind == "seed"
    with pytest.raises(OperationNotFound):
        async with works.begin(acme.admin) as work:
            await service.advance(work, operation.id, 1, "mine")


async def test_a_missing_operation_is_not_found(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    async with works.begin(acme.viewer) as work:
        with pytest.raises(OperationNotFound):
            await service.find_operation(work, uuid4())


async def test_concurrent_reports_leave_the_furthest_progress(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    operation = await opened(works, acme.manager)

    async def report(progress: float) -> None:
        async with works.begin(acme.manager) as work:
            await service.advance(work, operation.id, progress, f"at {progress}")

    await asyncio.gather(*(report(n / 10) for n in (3, 9, 1, 5)))
    async with works.begin(acme.manager) as work:
        assert (await service.find_operation(work, operation.id)).progress == pytest.approx(0.9)


async def test_changes_are_relayed_once_they_are_committed_and_after_the_connection_was_lost(
    works: Works, urls: DatabaseUrls
) -> None:
    acme = await make_tenant(works, "acme")
    operation = await opened(works, acme.manager)
    live = Live()
    relaying = asyncio.create_task(relay(urls.app, live, NEWS))
    try:
        with live.listen(f"operation:{operation.id}") as news:
            await heard(works, acme.manager, operation, news)
            await cut_listeners(urls)
            while not news.empty():
                news.get_nowait()
            await heard(works, acme.manager, operation, news)
    finally:
        relaying.cancel()


async def test_what_was_rolled_back_is_not_announced(works: Works, urls: DatabaseUrls) -> None:
    acme = await make_tenant(works, "acme")
    first, second = await opened(works, acme.manager), await opened(works, acme.manager)
    live = Live()
    relaying = asyncio.create_task(relay(urls.app, live, NEWS))
    try:
        with live.listen(f"operation:{first.id}") as quiet, live.listen(f"operation:{second.id}") as news:
            with pytest.raises(ZeroDivisionError):
                async with works.begin(acme.manager) as work:
                    await service.advance(work, first.id, 0.5, "never was")
                    raise ZeroDivisionError
            await heard(works, acme.manager, second, news)
            assert quiet.empty()
    finally:
        relaying.cancel()


async def heard(works: Works, actor, operation: Operation, news: asyncio.Queue) -> None:
    """Change the operation until a change is heard: the relay connects in its own time."""
    for _ in range(300):
        async with works.begin(actor) as work:
            await service.advance(work, operation.id, 0.1, str(uuid4()))
        try:
            assert await asyncio.wait_for(news.get(), 0.2) == str(operation.id)
            return
        except TimeoutError:
            continue
    pytest.fail("no change was heard")


async def cut_listeners(urls: DatabaseUrls) -> None:
    """End the relay's connection, as a restart of the database would."""
    connection = await asyncpg.connect(urls.app)
    try:
        cut = await connection.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and query ilike 'listen%'"
        )
        assert cut
    finally:
        await connection.close()


async def test_an_operation_that_nobody_moves_any_more_is_ended(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    forgotten, fresh = await opened(works, acme.manager), await opened(works, acme.manager)
    async with works.system("tests") as work:
        await work.run(
            text("update operations set updated_at = now() - interval '31 minutes' where id = :id"),
            {"id": forgotten.id},
        )
        assert await service.fail_forgotten(work) == 1
        assert await service.fail_forgotten(work) == 0
    async with works.begin(acme.manager) as work:
        ended = await service.find_operation(work, forgotten.id)
        assert (ended.state, ended.problem["retry"]) == (OperationState.FAILED, True)
        assert (await service.find_operation(work, fresh.id)).state is OperationState.QUEUED
