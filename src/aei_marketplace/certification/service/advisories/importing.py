"""Importing an export of advisories: all of it, or nothing."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from aei_inspection.advisories.files import Counted, ExportRefused, read_export, size_of
from aei_inspection.advisories.records import Advisory
from aei_marketplace.certification.errors.advisories import AdvisoriesRefused
from aei_marketplace.certification.events.advisories import AdvisoriesChanged
from aei_marketplace.certification.rules.advisories import check_plausible
from aei_marketplace.certification.service.advisories.taking import Taking
from aei_marketplace.certification.store.advisories import looking
from aei_marketplace.certification.store.advisories import taking as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work, Works

_BATCH = 2_000
#: Is told how many bytes of how many were read.
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of bringing advisories.

    Attributes:
        records: advisories that the source brings now.
        changed: those that came, changed or went.
        removed: those that went, since no source brings them any more.
        dated: when the newest record was written; None where none says.
        left_out: names of files that hold something else than advisories.
    """

    source: str
    records: int
    changed: int
    removed: int
    dated: datetime | None
    left_out: tuple[str, ...] = ()


async def import_export(
    works: Works, path: Path, source: str, told: Told, *, even_if_older: bool = False
) -> Imported:
    """Have a source bring what an export holds, and nothing else.

    Everything happens in one transaction: until it ends, everybody reads the advisories as they were.

    Args:
        path: a folder, a zip or a file, as `aei_inspection.advisories.files` reads them.
        source: the name under which the next import replaces this one.
        even_if_older: take it although it looks older than what is here, or cut.

    Raises:
        AdvisoriesRefused: it is malformed, cut off, or beyond a limit.
        AdvisoriesOlder: it would take advisories away.
        OSError: it cannot be read.
    """
    try:
        total = await asyncio.to_thread(size_of, path)
        async with works.system("advisories.import") as work:
            work.actor.require("certification.decide")
            return await _import(work, path, source, lambda done: told(done, total), even_if_older)
    except ExportRefused as refused:
        raise AdvisoriesRefused(f"{refused}.") from refused


async def _import(
    work: Work, path: Path, source: str, told: Callable[[int], None], even_if_older: bool
) -> Imported:
    await store.take_turn(work)
    known = {each.name: each for each in await looking.list_sources(work)}.get(source)
    taking = Taking(work)
    left_out: list[str] = []
    records = read_export(path, left_out=left_out.append)
    async with aclosing(_batches(records)) as batches:
        async for batch in batches:
            await taking.take([(counted.advisory, digest) for counted, digest in batch])
            told(batch[-1][0].done)
    if not even_if_older:
        check_plausible(known, len(taking.seen), taking.dated)
    await store.replace_origins(work, source, taking.seen)
    removed = await store.orphans(work)
    await taking.forget(removed)
    imported = await finish(taking, source, len(taking.seen), removed, taking.dated)
    return replace(imported, left_out=tuple(left_out))


async def finish(
    taking: Taking, source: str, records: int, removed: list[str], dated: datetime | None
) -> Imported:
    """Write down what came of it, and tell of the change, if there is one."""
    work, changed = taking.work, len(taking.written | set(removed))
    await store.keep_source(work, source, records=records, changed=changed, dated=dated)
    if changed:
        work.emit(AdvisoriesChanged(taking.change))
    context = {"records": records, "changed": changed, "removed": len(removed)}
    work.record(Fact("advisories.import", "advisory_source", source, context=context))
    return Imported(source, records, changed, len(removed), dated)


async def _batches(records: Iterator[Counted]) -> AsyncGenerator[list[tuple[Counted, bytes]], None]:
    """Records with their digests, read ahead by one batch while the last one is written."""
    coming = asyncio.create_task(asyncio.to_thread(_next, records))
    try:
        while batch := await coming:
            coming = asyncio.create_task(asyncio.to_thread(_next, records))
            yield batch
    finally:
        # Nobody may be reading any more when the file is closed, and what reading ahead met is of no use now.
        await asyncio.gather(coming, return_exceptions=True)


def _next(records: Iterator[Counted]) -> list[tuple[Counted, bytes]]:
    return [(counted, digest_of(counted.advisory)) for counted in islice(records, _BATCH)]


def digest_of(advisory: Advisory) -> bytes:
    """What tells whether an advisory has changed."""
    return store.digest_of(advisory)
