"""A job process's part of deliveries, on its own: it claims what is due, and is killed while it sends."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.mail import MailFolder
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.adapters.webhooks import WebhookClient
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.work import Works
from aei_marketplace.notices.service import Dispatch
from aei_protocol.limits import OPERATOR_CAP
from tests.fakes import FakeSandbox


async def main(app: str, system: str, folder: str, port: str, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    async with open_database(app, system, size=2) as database:
        deps = Deps(
            works=Works(database, PostgresQueue(), lambda: now),
            blobs=open_blobs(f"{folder}/objects"),
            sandbox=FakeSandbox(),
            authenticate=_nobody,
            authenticate_session=_nobody,
            master_key=bytes(range(32)),
            operator_cap=OPERATOR_CAP,
            aei_version="2.3.1",
            model_endpoints=ModelEndpointClient({}),
            plugin_models=PluginModels(),
            live=Live(),
            identity_providers=IdentityProviderClient({}),
            mail=MailFolder(Path(folder) / "mail", "marketplace@aei.example"),
            webhooks=WebhookClient({f"hooks.example:{port}": ("127.0.0.1", int(port))}, patience=60),
        )
        dispatch = Dispatch(deps)
        await dispatch.take_up()
        await dispatch.settle()


async def _nobody(*_: object) -> None:
    raise AssertionError("nobody signs in here")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
