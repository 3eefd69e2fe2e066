"""A publisher with listed plugins, another tenant, a curator, and the shelf of one process."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from aei_marketplace.collections import service
from aei_marketplace.collections.service import Collection, Content, Kind, Section, Shelf, State
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_staff, make_tenant
from tests.publishing import publish_listed

#: What a person's browser calls itself.
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass
class Clock:
    """Time as the test sets it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Curator:
    """Curates as the service's callers do, one work for each thing."""

    works: Works
    actor: Actor
    token: str

    async def make(
        self, title: str, plugins: Sequence[str] = (), kind: Kind = Kind.CURATED, **more: Any
    ) -> Collection:
        """A draft."""
        async with self.works.begin(self.actor) as work:
            wanted = Content(title, plugin_ids=tuple(plugins), **more)
            return await service.create_collection(work, wanted, kind)

    async def change(
        self, collection: Collection, *, if_match: str | None = None, **changes: Any
    ) -> Collection:
        """A change of some fields of the content."""
        async with self.works.begin(self.actor) as work:
            return await service.change_collection(
                work, collection.id, lambda content: replace(content, **changes), if_match
            )

    async def publish(
        self, title: str, plugins: Sequence[str], kind: Kind = Kind.CURATED, **more: Any
    ) -> Collection:
        """A published collection."""
        return await self.change(await self.make(title, plugins, kind, **more), state=State.PUBLISHED)


@pytest.fixture
def clock(works: Works) -> Clock:
    """The clock of all works of the test."""
    clock = Clock(utc_now())
    object.__setattr__(works, "clock", clock)
    return clock


@pytest.fixture
async def acme(works: Works) -> Tenant:
    return await make_tenant(works, "acme")


@pytest.fixture
async def globex(works: Works) -> Tenant:
    return await make_tenant(works, "globex")


@pytest.fixture
async def curator(works: Works) -> Curator:
    return Curator(works, *await make_staff(works, "Curator"))


@pytest.fixture
async def plugins(deps: Deps, acme: Tenant) -> list[str]:
    """Three public plugins of acme."""
    ids = ["acme.echo", "acme.count", "acme.sort"]
    for plugin_id in ids:
        await publish_listed(deps, acme.manager, {"id": plugin_id, "name": plugin_id.title()})
    return ids


@pytest.fixture
async def shelf(works: Works) -> AsyncIterator[Shelf]:
    """A shelf that reads anew whenever it is asked: nobody passes news on here."""
    async with service.open_shelf(works, Live(), timedelta(0)) as shelf:
        yield shelf


async def sections(works: Works, shelf: Shelf, actor: Actor) -> tuple[Section, ...]:
    """What the first page shows somebody."""
    async with works.begin(actor) as work:
        return await service.sections_for(work, shelf)
