"""Payouts that a provider of payments carries out: noted, asked for with a key, and noted again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.ports.billing import BillingProvider, ProviderRefused, TransferOrder
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.payouts.errors import DestinationInUse, NobodyPays
from aei_marketplace.payouts.rules.payouts import Payout, State, check_outsider, may_ask
from aei_marketplace.payouts.service.deciding import decider_for, fail_held, pay_held
from aei_marketplace.payouts.store import destinations
from aei_marketplace.payouts.store import payouts as store

_JOB = "payouts.send"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a creator is paid.

    Attributes:
        provider: who pays there.
        name: the provider's name of the creator's account.
    """

    provider: str
    name: str
    changed_at: datetime


async def find_destination(work: Work, creator: UUID) -> Destination | None:
    """Where a provider pays a creator; None where the bank does."""
    row = await destinations.find(work, creator)
    return None if row is None else Destination(row.provider, row.destination, row.changed_at)


async def set_destination(work: Work, provider: BillingProvider, creator: UUID, name: str | None) -> None:
    """Have a provider pay a creator's payouts from their release on; None for the bank.

    Args:
        provider: the one that this marketplace works with.
        name: the provider's name of the creator's account.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or their last proof is too old.
        OwnPayout: the creator is a tenant of theirs.
        NobodyPays: staff pay all creators by the bank here.
        DestinationInUse: the provider carries out a payout of the creator.
        Invalid: the name cannot be used.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    check_outsider(await decider_for(work, creator))
    said = None if name is None else clean_typed(name, _LONGEST, "/destination")
    await destinations.find(work, creator, hold=True)
    if await store.is_on_its_way(work, creator):
        raise DestinationInUse("The provider carries out a payout of this creator and has not answered yet.")
    if said is None:
        await destinations.remove(work, creator)
    elif provider.online:
        await destinations.put(work, creator, provider.name, said)
    else:
        raise NobodyPays("This marketplace works with no provider that could pay the creator.")
    context = {"provider": "bank" if said is None else provider.name}
    personal = {} if said is None else {"destination": said}
    work.record(Fact("payout.destination", "creator", str(creator), context=context, personal=personal))


async def send(works: Works, provider: BillingProvider, payout_id: UUID, trace_id: str) -> None:
    """Have the provider pay a released payout whose creator it pays; the bank's are left to staff.

    Raises:
        Unavailable: no answer came; the same order with the same key is repeated.
    """
    order = await _ordered(works, provider, payout_id, trace_id)
    if order is None:
        return
    refused, reference = None, ""
    try:
        reference = await provider.transfer(order, f"payout:{payout_id}")
    except ProviderRefused as refusal:
        refused = refusal.detail
    async with works.system(_JOB, trace_id) as work:
        payout = await store.find(work, payout_id, hold=True)
        assert payout is not None, "payouts are never deleted"
        if payout.state is not State.RELEASED:
            _note_late(work, payout, reference)
        elif refused is None:
            await pay_held(work, payout, reference)
        else:
            await fail_held(work, payout, refused)


def _note_late(work: Work, payout: Payout, reference: str) -> None:
    """Note a transfer that nobody expects any more; one that came twice says nothing new."""
    if reference in ("", payout.reference):
        return
    reason = f"the provider carried it out as {reference} when it was {payout.state}; staff have to settle it"
    context = {"amount_minor": payout.transfer, "currency": payout.currency}
    work.record(
        Fact("payout.pay", "payout", str(payout.id), outcome="failed", reason=reason, context=context)
    )


async def take_back(works: Works, payout_id: UUID, amount: int, trace_id: str) -> None:
    """Note that what a provider had transferred came back; a part of it is left for staff to look at.

    Args:
        amount: how much has come back in all, in minor units.
    """
    async with works.system(_JOB, trace_id) as work:
        work.actor.require("revenue.administer")
        payout = await store.find(work, payout_id, hold=True)
        if payout is None or payout.state not in (State.RELEASED, State.PAID):
            return
        if amount >= (payout.transfer or 0):
            await fail_held(work, payout, "The provider has taken the transfer back.")
            return
        context = {"amount_minor": amount, "currency": payout.currency}
        reason = "a part of the transfer came back; staff have to settle it"
        work.record(
            Fact("payout.return", "payout", str(payout_id), outcome="failed", reason=reason, context=context)
        )


async def _ordered(
    works: Works, provider: BillingProvider, payout_id: UUID, trace_id: str
) -> TransferOrder | None:
    """The order to the provider, noted before it is given; None where there is none to give."""
    async with works.system(_JOB, trace_id) as work:
        work.actor.require("revenue.administer")
        payout = await store.find(work, payout_id, hold=True)
        if payout is None or payout.provider != provider.name or not may_ask(payout, work.now):
            return None
        found = await destinations.find(work, payout.creator)
        if found is None or found.provider != provider.name:
            return None
        if payout.sent_at is None:
            await store.change(work, payout, {"sent_at": work.now})
        return _order(payout, found.destination)


def _order(payout: Payout, destination: str) -> TransferOrder:
    assert payout.transfer is not None, "settled with the approval"
    return TransferOrder(payout.id, destination, payout.transfer, payout.currency)
