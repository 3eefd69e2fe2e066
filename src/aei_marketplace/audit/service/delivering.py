"""Streaming the log to a collector: in order, at least once."""

import asyncpg

from aei_marketplace.audit.rules.lines import json_line, public
from aei_marketplace.audit.store import deliveries as store
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.collecting import Collector, Delivery

BATCH = 200


async def deliver_next(
    connection: asyncpg.Connection, collector: Collector, clock: Clock, batch: int = BATCH
) -> int:
    """Hand over the entries that come next; how many there were.

    What a collector acknowledged and a crash kept from being remembered is sent again: a collector
    tells entries apart by their `id`.

    Args:
        connection: asyncpg, role `aei_system`, no transaction open; it holds the deliverer's lock.

    Raises:
        CollectorFailed: they were not acknowledged; the same ones come next.
    """
    first = await store.next_for(connection, collector.name)
    rows = await store.entries_from(connection, first, batch)
    if rows:
        await collector.send([_delivery(row) for row in rows])
        await store.advance(connection, collector.name, rows[-1]["sequence"] + 1, clock())
    return len(rows)


def _delivery(row: asyncpg.Record) -> Delivery:
    # Personal data can be erased here and could not be there: only the commitments travel.
    body = json_line(public(read_entry(row["content"]), row["sequence"]))
    return Delivery(row["sequence"], row["at"], row["action"], row["outcome"], body)
