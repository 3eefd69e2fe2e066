"""How many audit entries are written and sequenced each second."""

import asyncio
import tempfile
import time
from pathlib import Path

import asyncpg

from aei_marketplace.adapters.postgres import EmbeddedPostgres
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.audit.service import sequence_pending
from aei_marketplace.bench.report import Result
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.ground.work import Works

IN_ONE_WORK, WRITERS = 500, 4


def measure(quick: bool) -> Result:
    """Write entries through works of several writers, and sequence them meanwhile."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        Path(folder).chmod(0o711)
        place = Path(folder)
        server = EmbeddedPostgres(place / "pg", place / "s", place / "password", place / "postgres.log")
        server.start()
        try:
            per_second = asyncio.run(_measure(server.admin_url, place, 10_000 if quick else 50_000))
        finally:
            server.stop(hurry=True)
    return Result("audit", {"appended_per_second": per_second})


async def _measure(admin_url: str, place: Path, entries: int) -> float:
    urls = await bootstrap(admin_url, place / "database.json", own_server=True)
    await migrate(urls.owner)
    await install_queue(urls.owner)
    async with open_database(urls.app, urls.system) as database:
        works = Works(database, PostgresQueue())
        began = time.monotonic()
        sequencing = asyncio.create_task(_sequence(urls.system, entries))
        await asyncio.gather(*(_write(works, entries // WRITERS) for _ in range(WRITERS)))
        await sequencing
        return entries / (time.monotonic() - began)


async def _write(works: Works, entries: int) -> None:
    for start in range(0, entries, IN_ONE_WORK):
        async with works.system("bench") as work:
            for number in range(start, min(start + IN_ONE_WORK, entries)):
                work.record(Fact("bench.write", "number", str(number), context={"number": number}))


async def _sequence(system_url: str, entries: int) -> None:
    connection = await asyncpg.connect(system_url)
    try:
        done = 0
        while done < entries:
            done += (taken := await sequence_pending(connection, utc_now))
            if not taken:
                await asyncio.sleep(0.01)
    finally:
        await connection.close()
