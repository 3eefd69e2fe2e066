"""Building a process's dependencies from its settings: the one place where ports meet adapters."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.master_key_files import MasterKeyFiles
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls, PostgresError, read_urls
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import ModelCall, ModelReply
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from aei_marketplace.vault import service as vault
from aei_marketplace.vault.service.asking import Gateway
from aei_protocol.addresses import read_internal_hosts
from aei_protocol.limits import OPERATOR_ALLOWANCE, OPERATOR_CAP, set_allowance, set_limits

MASTER_KEY_BYTES = 32


@dataclass(frozen=True)
class VaultSecrets:
    """Answers the sandbox's questions for secrets out of the vault."""

    works: Works
    master_key: bytes

    async def value(self, tenant: str, name: str) -> str | None:
        """The secret's value in that tenant, or None."""
        return await vault.secret_value(self.works, self.master_key, tenant, name)


@dataclass(frozen=True)
class VaultModels:
    """Answers the sandbox's calls of models through the tenants' gateway."""

    gateway: Gateway

    async def answer(self, call: ModelCall) -> ModelReply:
        """Ask the model; what goes wrong is told in the reply."""
        return await vault.answer_model(self.gateway, call)


@asynccontextmanager
async def open_deps(settings: Settings, *, connections: int = 8) -> AsyncIterator[Deps]:
    """Open everything that a web or job process works with, and close it again.

    Args:
        connections: database connections in each pool, at most.

    Raises:
        PostgresError: the database has not been prepared.
    """
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=connections) as database:
        works = Works(database, PostgresQueue())
        master_key = read_master_key(settings)
        endpoints, plugins = ModelEndpointClient(read_internal_hosts(settings.egress_hosts)), PluginModels()
        models = VaultModels(Gateway(works, master_key, endpoints, plugins))
        sandbox = SandboxClient(settings.sandbox_socket, VaultSecrets(works, master_key), models)

        async def authenticate(token: str, trace_id: str) -> Actor:
            return await accounts.authenticate(works, token, trace_id)

        try:
            yield Deps(
                works=works,
                blobs=open_blobs(str(settings.objects)),
                sandbox=sandbox,
                authenticate=authenticate,
                master_key=master_key,
                operator_cap=set_limits(OPERATOR_CAP, settings.limits),
                operator_allowance=set_allowance(OPERATOR_ALLOWANCE, settings.limits),
                aei_version=settings.aei_version,
                model_endpoints=endpoints,
                plugin_models=plugins,
                live=Live(),
            )
        finally:
            await sandbox.close()
            await endpoints.close()


def configure_log() -> None:
    """Have the process log one JSON object a line, to standard output."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )


def database_urls(settings: Settings) -> DatabaseUrls:
    """The three database URLs that `migrate` kept.

    Raises:
        PostgresError: there are none yet.
    """
    urls = read_urls(settings.database_secrets)
    if urls is None:
        raise PostgresError(
            f"{settings.database_secrets} does not exist: the database has not been prepared. "
            "Run `aei-marketplace up` or `aei-marketplace migrate` with the same --data."
        )
    return urls


def master_key_files(settings: Settings) -> MasterKeyFiles:
    """The files of the keys that wrap the tenants' data keys."""
    return MasterKeyFiles(settings.master_key_file or settings.keys / "master.key")


def read_master_key(settings: Settings) -> bytes:
    """The key that wraps the tenants' data keys; made on first use, 0600.

    Raises:
        ValueError: the file does not hold 32 bytes.
    """
    path = settings.master_key_file or settings.keys / "master.key"
    if settings.master_key_file is None:
        _make_key(path)
    key = path.read_bytes()
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError(f"{path} must hold {MASTER_KEY_BYTES} bytes and holds {len(key)}.")
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_bytes(os.urandom(MASTER_KEY_BYTES))
    try:
        os.link(half, path)  # of two processes that start together, one makes the key
    except FileExistsError:
        return
    finally:
        half.unlink()
