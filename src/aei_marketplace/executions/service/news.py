"""Following an execution: what was kept so far, then what happens, then its end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.executions.service.records import find_execution, read_execution
from aei_marketplace.executions.service.run import topic
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.store import records
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.live import until_quiet
from aei_marketplace.ground.work import Work, Works

#: After so many quiet seconds the record is read again: another process may run the execution.
QUIET_SECONDS = 2.0

#: Kind (`progress`, `log`, `end`) and value; an end's is the Execution.
News = tuple[str, Any]
Line = Mapping[str, Any]


async def read_log(runs: Runs, actor: Actor, trace_id: str, id: UUID) -> tuple[Execution, Sequence[Line]]:
    """An execution and the lines `{at_ms, level, message}` that it wrote, so far if it still runs here.

    Raises:
        NoSuchExecution: there is none that the actor may see.
    """
    run = runs.running.get(id)
    async with runs.deps.works.begin(actor, trace_id) as work:
        execution = await find_execution(work, id)
        return execution, list(run.lines) if run else await _stored_log(work, id)


async def follow(runs: Runs, actor: Actor, id: UUID) -> AsyncIterator[News | None]:
    """News of an execution that the actor may see: `progress`, `log`, and last `end`.

    Yields:
        None whenever nothing was heard for a while.

    Raises:
        NoSuchExecution: there is none that the actor may see.
    """
    works = runs.deps.works
    with runs.deps.live.listen(topic(id)) as queue:
        run = runs.running.get(id)
        told = run.so_far() if run else []
        async with works.begin(actor) as work:
            execution = await find_execution(work, id)
            stored = [] if run else await _stored_log(work, id)
        for news in (*told, *(("log", line) for line in stored)):
            yield news
        if execution.ended_at is not None:
            for news in _waiting(queue):
                yield news
            yield "end", execution
            return
        async for heard in _until_end(works, actor, id, queue):
            yield heard


async def _until_end(
    works: Works, actor: Actor, id: UUID, queue: "asyncio.Queue[News]"
) -> AsyncIterator[News | None]:
    async for heard in until_quiet(queue, QUIET_SECONDS):
        news: News | None = heard
        if news is None:
            execution = await read_execution(works, actor, id)
            news = ("end", execution) if execution.ended_at is not None else None
        yield news
        if news is not None and news[0] == "end":
            return


async def _stored_log(work: Work, id: UUID) -> list[Line]:
    stored = await records.find_log(work, id)
    lines: list[Line] = [] if stored is None else msgspec.json.decode(stored)
    return lines


def _waiting(queue: "asyncio.Queue[News]") -> list[News]:
    return [news for _ in range(queue.qsize()) if (news := queue.get_nowait())[0] != "end"]
