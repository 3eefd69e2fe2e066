"""Searching the log."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.audit.errors import NoSuchEntry
from aei_marketplace.audit.store import searching as store
from aei_marketplace.audit.store.searching import Wanted
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import read_entry
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work, Works

#: How long a search waits for its newest entries to be sequenced, before it shows them without a number.
PATIENCE_S, LOOK_AGAIN_S = 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as a reader sees it; `sequence` is None during its first second.

    Attributes:
        document: the entry's own JSON.
        personal: what its commitments open to, as far as it has not been erased.
    """

    id: UUID
    at: datetime
    sequence: int | None
    tenant_id: UUID | None
    document: dict[str, Any]
    personal: dict[str, str]


async def search(works: Works, actor: Actor, trace_id: str, wanted: Wanted, page: PageWanted) -> Page:
    """The entries that the actor may read, newest first: their tenant's, or for staff all.

    Entries that were written before the search have their sequence numbers in it, unless the
    sequencer lags by more than a second.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        async with works.begin(actor, trace_id) as work:
            found = await _search(work, wanted, page)
        late = asyncio.get_running_loop().time() >= deadline
        if late or all(item.sequence is not None for item in found.items):
            return found
        await asyncio.sleep(LOOK_AGAIN_S)


async def read_page(work: Work, wanted: Wanted, page: PageWanted) -> list[Found]:
    """The entries of a page, and one more if there is a further one.

    Raises:
        NotAllowed: the actor may not read the log.
        Invalid: the cursor was not made here.
    """
    work.actor.require("audit.read_all" if work.actor.staff else "audit.read")
    return await _opened(work, await store.search(work, wanted, page.position(as_id), page.limit + 1))


async def find_entry(work: Work, entry_id: UUID) -> Found:
    """One entry.

    Raises:
        NotAllowed: the actor may not read the log.
        NoSuchEntry: there is none here, or it is another tenant's.
    """
    work.actor.require("audit.read_all" if work.actor.staff else "audit.read")
    row = await store.find(work, entry_id)
    if row is None:
        raise NoSuchEntry(f"There is no audit entry {entry_id} that you may read.")
    return (await _opened(work, [row]))[0]


async def _opened(work: Work, rows: Sequence[Row[Any]]) -> list[Found]:
    opened: dict[UUID, dict[str, str]] = {}
    for row in await store.openings(work, [r.id for r in rows]):
        opened.setdefault(row.entry_id, {})[row.name] = row.value
    return [
        Found(r.id, r.at, r.sequence, r.tenant_id, read_entry(bytes(r.content)), opened.get(r.id, {}))
        for r in rows
    ]


async def _search(work: Work, wanted: Wanted, page: PageWanted) -> Page:
    found = await read_page(work, wanted, page)
    return page.page(found, await store.count(work, wanted), lambda f: str(f.id))
