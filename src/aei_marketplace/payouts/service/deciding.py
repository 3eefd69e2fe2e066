"""Steps of single payouts that members of staff take, each with its entry and its place in the history."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts.errors import PayoutChanged, PayoutNotFound
from aei_marketplace.payouts.events import PayoutEnded, PayoutPaid, PayoutReleased
from aei_marketplace.payouts.rules import payouts as rules
from aei_marketplace.payouts.rules.payouts import Decider, Payout, State
from aei_marketplace.payouts.service.policies import find_tax_model
from aei_marketplace.payouts.store import destinations
from aei_marketplace.payouts.store import payouts as store
from aei_marketplace.tax_profiles.service import tax_standing

_LONGEST_REASON, _LONGEST_REFERENCE = 2_000, 200


async def approve(work: Work, payout_id: UUID, if_match: str | None = None) -> Payout:
    """Approve a payout: a second person looked at it, and what is withheld is settled.

    Args:
        if_match: the version that the decision is based on.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or their last proof is too old.
        PayoutNotFound, PayoutChanged: there is none, or it has changed since it was read.
        PayoutMoveRefused, PayoutHeld, OwnPayout, SecondPersonNeeded, TaxNotReviewed: see `rules.approve`.
    """
    return await approve_held(work, await _take(work, payout_id, if_match))


async def approve_held(work: Work, payout: Payout) -> Payout:
    """Approve a payout that this work holds; raises what `approve` raises."""
    standing = await tax_standing(work, payout.creator)
    decided = rules.approve(payout, await decider(work, payout), standing)
    values = {
        "withholding": decided.withholding,
        "transfer": decided.transfer,
        "withholding_bps": decided.withholding_bps,
        "approved_by": work.actor.id,
    }
    return await move(work, payout, State.APPROVED, values)


async def release(work: Work, payout_id: UUID, if_match: str | None = None) -> Payout:
    """Let an approved payout leave.

    Raises:
        NotAllowed, ProofNeeded, PayoutNotFound, PayoutChanged: as `approve`.
        PayoutMoveRefused, PayoutHeld, OwnPayout, SecondPersonNeeded, TaxModelUnconfirmed, TaxNotReviewed,
        ReleaseTooEarly: see `rules.check_release` and `rules.check_destination`.
    """
    return await release_held(work, await _take(work, payout_id, if_match))


async def release_held(work: Work, payout: Payout) -> Payout:
    """Let a payout leave that this work holds; raises what `release` raises.

    One that is withheld whole is paid with that: nothing of it goes to the creator, and nobody is asked to.
    """
    model = await find_tax_model(work)
    standing = await tax_standing(work, payout.creator)
    by = await decider(work, payout)
    rules.check_release(
        payout,
        by,
        standing,
        work.now,
        tax_model_confirmed=model is not None and model.confirmed,
    )
    destination = await destinations.find(work, payout.creator, hold=True)
    rules.check_destination(by, None if destination is None else destination.changed_by)
    values = {
        "released_by": work.actor.id,
        "released_at": work.now,
        "provider": None if destination is None else destination.provider,
    }
    released = await move(work, payout, State.RELEASED, values)
    if not released.transfer:
        return await pay_held(work, released, None)
    work.emit(PayoutReleased(payout.id))
    return released


async def mark_paid(
    work: Work, payout_id: UUID, reference: str | None = None, if_match: str | None = None
) -> Payout:
    """Note that a released payout has left the bank.

    Args:
        reference: the bank's name of the transfer.

    Raises:
        NotAllowed, ProofNeeded, PayoutNotFound, PayoutChanged, PayoutMoveRefused, OwnPayout: as `release`.
        Invalid: the reference is too long.
    """
    named = clean_typed(reference, _LONGEST_REFERENCE, "/reference") if reference else None
    payout = await _take(work, payout_id, if_match)
    rules.check_by_hand(payout, await decider(work, payout), work.now)
    return await pay_held(work, payout, named)


async def pay_held(work: Work, payout: Payout, reference: str | None) -> Payout:
    """Note that a payout has left which this work holds."""
    rules.check_move(payout, State.PAID)
    values = {"paid_at": work.now, "reference": reference or payout.reference}
    paid = await move(work, payout, State.PAID, values)
    work.emit(PayoutPaid(payout.id))
    return paid


async def mark_failed(work: Work, payout_id: UUID, reason: str, if_match: str | None = None) -> Payout:
    """Note that a payout did not arrive, or was returned; the amount goes back to the balance.

    Raises:
        NotAllowed, ProofNeeded, PayoutNotFound, PayoutChanged, PayoutMoveRefused, OwnPayout: as `release`.
        Invalid: there is no reason, or far too much of it.
    """
    return await _end(work, payout_id, State.FAILED, reason, if_match)


async def cancel(work: Work, payout_id: UUID, reason: str, if_match: str | None = None) -> Payout:
    """Give up a payout that has not left; the amount goes back to the balance.

    Raises:
        As `mark_failed`.
    """
    return await _end(work, payout_id, State.CANCELLED, reason, if_match)


async def fail_held(work: Work, payout: Payout, reason: str) -> Payout:
    """Note that a payout failed which this work holds."""
    return await _end_held(work, payout, State.FAILED, reason)


async def hold(work: Work, payout_id: UUID, reason: str, if_match: str | None = None) -> Payout:
    """Stop a payout until somebody ends the hold.

    Raises:
        As `mark_failed`.
    """
    said = clean_typed(reason, _LONGEST_REASON, "/reason")
    return await _hold(work, await _take(work, payout_id, if_match), said)


async def unhold(work: Work, payout_id: UUID, if_match: str | None = None) -> Payout:
    """End a hold; where there is none, nothing happens.

    Raises:
        NotAllowed, ProofNeeded, PayoutNotFound, PayoutChanged, PayoutMoveRefused, OwnPayout: as `release`.
    """
    payout = await _take(work, payout_id, if_match)
    return payout if payout.held_reason is None else await _hold(work, payout, None)


async def decider(work: Work, payout: Payout) -> Decider:
    """Who decides about a payout; raises what `decider_for` raises."""
    return await decider_for(work, payout.creator)


async def decider_for(work: Work, creator: UUID) -> Decider:
    """Who decides about what a creator is paid: a person.

    Raises:
        NotAllowed: it is the marketplace itself.
    """
    if work.actor.id is None:
        raise NotAllowed("A member of staff decides about payouts.")
    return Decider(work.actor.id, await accounts.belongs_to(work, work.actor.id, creator))


async def move(
    work: Work, payout: Payout, to: State, values: Mapping[str, Any], reason: str | None = None
) -> Payout:
    """Bring a payout that this work holds into another state, with its entry and its place in the history."""
    moved = await store.change(work, payout, {**values, "state": to, "state_changed_at": work.now})
    await _note(work, moved, reason)
    context = {"from": payout.state, "amount_minor": payout.amount, "currency": payout.currency}
    personal = {} if reason is None else {"reason": reason}
    work.record(Fact(_ACTIONS[to], "payout", str(payout.id), context=context, personal=personal))
    return moved


_ACTIONS = {
    State.APPROVED: "payout.approve",
    State.RELEASED: "payout.release",
    State.PAID: "payout.pay",
    State.FAILED: "payout.fail",
    State.CANCELLED: "payout.cancel",
}


async def _take(work: Work, payout_id: UUID, if_match: str | None) -> Payout:
    """The payout, held until this work ends; the first thing that each step asks for."""
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    payout = await store.find(work, payout_id, hold=True)
    if payout is None:
        raise PayoutNotFound("There is no such payout.")
    if if_match not in (None, "*", payout.etag):
        raise PayoutChanged(f"You decided about version {if_match}; the payout is at {payout.etag} now.")
    return payout


async def _end(work: Work, payout_id: UUID, to: State, reason: str, if_match: str | None) -> Payout:
    said = clean_typed(reason, _LONGEST_REASON, "/reason")
    payout = await _take(work, payout_id, if_match)
    rules.check_by_hand(payout, await decider(work, payout), work.now)
    return await _end_held(work, payout, to, said)


async def _end_held(work: Work, payout: Payout, to: State, reason: str) -> Payout:
    rules.check_move(payout, to)
    ended = await move(work, payout, to, {"failure": reason}, reason)
    work.emit(PayoutEnded(payout.id))
    return ended


async def _hold(work: Work, payout: Payout, reason: str | None) -> Payout:
    rules.check_holdable(payout)
    rules.check_outsider(await decider(work, payout))
    held = await store.change(work, payout, {"held_reason": reason})
    await _note(work, held, reason or "the hold is ended")
    action = "payout.unhold" if reason is None else "payout.hold"
    personal = {} if reason is None else {"reason": reason}
    work.record(Fact(action, "payout", str(payout.id), personal=personal))
    return held


async def _note(work: Work, payout: Payout, reason: str | None) -> None:
    step = {
        "payout_id": payout.id,
        "number": payout.version,
        "state": payout.state,
        "at": work.now,
        "by": work.actor.id,
        "reason": reason,
    }
    await store.add_steps(work, [step])
