"""A catalogue behind its routes, with two tenants, staff, and the job that lists releases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI

from aei_marketplace.adapters.jobs import run_jobs
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import api, jobs
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import ReleasePublished
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.outbox import read_message
from aei_marketplace.ground.ports import SandboxRefused
from aei_marketplace.ground.work import Works
from aei_marketplace.web.body_limit import BodyLimit
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from aei_protocol.messages import Prepared
from tests.builders import Tenant, make_staff, make_tenant
from tests.fakes import FakeSandbox
from tests.serving import Client, serving


@dataclass
class JudgingSandbox(FakeSandbox):
    """A sandbox whose answer to a component the test decides.

    Attributes:
        verdicts: what is answered next, in order: a refusal's code, or None to accept.
        judged: the components that were sent, with the interfaces they may import.
    """

    verdicts: list[str | None] = field(default_factory=list)
    judged: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        self.judged.append((component, interfaces, content))
        code = self.verdicts.pop(0) if self.verdicts else None
        if code is not None:
            raise SandboxRefused(code, "as the test wants it")
        return await super().prepare(component, interfaces, content)


@pytest.fixture
def sandbox() -> JudgingSandbox:
    return JudgingSandbox()


@pytest.fixture
async def acme(works: Works) -> Tenant:
    return await make_tenant(works, "acme")


@pytest.fixture
async def globex(works: Works) -> Tenant:
    return await make_tenant(works, "globex")


@pytest.fixture
async def operator(works: Works) -> tuple[object, str]:
    return await make_staff(works)


@pytest.fixture
async def client(deps: Deps) -> AsyncIterator[Client]:
    """A client of the catalogue's routes alone; nothing processes what is published."""
    app = FastAPI()
    app.state.deps = deps
    app.state.visitors = Visitors(deps.works)
    install_problems(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Tracing)
    app.include_router(api.finding)
    app.include_router(api.router)
    async with (
        catalog.open_index(deps.works, fresh_seconds=0) as app.state.search_index,
        serving(app) as client,
    ):
        app.state.search_holders = catalog.Holders(deps.works, app.state.search_index)
        yield client


@pytest.fixture
async def processing(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[None]:
    """The job process's part of a publish, on the real queue."""

    async def handle(body: bytes) -> None:
        event, trace_id = read_message(body, ReleasePublished)
        await jobs.prepare_release(deps, event, trace_id)

    stop = asyncio.Event()
    running = asyncio.create_task(run_jobs(urls.system, {ReleasePublished.kind: handle}, stop))
    yield
    stop.set()
    await running
