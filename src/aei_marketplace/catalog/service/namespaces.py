"""Which publisher has which namespace, and which new names would be taken for another publisher's."""

from uuid import UUID

from aei_marketplace.catalog.errors import NameConfusable, NamespaceForeign, NamespaceTaken
from aei_marketplace.catalog.rules.likeness import POPULAR, POPULAR_INSTALLS, skeleton
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.rules.names import PUBLIC, check_namespace, check_spelling, check_unlike
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.store import names, plugins, publishers
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work

_HELD_FOR_ITS_NAME = "Ask for the name at /api/name-claims; once it is granted, publish another version."


async def claim_namespace(work: Work, name: str) -> None:
    """Claim a namespace for the publisher of the actor's tenant, who is made one if need be.

    Claiming one's own again changes nothing.

    Raises:
        Invalid, NamespaceReserved, NameConfusable: the name cannot be had.
        NamespaceTaken: another publisher has it.
    """
    work.actor.require("plugin.publish", f"{name}.*")
    publisher = await own_publisher(work)
    if not await claimed(work, name, publisher):
        raise NamespaceTaken(f"The namespace {name} belongs to another publisher.")


async def require_namespace(work: Work, plugin_id: str, right: Right) -> UUID:
    """The publisher of the actor's tenant, who owns a plugin's namespace, or claims it now; it keeps it.

    Until the work ends nobody else gets the namespace, and nobody's standing in it changes.

    Raises:
        NamespaceReserved, NameConfusable: the name cannot be had.
        NamespaceForeign: another publisher has it.
        NotInNamespace: it is its members' alone, or takes an owner.
    """
    name = plugin_id.partition(".")[0]
    publisher = await own_publisher(work)
    if not await claimed(work, name, publisher):
        raise NamespaceForeign(f"The namespace {name} belongs to another publisher.")
    await require_right(work, name, right, plugin_id)
    return publisher


async def refuse_name(work: Work, plugin_id: str) -> None:
    """Look whether a plugin that is new, or private, could be published under this id for everybody to see.

    Raises:
        NamespaceReserved, NameConfusable: the namespace, or the id, cannot be had.
        NamespaceForeign: the namespace is known to belong to another publisher.
        NotInNamespace: it is its members' alone.
    """
    namespace = plugin_id.partition(".")[0]
    owner = await publishers.namespace_owner(work, namespace)
    own = await publishers.find_publisher(work, work.actor.in_tenant())
    if owner is None:
        await refuse_namespace(work, namespace, own)
    elif owner != own:
        raise NamespaceForeign(f"The namespace {namespace} belongs to another publisher.")
    else:
        await require_right(work, namespace, Right.PUBLISH, plugin_id)
    known = (await plugins.briefs(work, [plugin_id])).get(plugin_id)
    if known is not None and known.visibility == PUBLIC:
        return
    await refuse_plugin(work, plugin_id, own)
    if owner is not None:
        await refuse_appearing(work, namespace, own)


async def refuse_namespace(work: Work, name: str, publisher: UUID | None) -> None:
    """Look whether a publisher may have a namespace that nobody has.

    Raises:
        Invalid, NamespaceReserved, NameConfusable: they may not.
    """
    check_namespace(name)
    await _refuse_alike(work, name, publisher)


async def _refuse_alike(work: Work, name: str, publisher: UUID | None) -> None:
    alike = await names.namespaces_alike(work, skeleton(name), publisher)
    popular = await names.popular_plugins(work, publisher, POPULAR_INSTALLS, POPULAR)
    check_unlike(name, alike, dict.fromkeys(plugin.partition(".")[0] for plugin in popular))


async def refuse_plugin(work: Work, plugin_id: str, publisher: UUID | None) -> None:
    """Look whether a publisher may begin a plugin under this id, or have it seen, in a namespace of theirs.

    Raises:
        NameConfusable: it would be taken for a popular one, and staff have not granted it.
    """
    if await names.is_granted(work, publisher, plugin_id):
        return
    popular = await names.popular_plugins(work, publisher, POPULAR_INSTALLS, POPULAR)
    check_unlike(plugin_id, (), popular)


async def refuse_appearing(work: Work, name: str, publisher: UUID | None) -> None:
    """Look whether a namespace of the publisher's may get its first public plugin.

    It was held against others when it was claimed, but not they against it while nobody saw it: who
    became public first has the look of the name.

    Raises:
        NameConfusable: it would be taken for another's, and staff have not granted it.
    """
    if not await _has_the_look(work, name, publisher):
        await _refuse_alike(work, name, publisher)


async def too_like(work: Work, plugin_id: str) -> str | None:
    """Why a plugin may not be listed for the first time now; None where nothing stands against it.

    Of two that look alike and were published before either was listed, the second one hears it here.
    """
    held, name = await plugins.lock(work, plugin_id), plugin_id.partition(".")[0]
    if held is None or held.visibility != PUBLIC or held.listed_at is not None:
        return None
    publisher = await publishers.find_publisher(work, held.owner_tenant)
    if await _has_the_look(work, name, publisher):
        return None
    await names.hold_look(work, skeleton(name))
    try:
        check_unlike(name, await names.namespaces_alike(work, skeleton(name), publisher), ())
    except NameConfusable as refusal:
        return f"{refusal.detail} {_HELD_FOR_ITS_NAME}"
    return None


async def _has_the_look(work: Work, name: str, publisher: UUID | None) -> bool:
    return await names.is_public(work, name) or await names.is_granted(work, publisher, name)


async def own_publisher(work: Work) -> UUID:
    """The publisher of the actor's tenant, made and named after the tenant on first use."""
    tenant = work.actor.in_tenant()
    known = await publishers.find_publisher(work, tenant)
    if known is not None:
        return known
    slug = work.actor.tenant_slug or ""
    tenants = await publishers.tenants_by_slug(work, [slug])
    if await publishers.add_publisher(work, tenant, tenants[slug].name):
        work.record(Fact("publisher.create", "tenant", str(tenant)))
    made = await publishers.find_publisher(work, tenant)
    assert made is not None
    return made


async def claimed(work: Work, name: str, publisher: UUID) -> bool:
    """Whether the namespace is the publisher's until the work ends, after claiming it if it was free."""
    if await publishers.namespace_owner(work, check_spelling(name)) is None:
        await refuse_namespace(work, name, publisher)
        if await publishers.add_namespace(work, name, publisher):
            work.record(Fact("namespace.claim", "namespace", name))
            return True
    return await publishers.hold_namespace(work, name, publisher)
