"""What was changed behind the books' back is found."""

from urllib.parse import urlsplit

import asyncpg

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.work import Works
from aei_marketplace.sales.service import DisputeOpened, Refund, verify_lines
from tests.sales.conftest import Tell, day, sale

#: What somebody with the database's own rights might do, how it is undone, and how it shows.
TAMPERING: dict[str, tuple[str, str, set[tuple[str, str]]]] = {
    "a line": (
        "update sales_lines set net = net + 5, fees = fees - 5 where key = 'refund:r1'",
        "update sales_lines set net = net - 5, fees = fees + 5 where key = 'refund:r1'",
        {("altered_line", "refund:r1")},
    ),
    "whose a line is": (
        "update sales_lines set creator = 'aaaaaaaa-0000-0000-0000-000000000001' where key = 'sale:s1'",
        "update sales_lines set creator = (select creator from sales where key = 's1') where key = 'sale:s1'",
        {("altered_line", "sale:s1")},
    ),
    "the month of a line": (
        "update sales_lines set period = '2026-12-01' where key = 'dispute:d1'",
        "update sales_lines set period = '2026-11-01' where key = 'dispute:d1'",
        {("altered_line", "dispute:d1")},
    ),
    "a line away": (
        "create table away as select * from sales_lines where key = 'refund:r1';"
        " delete from sales_lines where key = 'refund:r1'",
        "insert into sales_lines select * from away; drop table away",
        {("entry_without_line", "refund:r1"), ("reversed", "s1")},
    ),
    "a line too many": (
        "insert into sales_lines select gen_random_uuid(), 'refund:r9', 'refund', sale_key, plugin_id,"
        " version, creator, source, creator_share_bps, currency, -1, 0, -1, 0, period, null, occurred_at,"
        " recorded_at"
        " from sales_lines where key = 'sale:s2'",
        "delete from sales_lines where key = 'refund:r9'",
        {("line_without_entry", "refund:r9"), ("reversed", "s2")},
    ),
    "the share of a sale": (
        "update sales set net = net - 1 where key = 's2'",
        "update sales set net = net + 1 where key = 's2'",
        {("share", "s2"), ("altered_line", "sale:s2")},
    ),
    "what is left of a sale": (
        "update sales set reversed = 0 where key = 's1'",
        "update sales set reversed = 900 where key = 's1'",
        {("reversed", "s1")},
    ),
}


async def test_lines_that_do_not_agree_with_the_ledger_or_their_sale_are_found(
    works: Works, tell: Tell, server: str, urls: DatabaseUrls
):
    await tell(sale(tax=190), sale("s2", processor_fee=30), sale("free", 0))
    await tell(Refund("r1", "s1", 300, day(4)), DisputeOpened("d1", "s1", 600, day(5)))
    proof = await verify_lines(works)
    assert (proof.lines, proof.findings) == (4, ())
    connection = await asyncpg.connect(server.replace("/postgres?", f"{urlsplit(urls.owner).path}?"))
    try:
        await connection.execute("set session_replication_role = replica")
        for what, (do, undo, expected) in TAMPERING.items():
            await connection.execute(do)
            found = {(finding.kind, finding.subject) for finding in (await verify_lines(works)).findings}
            assert found == expected, what
            await connection.execute(undo)
    finally:
        await connection.close()
    assert (await verify_lines(works)).findings == ()
