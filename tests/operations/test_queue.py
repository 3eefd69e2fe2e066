"""The queue as staff see it: what waits, what gave up, and trying it again."""

import pytest

from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.operations import service
from aei_marketplace.operations.errors import JobNotFound
from aei_marketplace.operations.events import OperationFailed
from tests.builders import make_staff, make_tenant
from tests.serving import Client

HTML = {"Accept": "text/html"}
TRACE = "f" * 32
_GIVE_UP = "update pgqueuer set status = 'failed', attempts = 8 where entrypoint = $1 returning id"


async def enqueue(deps: Deps, count: int, *, gave_up: bool = False) -> list[int]:
    """Jobs in the queue; the ids of those that gave up."""
    async with deps.works.system("tests", TRACE) as work:
        for _ in range(count):
            work.emit(OperationFailed(new_id(), None, "install", None, None, "No"))
    if not gave_up:
        return []
    async with deps.works.system("tests") as work:
        driver = (await work.connection.get_raw_connection()).driver_connection
        return [row["id"] for row in await driver.fetch(_GIVE_UP, OperationFailed.kind)]


async def test_what_waits_and_what_gave_up_is_counted_and_told(deps: Deps):
    operator, _ = await make_staff(deps.works)
    empty = await service.look_at_queue(deps.works, operator, TRACE)
    assert (empty.lanes, empty.jobs) == ((), ())
    ids = await enqueue(deps, 1, gave_up=True)
    await enqueue(deps, 2)
    now = await service.look_at_queue(deps.works, operator, TRACE)
    (lane,) = now.lanes
    assert (lane.kind, lane.waiting, lane.running, lane.failed) == (OperationFailed.kind, 2, 0, 1)
    assert lane.oldest_at is not None
    assert [(job.id, job.attempts, job.trace_id) for job in now.jobs] == [(ids[0], 8, TRACE)]


async def test_a_job_that_gave_up_is_tried_again_once(deps: Deps):
    operator, _ = await make_staff(deps.works)
    (job,) = await enqueue(deps, 1, gave_up=True)
    await service.retry_job(deps.works, operator, TRACE, job)
    now = await service.look_at_queue(deps.works, operator, TRACE)
    assert (now.lanes[0].waiting, now.lanes[0].failed, now.jobs) == (1, 0, ())
    with pytest.raises(JobNotFound):
        await service.retry_job(deps.works, operator, TRACE, job)
    with pytest.raises(JobNotFound):
        await service.retry_job(deps.works, operator, TRACE, 0)


async def test_operations_of_all_tenants_are_shown_with_what_failed(deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(acme.admin) as work:
        await service.open_operation(work, "install", "acme.echo")
    async with deps.works.begin(globex.admin) as work:
        failed = await service.open_operation(work, "update", "acme.echo")
        await service.fail(work, failed.id, {"title": "No", "detail": "It did not work."})
    now = await service.look_at_queue(deps.works, operator, TRACE)
    assert [(o.kind, o.tenant_id) for o in now.running] == [("install", acme.id)]
    assert [(o.kind, o.tenant_id) for o in now.failed] == [("update", globex.id)]


async def test_tenants_and_other_staff_neither_see_the_queue_nor_move_it(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    moderator, token = await make_staff(deps.works, "Moderator")
    (job,) = await enqueue(deps, 1, gave_up=True)
    for actor in (acme.admin, moderator):
        with pytest.raises(MissingAction):
            await service.look_at_queue(deps.works, actor, TRACE)
        with pytest.raises(MissingAction):
            await service.retry_job(deps.works, actor, TRACE, job)
    for bearer in (acme.tokens["Admin"], token):
        assert (await client.get("/admin/operations", bearer, headers=HTML)).status == 403
        sent = await client.post("/admin/operations/retry", bearer, headers=HTML, data={"job": str(job)})
        assert sent.status == 403


@pytest.mark.parametrize("job", ["", "x", "-1", "9" * 30, "1; drop table pgqueuer"])
async def test_a_job_that_is_none_is_told_and_nothing_is_tried(client: Client, deps: Deps, job: str):
    _, token = await make_staff(deps.works)
    answer = await client.post(
        "/admin/operations/retry", token, headers=HTML, data={"job": job}, allow_redirects=False
    )
    assert answer.status == 303
