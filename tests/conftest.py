"""What many tests stand on: a real PostgreSQL for the session, a fresh database for each test."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings
from pytest_asyncio import is_async_test
from xdist.remote import Producer

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.postgres.temporary import temporary_server
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.sign_in import SignInTerms
from aei_marketplace.ground.work import Works
from aei_protocol.limits import OPERATOR_CAP
from tests.clocks import Time
from tests.databases import Copy, Databases
from tests.scheduling import Scheduling, longest_first
from tests.serving import Client, serving

# How fast examples are drawn depends on what else the machine does; it says nothing about the code. Half of
# the usual number of them keeps the suite within the time of continuous integration.
settings.register_profile(
    "calm", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("calm")

# An error that is logged is told by its lines: to draw the values around each takes seconds.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Marketplaces that tests start list new releases at once; where scans are what is tested, they are asked for.
os.environ.setdefault("AEI_PUBLISH_SCAN", "off")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    longest_first(items)


def pytest_collection_finish() -> None:
    """What was collected stays to the end; to look through it for garbage again and again takes its time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Write down which tests failed, for `.ci/run`, which runs a few of them once more."""
    if path := os.environ.get("AEI_FAILED_TESTS"):
        ended = [report for how in ("failed", "error") for report in terminalreporter.stats.get(how, ())]
        Path(path).write_text("".join(f"{name}\n" for name in sorted({report.nodeid for report in ended})))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Tests that share something run in one process."""
    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def nothing_goes_on(request: pytest.FixtureRequest) -> None:
    """What a test began ends with it: all asynchronous ones of a process share one event loop."""
    if is_async_test(request.node):
        request.getfixturevalue("tasks")


@pytest.fixture
async def tasks() -> AsyncIterator[None]:
    """Ends the tasks that a test leaves behind, as the end of an event loop of its own would."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The admin URL of a PostgreSQL that this test process has for itself."""
    with temporary_server() as running:
        yield running.admin_url


@pytest.fixture(scope="session")
def template(server: str, tmp_path_factory: pytest.TempPathFactory) -> DatabaseUrls:
    """A migrated database that each test's own is copied from."""
    secrets_file = tmp_path_factory.mktemp("keys") / "database.json"

    async def make() -> DatabaseUrls:
        urls = await bootstrap(server, secrets_file, database="template_aei", own_server=True)
        await migrate(urls.owner)
        await install_queue(urls.owner)
        return urls

    return asyncio.run(make())


@pytest.fixture(scope="session")
async def databases(server: str, template: DatabaseUrls) -> AsyncIterator[Databases]:
    """Copies of the template, emptied between tests."""
    assert "/template_aei" in template.owner
    databases = Databases(server, template)
    yield databases
    await databases.close()


@pytest.fixture
async def own_database(databases: Databases) -> AsyncIterator[Copy]:
    """A database that only this test uses."""
    copy = await databases.take()
    yield copy
    await databases.give_back(copy)


@pytest.fixture
def urls(own_database: Copy) -> DatabaseUrls:
    """The URLs of this test's database."""
    return own_database.urls


@pytest.fixture
def time() -> Time:
    """The clock of `works`."""
    return Time()


@pytest.fixture
async def works(own_database: Copy, time: Time) -> Works:
    """Works on this test's database, with the built-in roles in it."""
    works = Works(await own_database.open(), PostgresQueue(), time.now)
    await accounts.write_builtin_roles(works)
    return works


@pytest.fixture
def sandbox():
    """A sandbox whose answers the test decides."""
    from tests.fakes import FakeSandbox

    return FakeSandbox()


@pytest.fixture
async def model_endpoints() -> AsyncIterator[ModelEndpointClient]:
    """The real way to model endpoints; a test that runs one overrides it with a map to loopback."""
    client = ModelEndpointClient({})
    yield client
    await client.close()


@pytest.fixture
def deps(works: Works, sandbox, model_endpoints: ModelEndpointClient, tmp_path: Path) -> Deps:
    """A process's dependencies: all real but the sandbox."""

    async def authenticate(token: str, trace_id: str) -> Actor:
        return await accounts.authenticate(works, token, trace_id)

    async def authenticate_session(secret: str, trace_id: str) -> Actor:
        return await accounts.authenticate_session(works, SignInTerms(), secret, trace_id)

    return Deps(
        works=works,
        blobs=open_blobs(str(tmp_path / "objects")),
        sandbox=sandbox,
        authenticate=authenticate,
        authenticate_session=authenticate_session,
        master_key=bytes(range(32)),
        operator_cap=OPERATOR_CAP,
        aei_version="2.3.1",
        model_endpoints=model_endpoints,
        plugin_models=PluginModels(),
        live=Live(),
        identity_providers=IdentityProviderClient({}),
    )


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    """A client of the real application over this test's dependencies."""
    from aei_marketplace.app import create_app

    async with serving(create_app(deps, urls.app)) as client:
        yield client
