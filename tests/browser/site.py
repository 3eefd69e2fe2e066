"""The marketplace behind a real socket for the whole session, and the people who visit it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service.sessions import Entrant, open_session
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.mail import MailFolder
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.app import create_app
from aei_marketplace.decisions.service import Case, CaseKind, Desk, Ruling, record_decision
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.sign_in import SignInTerms, Visit
from aei_marketplace.ground.work import Work, Works
from aei_protocol.limits import OPERATOR_CAP
from tests.fakes import FakeSandbox
from tests.serving import serving

#: How long anything may take on a busy machine, in seconds.
PATIENCE_S = 120

PASSWORD = "a long and quiet password"

#: A kind of case whose decision has no effect beyond itself.
SAMPLE = CaseKind(
    name="sample_claim",
    action="plugin.moderate",
    verdicts=frozenset({"approve", "deny"}),
    favourable=frozenset({"approve"}),
    due_in=timedelta(hours=1),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
)


async def _decide_sample(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    return await record_decision(work, SAMPLE, case_id, ruling)


@dataclass
class Person:
    """Somebody who can sign in with `PASSWORD`; `tenant` is None for staff."""

    id: UUID
    email: str
    tenant: UUID | None


@dataclass
class Site:
    """A running marketplace.

    Attributes:
        url: its address.
        app: what answers there.
        people: by the name that tests use.
    """

    loop: asyncio.AbstractEventLoop
    deps: Deps
    url: str
    app: FastAPI
    people: dict[str, Person] = field(default_factory=dict)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the marketplace's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE_S)

    def session(self, who: str) -> str:
        """A fresh session of somebody: its secret."""
        person = self.people[who]
        visit = Visit(self.url, True, "127.0.0.1", "a test", "test")
        entrant = Entrant(person.id, person.tenant, None, "password")
        return self.run(open_session(self.deps, visit, entrant)).secret

    def actor(self, who: str) -> Actor:
        """Somebody as an actor, outside any session."""
        person = self.people[who]
        return self.run(accounts.actor_for(self.deps.works, person.id, person.tenant))

    async def add_person(self, who: str, name: str, role: str, tenant: UUID | None) -> None:
        """Make somebody with a password."""
        email = f"{who}@{'acme' if tenant else 'operator'}.example"
        async with self.deps.works.system("tests") as work:
            user = await accounts.create_user(work, name=name, email=email, password=PASSWORD)
            if tenant:
                await accounts.add_member(work, user, role, tenant)
            else:
                await accounts.add_staff(work, user, role)
        self.people[who] = Person(user, email, tenant)


@contextmanager
def running_site(urls: DatabaseUrls, folder: Path) -> Iterator[Site]:
    """A marketplace in a thread of its own, on its own database."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[Site] = []
    stop = asyncio.Event()
    failed: list[BaseException] = []

    async def main() -> None:
        try:
            async with _opened(urls, folder) as (deps, url, app):
                found.append(Site(loop, deps, url, app))
                ready.set()
                await stop.wait()
        except BaseException as error:
            failed.append(error)
            ready.set()
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S), f"the marketplace is not up after {PATIENCE_S} s"
    if failed:
        raise failed[0]
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        loop.close()


@asynccontextmanager
async def _opened(urls: DatabaseUrls, folder: Path):
    async with open_database(urls.app, urls.system, size=8) as database:
        works = Works(database, PostgresQueue())
        endpoints = ModelEndpointClient({})
        deps = _deps(works, endpoints, folder)
        app = create_app(deps, urls.app)
        app.state.desks = {**app.state.desks, SAMPLE.name: Desk(SAMPLE, _decide_sample)}
        async with serving(app) as client:
            yield deps, client.url, app
        await endpoints.close()


def _deps(works: Works, endpoints: ModelEndpointClient, folder: Path) -> Deps:
    async def authenticate(token: str, trace_id: str) -> Actor:
        return await accounts.authenticate(works, token, trace_id)

    async def authenticate_session(secret: str, trace_id: str) -> Actor:
        return await accounts.authenticate_session(works, SignInTerms(), secret, trace_id)

    return Deps(
        works=works,
        blobs=open_blobs(str(folder / "objects")),
        sandbox=FakeSandbox(),
        authenticate=authenticate,
        authenticate_session=authenticate_session,
        master_key=bytes(range(32)),
        operator_cap=OPERATOR_CAP,
        aei_version="2.3.1",
        model_endpoints=endpoints,
        plugin_models=PluginModels(),
        live=Live(),
        identity_providers=IdentityProviderClient({}),
        mail=MailFolder(folder / "mail", "marketplace@aei.example"),
    )
