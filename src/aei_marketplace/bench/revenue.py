"""How many sales are booked each second, and whether worked scenarios come out to the minor unit.

Every part runs on a database of its own, on a server that waits for its disk as in service.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from aei_marketplace.adapters.postgres import DatabaseUrls, EmbeddedPostgres
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.bench.closing import close_and_read
from aei_marketplace.bench.paying import PayingPlayer
from aei_marketplace.bench.report import Result
from aei_marketplace.bench.scenarios import scenarios
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.ground.work import Works
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import MOST_AT_ONCE, Sale

_TEMPLATE = "revenue_template"
#: Sales that are booked for the figure, and the creators who share them.
POSTED, POSTED_QUICK, CREATORS = 50_000, 5_000, 500

Figures = dict[str, float | int | None]


@dataclass
class Watch:
    """A clock that scenarios set."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """The time of day there."""
        return utc_now() + self.ahead


@dataclass(frozen=True)
class Bench:
    """What each part stands on.

    Attributes:
        template: URLs of a migrated database that each part copies.
        quick: less of the same.
    """

    admin_url: str
    template: DatabaseUrls
    quick: bool

    @asynccontextmanager
    async def fresh(self, name: str, watch: Watch) -> AsyncIterator[Works]:
        """Works on a new database of this name."""
        await self._admin(f"create database {name} template {_TEMPLATE} owner aei_owner")
        urls = self.urls_of(name)
        try:
            async with open_database(urls.app, urls.system) as database:
                yield Works(database, PostgresQueue(), watch.now)
        finally:
            await self._admin(f"drop database {name} with (force)")

    def urls_of(self, name: str) -> DatabaseUrls:
        """The ways into a database of this name."""
        parts = (self.template.owner, self.template.app, self.template.system)
        return DatabaseUrls(*(url.replace(f"/{_TEMPLATE}", f"/{name}") for url in parts))

    async def _admin(self, statement: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def measure(quick: bool) -> Result:
    """Book sales, and play every scenario that is here."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711)  # root's server runs as another user
        server = EmbeddedPostgres(place / "pg", place / "s", place / "password", place / "postgres.log")
        server.start()
        try:
            figures = asyncio.run(_measure(server.admin_url, place, quick))
        finally:
            server.stop(hurry=True)
    return Result("revenue", figures)


async def _measure(admin_url: str, place: Path, quick: bool) -> Figures:
    urls = await bootstrap(admin_url, place / "database.json", database=_TEMPLATE, own_server=True)
    await migrate(urls.owner)
    await install_queue(urls.owner)
    bench = Bench(admin_url, urls, quick)
    figures: Figures = {}
    for part in PARTS:
        figures |= await part(bench)
    return figures


async def post(bench: Bench) -> Figures:
    """Book sales one batch after the other, each in a durable commit of its own."""
    wanted = POSTED_QUICK if bench.quick else POSTED
    async with bench.fresh("posting", watch := Watch()) as works:
        now = watch.now()
        batches = [
            [_sale(number, now) for number in range(start, start + MOST_AT_ONCE)]
            for start in range(0, wanted, MOST_AT_ONCE)
        ]
        began = time.monotonic()
        for batch in batches:
            async with works.system("bench") as work:
                await sales.record(work, batch)
        return {"sales_per_second": wanted / (time.monotonic() - began)}


def _sale(number: int, now: datetime) -> Sale:
    creator = number * 7919 % CREATORS
    return Sale(
        key=f"{number:08}",
        plugin_id=f"bench-{creator}.plugin",
        version="1.0.0",
        creator=UUID(int=1 + creator),
        buyer=UUID(int=1_000_000 + number % 997),
        source="one_time",
        currency=("USD", "EUR", "JPY")[number % 3],
        gross=100 + number % 9_900,
        tax=number % 190,
        processor_fee=30 + number % 50,
        occurred_at=now,
        earned_at=now,
    )


async def truth(bench: Bench) -> Figures:
    """Play every scenario and compare each statement that it expects."""
    told = list(scenarios())
    equal = 0
    for number, scenario in enumerate(told):
        async with bench.fresh(f"truth_{number}", watch := Watch()) as works:
            player = PayingPlayer(works, watch, scenario)
            await player.play()
            equal += await player.comes_out()
    return {"truth": len(told), "truth_equal": equal}


async def close(bench: Bench) -> Figures:
    """Close a large month, and read its statements."""
    async with bench.fresh("closing", Watch()) as works:
        urls = bench.urls_of("closing")
        with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
            admin = urlsplit(bench.admin_url)._replace(path="/closing").geturl()
            return await close_and_read(works, urls, admin, Path(folder), bench.quick)


#: What is measured, one after the other; each gives figures of its own.
PARTS: tuple[Callable[[Bench], Awaitable[Figures]], ...] = (close, post, truth)
