"""Streaming the log: in order, at least once, through failures and restarts."""

import asyncio
import json
from collections.abc import Sequence

import asyncpg
import pytest

from aei_marketplace.audit import jobs
from aei_marketplace.audit.service.delivering import deliver_next
from aei_marketplace.audit.store.deliveries import become_deliverer
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.collecting import CollectorFailed, Delivery
from tests.audit.conftest import Log
from tests.builders import make_tenant


class Collecting:
    """A collector that keeps what it takes in, and fails as often as it is told to."""

    name = "test://collector"

    def __init__(self, failures: int = 0, loses_answer: bool = False) -> None:
        self.failures, self.loses_answer = failures, loses_answer
        self.taken: list[Delivery] = []

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        failing, self.failures = self.failures > 0, self.failures - 1
        if not failing or self.loses_answer:
            self.taken += deliveries
        if failing:
            raise CollectorFailed("not now")


@pytest.fixture
async def connection(log: Log):
    connection = await asyncpg.connect(log.urls.system)
    yield connection
    await connection.close()


async def deliver_all(connection, collector, batch: int = 4) -> None:
    while await deliver_next(connection, collector, utc_now, batch):
        pass


async def test_every_entry_arrives_once_and_in_order_when_nothing_fails(log: Log, connection):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 9)
    collector = Collecting()
    await deliver_all(connection, collector)
    await log.write(acme.admin, 2)
    await deliver_all(connection, collector)
    total = (await log.fetch("select count(*) from audit_leaves"))[0][0]
    assert [delivery.sequence for delivery in collector.taken] == list(range(total))
    body = json.loads(collector.taken[-1].body)
    assert (body["action"], body["sequence"], body["tenant"]) == ("thing.do", total - 1, str(acme.id))


async def test_what_people_typed_stays_here_and_only_its_commitment_travels(log: Log, connection):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 1)
    collector = Collecting()
    await deliver_all(connection, collector)
    body = json.loads(collector.taken[-1].body)
    assert body["personal"] == {}
    assert set(body["commitments"]) == {"note"}
    assert not any(b"by hand" in d.body or b"@acme.example" in d.body for d in collector.taken)


async def test_a_batch_that_failed_comes_again_and_none_is_left_out(log: Log, connection):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 9)
    collector = Collecting(failures=2)
    for _ in range(2):
        with pytest.raises(CollectorFailed):
            await deliver_next(connection, collector, utc_now, 4)
    await deliver_all(connection, collector)
    assert [d.sequence for d in collector.taken] == list(range(len(collector.taken)))


async def test_an_answer_that_was_lost_means_twice_and_never_not_at_all(log: Log, connection):
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 3)
    collector = Collecting(failures=1, loses_answer=True)
    with pytest.raises(CollectorFailed):
        await deliver_next(connection, collector, utc_now, 4)
    await deliver_all(connection, collector)
    sequences = [d.sequence for d in collector.taken]
    assert sequences[:4] == sequences[4:8] == [0, 1, 2, 3]
    assert set(sequences) == set(range(max(sequences) + 1))


async def test_the_loop_goes_on_after_failures_and_where_the_process_before_stopped(log: Log, monkeypatch):
    monkeypatch.setattr(jobs, "DELIVERY_PAUSE_S", 0.01)
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 3)
    collector = Collecting(failures=3)

    async def loop_until(count: int) -> None:
        task = asyncio.create_task(jobs.deliver_for_ever(log.urls.system, utc_now, collector))
        try:
            async with asyncio.timeout(60):
                while len(collector.taken) < count:  # noqa: ASYNC110 the collector knows of no test
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    first = (await log.fetch("select count(*) from audit_leaves"))[0][0]
    await loop_until(first)
    await log.write(acme.admin, 2)
    await loop_until(first + 2)
    sequences = [d.sequence for d in collector.taken]
    assert sorted(set(sequences)) == list(range(first + 2))


def test_the_pause_grows_and_stays_bounded():
    pauses = [jobs.back_off(failures) for failures in (0, 3, 6, 1000)]
    assert pauses == sorted(pauses)
    assert max(pauses) <= jobs.LONGEST_BACK_OFF_S
    assert min(pauses) > 0


async def test_two_processes_do_not_deliver_at_once(log: Log, connection):
    other = await asyncpg.connect(log.urls.system)
    try:
        assert await become_deliverer(connection)
        assert not await become_deliverer(other)
    finally:
        await other.close()
