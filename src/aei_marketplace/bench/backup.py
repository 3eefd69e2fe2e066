"""How long a backup of many releases takes, and its restore elsewhere: by the operator's own commands."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import asyncpg

from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.postgres import EmbeddedPostgres
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.queue import install_queue
from aei_marketplace.bench.report import Result
from aei_marketplace.bench.running import workplace
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.settings import Settings, load_settings

#: A tenant, a publisher and their namespace, for the numbered releases.
_OWNERS = """
insert into tenants (id, slug, name, created_at) values ('{tenant}', 'bench', 'Bench', now());
insert into publishers (id, tenant_id, name, created_at) values ('{publisher}', '{tenant}', 'Bench', now());
insert into namespaces (name, publisher_id, created_at) values ('bench', '{publisher}', now());
""".format(tenant=UUID(int=1), publisher=UUID(int=2))
_PLUGINS = """
insert into plugins (id, namespace, publisher_id, owner_tenant, visibility, name, description, kind,
                     categories, keywords, permissions, pricing_model, listed_at, created_at, updated_at)
select 'bench.p' || n, 'bench', $2, $3, 'public', 'Plugin ' || n, 'One of many plugins', 'tool', '{}',
       '{}', '{}', 'free', now(), now(), now()
from unnest($1::text[]) with ordinality found(sha256, n)
"""
_RELEASES = """
insert into releases (id, plugin_id, version, channel, precedence, state, state_changed_at, listed_at,
                      package_sha256, size_bytes, component_sha256, component_size,
                      manifest, aei_range, readme, published_at)
select gen_random_uuid(), 'bench.p' || n, '1.0.0', 'stable', '1.0.0', 'listed', now(), now(),
       sha256, 1, sha256, 1,
       jsonb_build_object('text', repeat('metadata ', 400)), '*', repeat('readme ', 300), now()
from unnest($1::text[]) with ordinality found(sha256, n)
"""


def measure(quick: bool) -> Result:
    """Fill a marketplace with releases and objects, back it up, and restore it into an empty folder."""
    releases, megabytes = (1_000, 100) if quick else (10_000, 1_000)
    with workplace() as folder:
        _fill(load_settings({"data": folder / "a"}), releases, megabytes)
        backup_s = _timed("backup", "--to", str(folder / "b.tar"), "--data", str(folder / "a"))
        restore_s = _timed("restore", str(folder / "b.tar"), "--data", str(folder / "c"))
    return Result(
        "backup",
        {"releases": releases, "objects_mb": megabytes, "backup_s": backup_s, "restore_s": restore_s},
    )


def _fill(settings: Settings, releases: int, megabytes: int) -> None:
    for path in (settings.data, settings.run, settings.keys):
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
    settings.runtime.mkdir(mode=0o711, exist_ok=True)
    server = EmbeddedPostgres(
        settings.postgres,
        settings.postgres_sockets,
        settings.keys / "database-superuser",
        settings.data / "log",
    )
    server.start()
    try:
        asyncio.run(
            _write(settings, server.admin_url, _contents(releases, megabytes * 1_000_000 // releases))
        )
    finally:
        server.stop()


def _contents(count: int, size: int) -> Iterator[bytes]:
    return (os.urandom(size) for _ in range(count))


async def _write(settings: Settings, admin_url: str, contents: Iterator[bytes]) -> None:
    urls = await bootstrap(admin_url, settings.database_secrets, own_server=True)
    await migrate(urls.owner)
    await install_queue(urls.owner)
    blobs, digests = open_blobs(settings.objects, wait_for_disk=False), []
    for content in contents:
        digests.append(hashlib.sha256(content).hexdigest())
        await blobs.put(digests[-1], content)
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(_OWNERS)
        await connection.execute(_PLUGINS, digests, UUID(int=2), UUID(int=1))
        await connection.execute(_RELEASES, digests)
    finally:
        await connection.close()


def _timed(*arguments: str) -> float:
    """Seconds that a command of the operator takes, from its start to its end."""
    command = [sys.executable, "-P", "-m", "aei_marketplace.manage", *arguments]
    began = time.monotonic()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} failed:\n{done.stderr}")
    return time.monotonic() - began
