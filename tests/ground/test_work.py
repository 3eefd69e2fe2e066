from dataclasses import dataclass
from typing import ClassVar

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.ground.actor import ANONYMOUS, MissingAction
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works
from tests.builders import make_tenant, sequence_all


@dataclass(frozen=True)
class SomethingHappened:
    kind: ClassVar[str] = "something.happened"
    number: int


async def entries(works: Works) -> list[tuple[str, str]]:
    async with works.system("tests") as work:
        rows = await work.run(text("select action, outcome from audit_entries order by id"))
        return [tuple(row) for row in rows]


async def queued(works: Works) -> list[str]:
    async with works.system("tests") as work:
        return list((await work.run(text("select entrypoint from pgqueuer"))).scalars())


async def test_a_work_commits_its_writes_its_entries_and_its_events_together(works: Works):
    async with works.begin(ANONYMOUS) as work:
        work.record(Fact("thing.do", "thing", "1"))
        work.emit(SomethingHappened(1))
    assert ("thing.do", "ok") in await entries(works)
    assert await queued(works) == ["something.happened"]


async def test_a_work_that_raises_leaves_nothing(works: Works):
    with pytest.raises(RuntimeError):
        async with works.begin(ANONYMOUS) as work:
            work.record(Fact("thing.do", "thing", "1"))
            work.emit(SomethingHappened(1))
            raise RuntimeError("no")
    assert ("thing.do", "ok") not in await entries(works)
    assert await queued(works) == []


async def test_a_denial_inside_a_work_is_recorded_although_the_work_vanishes(works: Works):
    acme = await make_tenant(works, "acme")
    with pytest.raises(MissingAction):
        async with works.begin(acme.viewer) as work:
            work.record(Fact("thing.do", "thing", "1"))
            work.actor.require("plugin.install")
    recorded = await entries(works)
    assert recorded.count(("access.denied", "denied")) == 1
    assert ("thing.do", "ok") not in recorded


@pytest.mark.parametrize(
    "attack",
    [
        "update audit_entries set outcome = 'ok'",
        "delete from audit_entries",
        "truncate audit_entries cascade",
        "update audit_leaves set leaf_hash = leaf_hash",
        "delete from audit_heads",
        "truncate audit_nodes",
    ],
)
@pytest.mark.parametrize("role", ["app", "system", "owner"])
async def test_the_database_refuses_to_change_the_log(works: Works, urls, role: str, attack: str):
    async with works.begin(ANONYMOUS) as work:
        work.record(Fact("thing.do", "thing", "1"))
    await sequence_all(urls.system)
    connection = await asyncpg.connect(getattr(urls, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(attack)
    finally:
        await connection.close()
