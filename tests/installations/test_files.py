"""What a plugin keeps is forgotten with its installation, and not before."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxGone
from aei_marketplace.installations import jobs, service
from tests.builders import Tenant
from tests.fakes import FakeSandbox
from tests.installations.test_service import install, installed, uninstall


@pytest.fixture
async def purged(deps: Deps, globex: Tenant) -> UUID:
    """The id of an installation that globex had, and purged."""
    await install(deps, globex.admin)
    id = (await installed(deps, globex)).installation.id
    await uninstall(deps, globex.admin, purge=True)
    return id


async def test_purging_an_installation_forgets_its_files_once(
    deps: Deps, sandbox: FakeSandbox, globex: Tenant, purged: UUID
) -> None:
    await jobs.forget_files(deps)
    await jobs.forget_files(deps)
    assert sandbox.forgotten == [(str(globex.id), str(purged))]


async def test_files_of_an_uninstalled_plugin_are_kept_until_its_time_is_over(
    deps: Deps, sandbox: FakeSandbox, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    id = (await installed(deps, globex)).installation.id
    await uninstall(deps, globex.admin)
    await service.purge_removed(deps.works)
    assert await service.forget_files(deps) == 0
    await _let_its_time_pass(urls)
    await service.purge_removed(deps.works)
    assert await service.forget_files(deps) == 1
    assert sandbox.forgotten == [(str(globex.id), str(id))]


async def test_files_that_were_found_again_are_not_forgotten(
    deps: Deps, sandbox: FakeSandbox, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    await uninstall(deps, globex.admin)
    await install(deps, globex.admin)
    await service.purge_removed(deps.works)
    await service.forget_files(deps)
    assert sandbox.forgotten == []


async def test_files_wait_for_a_host_that_is_away(
    deps: Deps, sandbox: FakeSandbox, globex: Tenant, purged: UUID
) -> None:
    sandbox.gone = True
    await jobs.forget_files(deps)
    with pytest.raises(SandboxGone):
        await service.forget_files(deps)
    sandbox.gone = False
    await jobs.forget_files(deps)
    assert sandbox.forgotten == [(str(globex.id), str(purged))]


class Reluctant(FakeSandbox):
    """Refuses to forget the first installation it is asked about, once."""

    async def forget(self, tenant: str, installation: str) -> None:
        self.refuse = None if self.forgotten or self.refuse else ("not_forgotten", "the disk is read-only")
        await super().forget(tenant, installation)


async def test_files_that_cannot_be_removed_hold_up_no_others(
    deps: Deps, globex: Tenant, acme: Tenant, purged: UUID
) -> None:
    await install(deps, acme.admin)
    await uninstall(deps, acme.admin, purge=True)
    sandbox = Reluctant()
    deps = replace(deps, sandbox=sandbox)
    assert await service.forget_files(deps) == 1
    assert await service.forget_files(deps) == 1
    assert await service.forget_files(deps) == 0
    assert sandbox.forgotten[1] == (str(globex.id), str(purged))
    assert len(sandbox.forgotten) == 2


async def _let_its_time_pass(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(
            "update installations set purge_after = now() - interval '1 minute' where removed_at is not null"
        )
    finally:
        await connection.close()
