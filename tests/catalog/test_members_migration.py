"""A database from before there were members: its releases get their publisher, its namespaces stay open."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.migrate import migrate

_OLD = """
insert into tenants (id, slug, name, created_at)
  select gen_random_uuid(), slug, slug, now() from unnest('{acme,globex}'::text[]) slug;
insert into publishers (id, tenant_id, name, created_at)
  select gen_random_uuid(), id, name, now() from tenants;
insert into namespaces (name, publisher_id, created_at) select name, id, now() from publishers;
insert into plugins (id, namespace, publisher_id, owner_tenant, visibility, name, description, kind,
                     categories, keywords, permissions, pricing_model, created_at, updated_at)
  select name || '.echo', name, id, tenant_id, 'public', 'Echo', 'Says it again', 'tool',
         '{}', '{}', '{}', 'free', now(), now() from publishers;
insert into releases (id, plugin_id, version, channel, precedence, state, state_changed_at, package_sha256,
                      size_bytes, component_sha256, component_size, manifest, aei_range, published_at)
  select gen_random_uuid(), id, '1.0.0', 'stable', '1', 'listed', now(), repeat('a', 64), 1,
         repeat('b', 64), 1, '{}', '*', now() from plugins;
"""


@pytest.fixture
async def old(server: str, template: DatabaseUrls) -> AsyncIterator[str]:
    """The URL of a database as the version before left it, with a release of each of two publishers."""
    admin = await asyncpg.connect(server)
    await admin.execute("drop database if exists before_members with (force)")
    await admin.execute("create database before_members owner aei_owner")
    url = template.owner.replace("/template_aei", "/before_members")
    await migrate(url, "0018")
    owner = await asyncpg.connect(url)
    await owner.execute(_OLD)
    await owner.close()
    yield url
    await admin.execute("drop database before_members with (force)")
    await admin.close()


async def test_releases_get_the_publisher_of_their_plugin_and_stay_immutable_and_namespaces_stay_open(
    old: str,
) -> None:
    await migrate(old, "0019")
    owner = await asyncpg.connect(old)
    try:
        found = await owner.fetch(
            "select r.plugin_id, b.name from releases r join publishers b on b.id = r.publisher_id order by 1"
        )
        assert [tuple(row) for row in found] == [("acme.echo", "acme"), ("globex.echo", "globex")]
        assert await owner.fetchval("select bool_or(members_only) from namespaces") is False
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
            await owner.execute(
                "update releases set publisher_id = (select max(id::text)::uuid from publishers)"
            )
    finally:
        await owner.close()
