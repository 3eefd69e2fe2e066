"""A published plugin, its publisher, tenants that report it, staff that decide, and a clock."""

from typing import Any

import pytest

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.decisions.service import Case, Ruling
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Works
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.service import Report, Wish
from tests.builders import Tenant, make_staff, make_tenant
from tests.publishing import publish_listed


@pytest.fixture
async def acme(works: Works) -> Tenant:
    """The publisher."""
    return await make_tenant(works, "acme")


@pytest.fixture
async def globex(works: Works) -> Tenant:
    """Who reports."""
    return await make_tenant(works, "globex")


@pytest.fixture
async def operator(works: Works) -> Actor:
    return (await make_staff(works, "Operator"))[0]


@pytest.fixture
async def moderator(works: Works) -> Actor:
    return (await make_staff(works, "Moderator"))[0]


@pytest.fixture
async def echo(deps: Deps, acme: Tenant) -> None:
    """acme.echo with two listed releases."""
    for version in ("1.0.0", "1.1.0"):
        await publish_listed(deps, acme.manager, {"version": version})


@pytest.fixture
async def trusted(deps: Deps, operator: Actor, globex: Tenant) -> Tenant:
    """globex, whose word stops plugins."""
    async with deps.works.begin(operator) as work:
        await reports.trust(work, email=None, tenant="globex", note="their scanner is good")
    return globex


async def report(
    deps: Deps,
    actor: Actor,
    kind: str = "malicious",
    text: str = "it sends the secrets away",
    plugin: str = "acme.echo",
    version: str | None = None,
) -> Report:
    return await reports.file_report(deps.works, actor, "trace", Wish(plugin, kind, text, version))


async def decide(
    deps: Deps, actor: Actor, case_id: Any, verdict: str, reason: str = "we looked at it"
) -> Case:
    async with deps.works.begin(actor) as work:
        return await reports.decide_report(work, case_id, Ruling(verdict, reason))


async def release(deps: Deps, actor: Actor, version: str, plugin: str = "acme.echo") -> ReleaseView:
    async with deps.works.begin(actor) as work:
        return await catalog.find_release(work, plugin, version)


async def states(deps: Deps, actor: Actor) -> list[str]:
    """Of both releases of acme.echo."""
    return [str((await release(deps, actor, version)).state) for version in ("1.0.0", "1.1.0")]
