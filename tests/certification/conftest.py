"""A publisher with a listed plugin, a scanner that says what a test wants, and those who decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import asyncpg
import msgspec
import pytest

from aei_inspection.checks.check import Progress
from aei_inspection.checks.report import CheckResult, Component, Finding, Report, Result, Severity
from aei_inspection.checks.subject import Previous
from aei_inspection.signatures import PrivateKey
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification import service
from aei_marketplace.certification.rules.builtin import BUILT_IN
from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.scanning import scan_next
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import ScanFailed
from aei_marketplace.notices import service as notices
from tests.builders import Tenant, make_staff, make_tenant
from tests.clocks import Time
from tests.plugins import publish, work_off

KEY = PrivateKey.generate()
OF_THE_MARKETPLACE = {"vulnerabilities", "dependencies", "reputation", "behaviour"}
BAD = Finding(Severity.CRITICAL, "It asks for the network", "plugin.wasm", "Declare it.", rule="overreach")


@dataclass
class ScriptedScanner:
    """The port `Scanner` without a process.

    Attributes:
        failed: checks that fail, with what they found.
        broken: refuse with this instead of a report.
        before: what each scan was given to compare with.
        during: called in the midst of each scan.
    """

    failed: dict[str, Finding] = field(default_factory=dict)
    broken: ScanFailed | None = None
    components: Sequence[Component] = ()
    before: list[Previous | None] = field(default_factory=list)
    during: Callable[[], Any] | None = None

    async def scan(
        self, package: bytes, previous: Previous | None, progress: Callable[[Progress], None]
    ) -> Report:
        self.before.append(previous)
        if self.during is not None:
            await self.during()
        if self.broken is not None:
            raise self.broken
        progress(Progress(0, 1, "package"))
        terms = BUILT_IN.terms
        ids = {*terms.required, *terms.where_possible} - OF_THE_MARKETPLACE
        return Report(
            sha256(package).hexdigest(),
            tuple(self._result(each) for each in sorted(ids)),
            tuple(self.components),
            ("api.acme.example",),
            {"aei-marketplace": "0.1.0"},
        )

    def _result(self, check: str) -> CheckResult:
        found = self.failed.get(check)
        how = Result.FAIL if found else Result.PASS
        return CheckResult(check, 1, check, how, (found,) if found else (), 7)


@pytest.fixture
def scanner() -> ScriptedScanner:
    return ScriptedScanner()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def deps(deps: Deps, scanner: ScriptedScanner, time: Time) -> Deps:
    """The dependencies of the job process, with this scanner and this clock."""
    return replace(deps, scanner=scanner, works=replace(deps.works, clock=time.now))


@pytest.fixture
async def advisories(urls: DatabaseUrls) -> None:
    """A database of advisories that has been imported, with nothing in it that concerns these plugins."""
    await dated(urls)


@pytest.fixture
async def acme(deps: Deps, advisories: None) -> Tenant:
    """The publisher of acme.echo 1.0.0."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, {"examples": [{"title": "one", "input": {}}]})
    return tenant


@pytest.fixture
async def certifier(deps: Deps) -> Actor:
    return (await make_staff(deps.works, "Certifier"))[0]


@pytest.fixture
async def operator(deps: Deps) -> Actor:
    return (await make_staff(deps.works, "Operator"))[0]


async def dated(urls: DatabaseUrls) -> None:
    """Have the advisories changed just now."""
    connection = await asyncpg.connect(urls.system)
    try:
        await connection.execute(
            "insert into advisory_sources (name, records, changed, dated, imported_at, changed_at)"
            " values ('test', 1, 1, $1, $1, $1) on conflict (name) do update set changed_at = $1",
            utc_now(),
        )
    finally:
        await connection.close()


async def submit(
    deps: Deps, actor: Actor, version: str = "1.0.0", plugin: str = "acme.echo"
) -> service.Submitted:
    async with deps.works.begin(actor) as work:
        return await service.submit(work, plugin, version)


async def scanned(deps: Deps, actor: Actor, version: str = "1.0.0") -> service.Request:
    """A request after its scan."""
    submitted = await submit(deps, actor, version)
    assert await scan_next(deps)
    return await look(deps, actor, submitted.request)


async def look(deps: Deps, actor: Actor, request: service.Request) -> service.Request:
    async with deps.works.begin(actor) as work:
        return (await service.find_request(work, request.id)).request


async def decide(
    deps: Deps, actor: Actor, request: service.Request, decision: str = "approve", reason: str = "looked at"
) -> service.Request:
    async with deps.works.begin(actor) as work:
        return await service.decide(work, request.id, decision, reason)


async def certified(
    deps: Deps, publisher: Actor, certifier: Actor, version: str = "1.0.0"
) -> service.Request:
    """A request whose badge is signed and shown."""
    request = await decide(deps, certifier, await scanned(deps, publisher, version))
    assert await sign_badges(deps.works, KEY) == 1
    await work_off(deps)
    return request


async def set_policy(deps: Deps, operator: Actor, **changes: Any) -> service.Policy:
    async with deps.works.begin(operator) as work:
        present = msgspec.to_builtins((await service.policy_in_force(work)).terms)
        return await service.change_policy(work, {**present, **changes})


async def told(deps: Deps, actor: Actor) -> list[str]:
    async with deps.works.begin(actor) as work:
        return sorted(n.kind for n in (await notices.list_notices(work, PageWanted())).page.items)


async def release(deps: Deps, actor: Actor, version: str = "1.0.0") -> catalog.ReleaseView:
    async with deps.works.begin(actor) as work:
        return await catalog.find_release(work, "acme.echo", version)


async def actions(urls: DatabaseUrls) -> list[str]:
    connection = await asyncpg.connect(urls.system)
    try:
        rows = await connection.fetch(
            "select action from audit_entries where action like 'certification.%' order by at"
        )
        return [row["action"] for row in rows]
    finally:
        await connection.close()
