"""Who owns which namespace."""

from uuid import UUID

from aei_marketplace.catalog.errors import NamespaceForeign, NamespaceTaken
from aei_marketplace.catalog.rules.names import check_namespace
from aei_marketplace.catalog.store import publishers
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work


async def claim_namespace(work: Work, name: str) -> None:
    """Claim a namespace for the publisher of the actor's tenant, who is made one if need be.

    Claiming one's own again changes nothing.

    Raises:
        Invalid, NamespaceReserved: the name cannot be had.
        NamespaceTaken: another publisher has it.
    """
    work.actor.require("plugin.publish", f"{name}.*")
    publisher = await own_publisher(work)
    if not await claimed(work, name, publisher):
        raise NamespaceTaken(f"The namespace {name} belongs to another publisher.")


async def require_namespace(work: Work, name: str) -> UUID:
    """The publisher of the actor's tenant, who owns the namespace, or claims it now.

    Raises:
        NamespaceReserved: the name cannot be had.
        NamespaceForeign: another publisher has it.
    """
    publisher = await own_publisher(work)
    if not await claimed(work, name, publisher):
        raise NamespaceForeign(f"The namespace {name} belongs to another publisher.")
    return publisher


async def refuse_foreign_namespace(work: Work, name: str) -> None:
    """Look, before anything is stored, whether publishing under this namespace can succeed.

    Raises:
        NamespaceReserved: the name cannot be had.
        NamespaceForeign: it is known to belong to another publisher.
    """
    check_namespace(name)
    owner = await publishers.namespace_owner(work, name)
    if owner is not None and owner != await publishers.find_publisher(work, work.actor.in_tenant()):
        raise NamespaceForeign(f"The namespace {name} belongs to another publisher.")


async def own_publisher(work: Work) -> UUID:
    """The publisher of the actor's tenant, made and named after the tenant on first use."""
    tenant = work.actor.in_tenant()
    known = await publishers.find_publisher(work, tenant)
    if known is not None:
        return known
    slug = work.actor.tenant_slug or ""
    names = await publishers.tenants_by_slug(work, [slug])
    if await publishers.add_publisher(work, tenant, names[slug].name):
        work.record(Fact("publisher.create", "tenant", str(tenant)))
    made = await publishers.find_publisher(work, tenant)
    assert made is not None
    return made


async def claimed(work: Work, name: str, publisher: UUID) -> bool:
    """Whether the namespace is the publisher's, after claiming it if it was free."""
    if await publishers.namespace_owner(work, name) == publisher:
        return True
    if not await publishers.add_namespace(work, check_namespace(name), publisher):
        return await publishers.namespace_owner(work, name) == publisher
    work.record(Fact("namespace.claim", "namespace", name))
    return True
