"""Publishes one version after the other until it is killed: `python -m tests.catalog.publisher_process`.

Arguments: the app's and the system's database URL, the folder of the objects, the ids of user and
tenant, the first patch number. Says `ready` before the first publish and `published` after each.
"""

import asyncio
import sys
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.work import Works
from aei_protocol.limits import OPERATOR_CAP
from tests.fakes import FakeSandbox
from tests.packages import component_wat, make_package
from tests.publishing import publish


async def main(app: str, system: str, objects: str, user: str, tenant: str, first: str) -> None:
    async with open_database(app, system, size=2) as database:
        works = Works(database, PostgresQueue())
        deps = Deps(
            works=works,
            blobs=open_blobs(objects),
            sandbox=FakeSandbox(),
            authenticate=_nobody,
            authenticate_session=_nobody,
            master_key=bytes(32),
            operator_cap=OPERATOR_CAP,
            aei_version="2.3.1",
            model_endpoints=ModelEndpointClient({}),
            plugin_models=PluginModels(),
            live=Live(),
            identity_providers=IdentityProviderClient({}),
        )
        actor = await accounts.actor_for(works, UUID(user), UUID(tenant))
        print("ready", flush=True)
        for patch in range(int(first), int(first) + 1000):
            overrides = {"version": f"1.0.{patch}"}
            wat = component_wat(answer=f'{{"release":{patch}}}')
            await publish(deps, actor, package=make_package(overrides, wat=wat))
            print("published", flush=True)


async def _nobody(*_: object) -> None:
    raise AssertionError("nobody signs in here")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
