"""Artefacts after the sandbox was started anew: compiled in the background, what is installed first."""

import hashlib

import pytest
from structlog.testing import capture_logs

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_marketplace.installations.errors import NotPrepared
from aei_marketplace.installations.service import Upkeep
from aei_protocol.messages import Hello, Prepared
from tests.builders import Tenant, make_tenant
from tests.fakes import FakeSandbox
from tests.packages import component_wat
from tests.plugins import install, publish

PLUGINS = ("acme.one", "acme.two", "acme.three")


class Upgraded(FakeSandbox):
    """A sandbox that can be started anew with another runtime, without its artefacts."""

    host = "first"
    refusing: dict[str, str]
    order: list[str]

    def upgrade(self, host: str) -> None:
        self.host, self.prepared, self.refusing, self.order = host, set(), {}, []

    async def hello(self) -> Hello:
        answer = await super().hello()
        return Hello(self.host, self.host, answer.walls, answer.development)

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        if content and component in self.refusing:
            raise SandboxRefused(self.refusing[component], "not with this runtime")
        if content:
            assert hashlib.sha256(content).hexdigest() == component
            self.order.append(component)
        return await super().prepare(component, interfaces, content)


@pytest.fixture
def sandbox() -> Upgraded:
    sandbox = Upgraded()
    sandbox.upgrade("first")
    return sandbox


@pytest.fixture
async def components(deps: Deps, sandbox: Upgraded) -> dict[str, str]:
    """Three plugins listed in this order; the last two are installed, `acme.three` first."""
    acme: Tenant = await make_tenant(deps.works, "acme")
    found = {}
    for plugin in PLUGINS:
        release = await publish(deps, acme.manager, {"id": plugin}, wat=component_wat(f'"{plugin}"'))
        found[plugin] = release.component_sha256
    for plugin in ("acme.three", "acme.two"):
        assert (await install(deps, acme.admin, plugin)).state == "succeeded"
    return found


async def test_a_new_runtime_gets_what_is_installed_oldest_first_and_then_what_is_offered(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    upkeep = Upkeep()
    sandbox.upgrade("second")
    with capture_logs() as logged:
        await upkeep.prepare_all(deps)
    assert sandbox.order == [components[p] for p in ("acme.three", "acme.two", "acme.one")]
    assert [line["plugin"] for line in logged if line["event"] == "artefacts.compiled"] == [
        "acme.three",
        "acme.two",
        "acme.one",
    ]
    (summary,) = [line for line in logged if line["event"] == "artefacts.checked"]
    assert (summary["runtime"], summary["compiled"], summary["refused"]) == ("second", 3, 0)


async def test_a_host_that_was_seen_to_is_left_alone(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    upkeep = Upkeep()
    await upkeep.prepare_all(deps)
    sandbox.upgrade("first")
    await upkeep.prepare_all(deps)
    assert sandbox.order == []


async def test_a_host_that_kept_its_artefacts_compiles_nothing(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    sandbox.host, sandbox.order = "second", []
    await Upkeep().prepare_all(deps)
    assert sandbox.order == []


async def test_a_release_that_the_new_runtime_refuses_is_named_and_stops_no_other(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    sandbox.upgrade("second")
    sandbox.refusing[components["acme.three"]] = "invalid_component"
    with capture_logs() as logged:
        await Upkeep().prepare_all(deps)
    assert sandbox.order == [components[p] for p in ("acme.two", "acme.one")]
    assert [line["plugin"] for line in logged if line["event"] == "artefacts.refused"] == ["acme.three"]


async def test_a_sandbox_that_cannot_now_is_asked_again_for_what_is_left(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    upkeep = Upkeep()
    sandbox.upgrade("second")
    sandbox.refusing[components["acme.two"]] = "restarting"
    with pytest.raises(NotPrepared):
        await upkeep.prepare_all(deps)
    sandbox.refusing.clear()
    await upkeep.prepare_all(deps)
    assert sandbox.order == [components[p] for p in ("acme.three", "acme.two", "acme.one")]
    sandbox.upgrade("third")
    sandbox.gone = True
    with pytest.raises(SandboxGone):
        await upkeep.prepare_all(deps)


async def test_listings_without_a_package_are_passed_over(
    deps: Deps, sandbox: Upgraded, components: dict[str, str]
) -> None:
    table = ["name\tsummary", "loaded\tA listing that nobody published"]
    tenant = await make_tenant(deps.works, "catalogue")
    assert await catalog.load_listings(deps.works, tenant.id, table, 1, lambda _: None) == 1
    sandbox.upgrade("second")
    with capture_logs() as logged:
        await Upkeep().prepare_all(deps)
    (summary,) = [line for line in logged if line["event"] == "artefacts.checked"]
    assert (summary["releases"], summary["refused"]) == (len(PLUGINS), 0)
