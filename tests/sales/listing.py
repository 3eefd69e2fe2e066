"""Plugins that can be sold, written straight into the catalogue: what they do does not matter here."""

from uuid import UUID

from sqlalchemy import text

from aei_marketplace.ground.work import Works

_LIST = (
    "insert into publishers (id, tenant_id, name, created_at)"
    " values (gen_random_uuid(), :owner, :namespace, now()) on conflict do nothing",
    "insert into namespaces (name, publisher_id, created_at)"
    " select :namespace, id, now() from publishers where tenant_id = :owner on conflict do nothing",
    "insert into plugins (id, namespace, publisher_id, owner_tenant, visibility, name, description, kind,"
    " categories, keywords, permissions, pricing_model, listed_at, created_at, updated_at)"
    " select :plugin_id, :namespace, id, :owner, 'public', :plugin_id, 'Is sold', 'tool', '{}', '{}', '{}',"
    " 'free', now(), now(), now() from publishers where tenant_id = :owner",
    "insert into releases (id, plugin_id, publisher_id, version, channel, precedence, state,"
    " state_changed_at, package_sha256, size_bytes, component_sha256, component_size, manifest, aei_range,"
    " published_at, listed_at)"
    " select gen_random_uuid(), :plugin_id, id, '1.0.0', 'stable', '1', 'listed', now(), repeat('a', 64), 1,"
    " repeat('b', 64), 1, '{}', '*', now(), now() from publishers where tenant_id = :owner",
    "update plugins set latest_shown = r.id, latest_stable = r.id from releases r"
    " where r.plugin_id = plugins.id and plugins.id = :plugin_id",
)


async def list_plugin(works: Works, owner: UUID, plugin_id: str) -> None:
    """Have a tenant publish a plugin of this id, in a namespace that becomes its own."""
    given = {"owner": owner, "plugin_id": plugin_id, "namespace": plugin_id.partition(".")[0]}
    async with works.system("tests") as work:
        for statement in _LIST:
            bound = [name for name in given if f":{name}" in statement]
            await work.run(text(statement), {name: given[name] for name in bound})
