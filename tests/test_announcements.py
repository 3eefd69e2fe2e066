"""Who is told of what, from the cause in its domain to the reader's inbox, all jobs done."""

from uuid import UUID, uuid4

import pytest

from aei_marketplace.announcements import domain_proof_moved, release_listed, sandbox_violated
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.events import DomainProofMoved, ReleaseListed
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Ruling
from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import WrittenNotice
from aei_marketplace.operations import service as operations
from aei_marketplace.reports import service as reports
from aei_marketplace.reports.service import Wish
from tests.builders import Tenant, make_staff, make_tenant
from tests.plugins import ASKING, install, publish, work_off

MORE = {
    **ASKING,
    "version": "1.1.0",
    "permissions": {
        **ASKING["permissions"],
        "secrets": {"names": ["ACME_KEY", "NEW_KEY"], "reason": "signs in"},
    },
}


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """The publisher of acme.echo."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, ASKING)
    return tenant


@pytest.fixture
async def globex(deps: Deps, acme: Tenant) -> Tenant:
    """A tenant that has it installed."""
    tenant = await make_tenant(deps.works, "globex")
    await install(deps, tenant.admin)
    return tenant


@pytest.fixture
async def initech(deps: Deps) -> Tenant:
    """A tenant that has not."""
    return await make_tenant(deps.works, "initech")


async def read_by(deps: Deps, actor: Actor) -> list[WrittenNotice]:
    async with deps.works.begin(actor) as work:
        return list((await notices.list_notices(work, PageWanted())).page.items)


async def kinds(deps: Deps, actor: Actor) -> list[str]:
    return [notice.kind for notice in await read_by(deps, actor)]


@pytest.mark.parametrize("state", [ReleaseState.QUARANTINED, ReleaseState.BLOCKED, ReleaseState.YANKED])
async def test_who_has_a_release_installed_hears_that_it_was_stopped(
    deps: Deps, globex: Tenant, initech: Tenant, state: ReleaseState
) -> None:
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", state, "it counts twice")
    await work_off(deps)
    for reader in (globex.admin, globex.manager):
        (notice,) = await read_by(deps, reader)
        assert notice.kind == f"release.{state}"
        assert "it counts twice" in notice.words.text
    for other in (globex.agent, initech.admin, operator):
        assert await read_by(deps, other) == []


async def test_a_new_release_that_asks_for_more_is_announced_where_it_is_installed(
    deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant
) -> None:
    await publish(deps, acme.manager, {**ASKING, "version": "1.0.1"})
    assert await kinds(deps, globex.manager) == [], "an update that asks for nothing new is no notice"
    await publish(deps, acme.manager, MORE)
    (notice,) = await read_by(deps, globex.manager)
    assert notice.kind == "update.asks_more"
    assert notice.data == {
        "plugin": "acme.echo", "version": "1.1.0", "present": "1.0.0", "permissions": "secrets",
    }  # fmt: skip
    assert await kinds(deps, initech.manager) == []


async def test_a_plugin_that_is_hidden_by_now_is_not_announced(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    hidden = {"id": "acme.hidden"}
    await publish(deps, acme.manager, {**ASKING, **hidden}, visibility="private", audience=["globex"])
    await install(deps, globex.admin, "acme.hidden")
    release = await publish(deps, acme.manager, {**MORE, **hidden}, visibility="private", audience=[])
    with pytest.raises(PluginNotFound):
        async with deps.works.begin(globex.admin) as work:
            await catalog.find_plugin(work, "acme.hidden")
    await release_listed(deps, listed(release), "trace")
    assert await kinds(deps, globex.admin) == []


async def test_a_violation_alarms_the_tenants_admins_and_the_operator(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    operator, _ = await make_staff(deps.works)
    event = SandboxViolated(uuid4(), globex.id, None, "acme.echo", "1.0.0", uuid4())
    for _ in range(2):
        await sandbox_violated(deps, event, "one-cause")
    for reader in (globex.admin, operator):
        (notice,) = await read_by(deps, reader)
        assert (notice.kind, notice.count) == ("sandbox.violated", 1)
        assert str(event.execution_id) in notice.words.text
    for other in (globex.manager, acme.admin):
        assert await kinds(deps, other) == []


async def test_a_failed_operation_is_told_to_whoever_asked(deps: Deps, globex: Tenant) -> None:
    await fail(deps, globex.manager, {"title": "The component is missing"})
    (notice,) = await read_by(deps, globex.manager)
    assert notice.words.title == "install acme.echo failed"
    assert "The component is missing" in notice.words.text
    assert await kinds(deps, globex.admin) == []


async def test_a_decision_is_told_to_its_party_and_an_appeal_to_those_who_decide(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    first, _ = await make_staff(deps.works)
    other, _ = await make_staff(deps.works, "Moderator")
    case_id = await report(deps, globex.admin)
    async with deps.works.begin(first) as work:
        await reports.decide_report(work, case_id, Ruling("quarantine", "it sends the secrets away"))
    await work_off(deps)
    told = [n for n in await read_by(deps, acme.manager) if n.kind == "case.decided"]
    assert [n.data["verdict"] for n in told] == ["quarantine"]
    assert "it sends the secrets away" in told[0].words.text
    assert "You can appeal it until" in told[0].words.text
    assert "case.decided" not in await kinds(deps, globex.admin)
    async with deps.works.begin(acme.manager) as work:
        await decisions.record_appeal(work, reports.KIND, case_id, "it does not")
    await work_off(deps)
    assert "case.appealed" in await kinds(deps, other)
    async with deps.works.begin(other) as work:
        await reports.decide_report(work, case_id, Ruling("dismiss", "it does not"))
    await work_off(deps)
    verdicts = [n.data["verdict"] for n in await read_by(deps, acme.manager) if n.kind == "case.decided"]
    assert sorted(verdicts) == ["dismiss", "quarantine"], "each decision is a notice of its own"


async def test_a_report_that_was_dismissed_is_not_told_to_the_publisher(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    operator, _ = await make_staff(deps.works)
    case_id = await report(deps, globex.admin)
    async with deps.works.begin(operator) as work:
        await reports.decide_report(work, case_id, Ruling("dismiss", "nothing to see"))
    await work_off(deps)
    assert "case.decided" not in await kinds(deps, acme.manager)


async def test_an_offer_of_a_namespace_is_told_to_those_who_may_accept_it_and_its_transfer_to_all_it_concerns(
    deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant
) -> None:
    umbrella = await make_tenant(deps.works, "umbrella")
    async with deps.works.begin(acme.admin) as work:
        await catalog.offer_namespace(work, "acme", "initech")
    await work_off(deps)
    [offer] = await read_by(deps, initech.manager)
    assert (offer.kind, offer.words.title) == ("namespace.offered", "acme offers you the namespace acme")
    assert await kinds(deps, initech.viewer) == await kinds(deps, globex.admin) == []
    async with deps.works.begin(initech.manager) as work:
        await catalog.accept_namespace(work, "acme")
    await work_off(deps)
    assert "namespace.transferred" in await kinds(deps, acme.manager)
    assert "namespace.transferred" in await kinds(deps, initech.manager)
    [changed] = await read_by(deps, globex.manager)
    assert (changed.kind, changed.data) == (
        "plugin.publisher_changed", {"plugin": "acme.echo", "publisher": "Initech"},
    )  # fmt: skip
    assert await kinds(deps, umbrella.admin) == []


async def test_a_publisher_hears_that_a_domain_proves_who_it_is_and_that_it_does_not(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    proof = uuid4()
    for state, problem in (("verified", None), ("lapsed", "nobody answers")):
        event = DomainProofMoved(acme.id, proof, "acme.example", state, problem)
        await domain_proof_moved(deps, event, state)
    lapsed, verified = await read_by(deps, acme.manager)
    assert verified.words.title == "acme.example proves who you are"
    assert lapsed.words.title == "acme.example does not prove who you are"
    assert "nobody answers" in lapsed.words.text
    assert await kinds(deps, globex.admin) == []


async def report(deps: Deps, actor: Actor) -> UUID:
    wish = Wish("acme.echo", "malicious", "it sends the secrets away", None)
    case_id: UUID = (await reports.file_report(deps.works, actor, "trace", wish)).case_id
    await work_off(deps)
    return case_id


async def fail(deps: Deps, actor: Actor, problem: dict[str, str]) -> None:
    async with deps.works.begin(actor) as work:
        operation = await operations.open_operation(work, "install", "acme.echo")
        for _ in range(2):
            await operations.fail(work, operation.id, problem)
    await work_off(deps)


def listed(release: ReleaseView) -> ReleaseListed:
    return ReleaseListed(
        release.release_id, release.plugin_id, release.version, str(release.channel), release.component_sha256
    )
