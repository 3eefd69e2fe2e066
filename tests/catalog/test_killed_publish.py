"""A publishing process is killed again and again: what is there afterwards is whole."""

import asyncio
import hashlib
import random
import sys
from pathlib import Path

import asyncpg

from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.publishing import publish

ROOT = Path(__file__).parents[2]
ROUNDS = 6

#: Releases that lack one of what is written with them.
HALF = """
select r.version from releases r
where not exists (select from release_states s where s.release_id = r.id)
   or not exists (select from release_compatibility c where c.release_id = r.id)
   or not exists (select from plugins p where p.id = r.plugin_id and p.latest_shown is not null)
   or not exists (select from pgqueuer q where position(r.id::text in convert_from(q.payload, 'UTF8')) > 0)
   or not exists (select from audit_entries e where e.action = 'plugin.publish'
                  and position(r.id::text in convert_from(e.content, 'UTF8')) > 0)
"""


async def test_a_killed_publish_leaves_no_half_release(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, tmp_path: Path
) -> None:
    objects = tmp_path / "objects"
    for turn in range(ROUNDS):
        await publish_until_killed(urls, objects, acme, first=turn * 1000)
    connection = await asyncpg.connect(urls.owner)
    try:
        # One moment for all questions: the last commit may still be on its way.
        snapshot = connection.transaction(isolation="repeatable_read")
        await snapshot.start()
        rows = await connection.fetch("select version, package_sha256, component_sha256 from releases")
        assert rows
        assert await connection.fetch(HALF) == []
        published = await connection.fetchval(
            "select count(*) from audit_entries where action = 'plugin.publish'"
        )
        assert published == len(rows)
        assert await connection.fetchval("select count(*) from pgqueuer") == len(rows)
        await snapshot.commit()
    finally:
        await connection.close()
    blobs = open_blobs(objects)
    for row in rows:
        for sha256 in (row["package_sha256"], row["component_sha256"]):
            assert hashlib.sha256(await blobs.get(sha256)).hexdigest() == sha256
    await publish(deps, acme.manager, {"version": "2.0.0"})


async def publish_until_killed(urls: DatabaseUrls, objects: Path, tenant: Tenant, first: int) -> None:
    """Start a publisher and kill it at some moment after it has begun."""
    arguments = (urls.app, urls.system, objects, tenant.manager.id, tenant.id, first)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.catalog.publisher_process",
        *map(str, arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert await asyncio.wait_for(child.stdout.readline(), 120) == b"ready\n"
        if first == 0:  # at least one publish comes through, however slow the machine
            assert await asyncio.wait_for(child.stdout.readline(), 120) == b"published\n"
        await asyncio.sleep(random.uniform(0.05, 1.5))
        assert child.returncode is None, "it was still publishing"
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
