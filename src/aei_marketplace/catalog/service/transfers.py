"""Handing a namespace over to another tenant: offered by one side, accepted by the other.

Plugins, releases and installations stay as they are and get another publisher. Nothing that let somebody
publish comes along: members, trusted workflows and tokens for the namespace end with the transfer.
"""

from dataclasses import asdict, replace
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import NoSuchTenant
from aei_marketplace.catalog.errors import NoSuchNamespace, NoSuchTransfer, TransferOffered
from aei_marketplace.catalog.events import NamespaceOffered, NamespaceTransferred
from aei_marketplace.catalog.rules.membership import (
    OFFER_LASTS,
    OFFERS_WITHIN,
    Right,
    Transfer,
    TransferState,
    check_frequency,
    check_offer,
    check_open,
)
from aei_marketplace.catalog.service import release_log
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.service.namespaces import own_publisher
from aei_marketplace.catalog.store import members, publishers, releases, trusted_publishing
from aei_marketplace.catalog.store import transfers as store
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work, Works
from aei_protocol.release_log import Reason

_JOB = "catalog.hand_over"


async def offer_namespace(work: Work, name: str, to_slug: str) -> Transfer:
    """Offer a namespace of the actor's tenant to another tenant, for a week.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proven lately who they are.
        NoSuchNamespace, NoSuchTenant: the tenant has no such namespace; there is no such tenant.
        TransferToOneself: it is that tenant's.
        TransferOffered: it is offered to somebody already.
        TooManyOffers: the tenant has made as many within a day as it may.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    if not await members.hold_own(work, name):
        raise NoSuchNamespace(f"Your tenant has no namespace {name[:60]!r}.")
    await require_right(work, name, Right.ADMINISTER)
    to_tenant = await _tenant(work, to_slug)
    check_offer(work.actor.in_tenant(), to_tenant)
    check_frequency(await store.offered_since(work, work.now - OFFERS_WITHIN), work.now)
    await store.expire(work, name)
    transfer = _offer(work, name, to_tenant, to_slug)
    values = {**asdict(transfer), "offered_by": work.actor.id}
    if not await store.add(work, values):
        raise TransferOffered(f"The namespace {name} is offered to somebody already.")
    work.record(Fact("namespace.offer", "namespace", name, context=_context(transfer)))
    work.emit(NamespaceOffered(transfer.id, name, transfer.from_slug, to_tenant))
    return transfer


async def list_transfers(work: Work) -> list[Transfer]:
    """Offers from and to the actor's tenant, the newest first."""
    work.actor.require_somewhere("plugin.publish")
    return list(await store.list_own(work))


async def find_transfer(work: Work, transfer_id: UUID) -> Transfer:
    """A transfer that an event told of; for named jobs, which see all."""
    return await store.find(work, transfer_id)


async def end_offer(work: Work, name: str) -> Transfer:
    """Take an offer back as who made it, or decline it as whom it was made to.

    Raises:
        NotAllowed: the actor may not publish, or is no owner of the namespace that their tenant offers.
        NoSuchTransfer, TransferEnded: nobody offers it; the offer has ended.
    """
    work.actor.require("plugin.publish")
    transfer = await _newest(work, name)
    check_open(transfer, work.now)
    if transfer.from_tenant == work.actor.tenant:
        await require_right(work, name, Right.ADMINISTER)
        state, action = TransferState.WITHDRAWN, "namespace.withdraw"
    else:
        state, action = TransferState.DECLINED, "namespace.decline"
    if not await store.end(work, transfer.id, state):
        check_open(await _newest(work, name), work.now)
        raise NoSuchTransfer(f"Nobody offers the namespace {name} any more.")
    work.record(Fact(action, "namespace", name, context=_context(transfer)))
    return await _newest(work, name)


async def accept_namespace(work: Work, name: str) -> Transfer:
    """Take over a namespace that is offered to the actor's tenant, with all its plugins.

    Raises:
        NotAllowed, ProofNeeded: the actor may not publish, or has not proven lately who they are.
        NoSuchTransfer, TransferEnded: nobody offers it to the tenant; the offer has ended.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    transfer = await _newest(work, name)
    if transfer.to_tenant != work.actor.tenant:
        raise NoSuchTransfer(f"Nobody offers you the namespace {name}.")
    check_open(transfer, work.now)
    if not await store.hand_over(work, transfer.id, await own_publisher(work)):
        check_open(await _newest(work, name), work.now)
        raise NoSuchTransfer(f"The namespace {name} is not theirs to give any more.")
    for plugin_id in await members.plugins_in(work, name):
        for release in await releases.listed_once(work, plugin_id):
            await release_log.tell(work, release, Reason.TRANSFERRED)
    work.record(Fact("namespace.accept", "namespace", name, context=_context(transfer)))
    work.emit(NamespaceTransferred(transfer.id, name, transfer.from_tenant, transfer.to_tenant))
    return await _newest(work, name)


async def leave_to_successor(works: Works, transfer_id: UUID, trace_id: str) -> None:
    """End what let the former owner publish, and tell its audit log; running it again does nothing more."""
    async with works.system(_JOB, trace_id) as work:
        transfer = await store.find(work, transfer_id)
    giver = replace(system_actor(_JOB), tenant=transfer.from_tenant)
    async with works.begin(giver, trace_id) as work:
        if not await store.mark_told(work, transfer_id):
            return
        trusted = await trusted_publishing.remove_within(work, transfer.namespace)
        for row in trusted:
            if row.service_id is not None:
                await accounts.revoke_service_tokens(work, row.service_id)
        tokens = await accounts.revoke_publishing_tokens(work, transfer.namespace)
        context = {**_context(transfer), "tokens": tokens, "trusted_publishers": len(trusted)}
        work.record(Fact("namespace.hand_over", "namespace", transfer.namespace, context=context))


async def _tenant(work: Work, slug: str) -> UUID:
    found = (await publishers.tenants_by_slug(work, [slug])).get(slug)
    if found is None:
        raise NoSuchTenant(f"There is no tenant {slug[:60]!r}.", advice="Ask them for their short name.")
    tenant: UUID = found.id
    return tenant


async def _newest(work: Work, name: str) -> Transfer:
    found = await store.newest(work, name)
    if found is None:
        raise NoSuchTransfer(f"Nobody offers the namespace {name[:60]!r} to or from your tenant.")
    return found


def _offer(work: Work, name: str, to_tenant: UUID, to_slug: str) -> Transfer:
    return Transfer(
        id=new_id(),
        namespace=name,
        from_tenant=work.actor.in_tenant(),
        to_tenant=to_tenant,
        from_slug=work.actor.tenant_slug or "",
        to_slug=to_slug,
        state=TransferState.OFFERED,
        offered_at=work.now,
        expires_at=work.now + OFFER_LASTS,
        ended_at=None,
    )


def _context(transfer: Transfer) -> dict[str, str]:
    return {"transfer": str(transfer.id), "from": transfer.from_slug, "to": transfer.to_slug}
