import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.audit.errors import LogCorrupt
from aei_marketplace.audit.service import Wanted, sequence_pending
from aei_marketplace.audit.service import search as search_log
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_protocol.merkle import Tree
from tests.builders import make_staff, make_tenant, sequence_all


async def write(works: Works, actor, count: int, action: str = "thing.do") -> None:
    async with works.begin(actor) as work:
        for number in range(count):
            work.record(Fact(action, "thing", str(number), personal={"note": f"by hand {number}"}))


async def read(works: Works, actor, **wanted):
    return await search_log(works, actor, "trace", Wanted(**wanted), PageWanted(limit=200))


async def test_waiting_entries_get_consecutive_numbers_and_the_head_is_their_root(works: Works, urls):
    acme = await make_tenant(works, "acme")
    await write(works, acme.admin, 13)
    done = await sequence_all(urls.system)
    await write(works, acme.admin, 4)
    done += await sequence_all(urls.system)
    async with works.system("tests") as work:
        leaves = (
            await work.run(text("select sequence, leaf_hash from audit_leaves order by sequence"))
        ).all()
        head = (await work.run(text("select * from audit_heads order by size desc limit 1"))).one()
    assert [row.sequence for row in leaves] == list(range(done))
    tree = Tree()
    tree.extend(bytes(row.leaf_hash) for row in leaves)
    assert (head.size, bytes(head.root)) == (done, tree.root())


async def test_two_sequencers_never_give_a_number_twice(works: Works, urls):
    acme = await make_tenant(works, "acme")
    await write(works, acme.admin, 200)
    connections = [await asyncpg.connect(urls.system) for _ in range(3)]
    try:
        for _ in range(40):
            await asyncio.gather(*(sequence_pending(c, utc_now, batch=7) for c in connections))
    finally:
        for connection in connections:
            await connection.close()
    await sequence_all(urls.system)
    async with works.system("tests") as work:
        counts = (
            await work.run(text("select count(*), count(distinct entry_id), max(sequence) from audit_leaves"))
        ).one()
    assert counts[0] == counts[1] == counts[2] + 1 >= 200


async def test_an_entry_changed_behind_the_back_is_not_sequenced(works: Works, urls, server):
    acme = await make_tenant(works, "acme")
    await write(works, acme.admin, 1)
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute("alter table audit_entries disable trigger append_only")
        await owner.execute("update audit_entries set content = content || ' '")
    finally:
        await owner.close()
    with pytest.raises(LogCorrupt):
        await sequence_all(urls.system)


async def test_a_tenant_reads_its_own_entries_and_no_others(works: Works, urls):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    await write(works, acme.admin, 3)
    await write(works, globex.admin, 2)
    await sequence_all(urls.system)
    found = await read(works, acme.admin, action="thing.do")
    assert found.total == len(found.items) == 3
    assert {item.tenant_id for item in found.items} == {acme.id}
    assert found.items[0].personal == {"note": "by hand 2"}


async def test_without_the_right_the_log_stays_closed(works: Works):
    acme = await make_tenant(works, "acme")
    with pytest.raises(MissingAction):
        await read(works, acme.manager)


async def test_the_operator_reads_every_tenants_entries(works: Works, urls):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    operator, _ = await make_staff(works)
    await write(works, acme.admin, 3)
    await write(works, globex.admin, 2)
    await sequence_all(urls.system)
    assert (await read(works, operator, action="thing.do")).total == 5


async def test_pages_follow_each_other_without_gap_or_repeat(works: Works, urls):
    acme = await make_tenant(works, "acme")
    await write(works, acme.admin, 7)
    await sequence_all(urls.system)
    seen, page = [], PageWanted(limit=3)
    while True:
        found = await search_log(works, acme.admin, "t", Wanted(action="thing.do"), page)
        seen += [item.document["resource"]["id"] for item in found.items]
        if found.next_cursor is None:
            break
        page = PageWanted.read(3, found.next_cursor)
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


async def test_erasing_a_person_leaves_the_tree_as_it_was(works: Works, urls):
    acme = await make_tenant(works, "acme")
    await write(works, acme.admin, 2)
    await sequence_all(urls.system)
    async with works.system("tests") as work:
        await work.run(text("delete from audit_personal"))
    found = await read(works, acme.admin, action="thing.do")
    assert [item.personal for item in found.items] == [{}, {}]
    assert all(item.sequence is not None for item in found.items)


async def test_a_token_of_raw_sql_sees_only_its_tenants_entries(works: Works, urls):
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    await write(works, acme.admin, 3)
    await write(works, globex.admin, 2)
    connection = await asyncpg.connect(urls.app)
    try:
        assert await connection.fetchval("select count(*) from audit_entries") == 0
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
            tenants = await connection.fetch("select distinct tenant_id from audit_entries")
            personal = await connection.fetchval("select count(*) from audit_personal where name = 'note'")
    finally:
        await connection.close()
    assert [row[0] for row in tenants] == [globex.id]
    assert personal == 2
