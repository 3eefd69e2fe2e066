"""A marketplace with something of everything in it, and an empty place to restore it into."""

import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import Login, write_urls
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.taking import Taken, Wanted, take_backup
from aei_marketplace.ground.deps import Deps
from aei_marketplace.launcher.folders import make_folders
from aei_marketplace.settings import Settings
from aei_marketplace.vault import service as vault
from tests.builders import Tenant, make_tenant, sequence_all
from tests.installations.test_service import install, installed
from tests.plugins import ASKING, publish

PASSPHRASE = "seven quiet herons at dawn"
SECRET = "canary-77aa-sealed"


@dataclass
class Source:
    """The marketplace that is backed up."""

    settings: Settings
    deps: Deps
    acme: Tenant
    area: Path


def settings_at(folder: Path, server: str, urls: DatabaseUrls) -> Settings:
    """Settings of a data folder whose database is one of the test's server."""
    settings = Settings(data=folder, runtime=folder / "r", database_url=server, seed="none")
    make_folders(settings)
    write_urls(settings.database_secrets, urls)
    return settings


@pytest.fixture
async def source(server: str, urls: DatabaseUrls, deps: Deps, tmp_path: Path) -> Source:
    settings = settings_at(tmp_path, server, urls)
    (settings.keys / "master.key").write_bytes(deps.master_key)
    (settings.keys / "release-log.key").write_text("PRIVATE+KEY+x")
    (settings.keys / "seed-demo.json").write_text("{}")
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager, ASKING)
    await install(deps, acme.admin)
    async with deps.works.begin(acme.admin) as work:
        await vault.put_secret(work, deps.master_key, "API_KEY", SECRET)
    area = (
        settings.files / str(acme.id) / str((await installed(deps, acme)).installation.id) / "files.sqlite3"
    )
    area.parent.mkdir(parents=True)
    with closing(sqlite3.connect(area)) as files:
        files.execute("pragma journal_mode = wal").fetchall()
        files.execute("create table files (name text, content text)")
        files.execute("insert into files values ('notes.txt', 'kept')")
        files.commit()
    settings.checkpoints.mkdir()
    (settings.checkpoints / "0000000042").write_text("aei.example/log\n42\n…\n", "utf-8")
    await sequence_all(urls.system)
    return Source(settings, deps, acme, area)


@pytest.fixture
async def empty(
    server: str, tmp_path_factory: pytest.TempPathFactory, urls: DatabaseUrls
) -> AsyncIterator[Settings]:
    """An empty data folder, and an empty database for it."""
    async with empty_database(server, urls) as other:
        yield settings_at(tmp_path_factory.mktemp("restored"), server, other)


class empty_database:  # noqa: N801 used as a context manager
    """A database without any table on the test's server."""

    def __init__(self, server: str, like: DatabaseUrls) -> None:
        self._server, self._name = server, f"r{secrets.token_hex(6)}"
        known = Login.of(like.owner).database
        parts = (like.owner, like.app, like.system)
        self._urls = DatabaseUrls(*(url.replace(f"/{known}", f"/{self._name}") for url in parts))

    async def __aenter__(self) -> DatabaseUrls:
        await self._do(f"create database {self._name} template template0 owner aei_owner")
        return self._urls

    async def __aexit__(self, *_: object) -> None:
        await self._do(f"drop database {self._name} with (force)")

    async def _do(self, statement: str) -> None:
        admin = await asyncpg.connect(self._server)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()


@pytest.fixture
async def taken(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """A backup of the source, with its keys."""
    folder = tmp_path_factory.mktemp("backups")
    return await take_backup(source.settings, Wanted(folder, PASSPHRASE), Silent())
