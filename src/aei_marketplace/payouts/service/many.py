"""The same step for many payouts: each that passes its rule takes it, the others are told with the reason."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.errors import PayoutNotFound
from aei_marketplace.payouts.rules.bank_runs import Result, read_results
from aei_marketplace.payouts.rules.payouts import Payout, State, check_by_hand
from aei_marketplace.payouts.service.deciding import (
    approve_held,
    decider,
    fail_held,
    pay_held,
    release_held,
)
from aei_marketplace.payouts.store import destinations
from aei_marketplace.payouts.store import payouts as store

#: So many payouts take their step in one commit.
AT_ONCE = 100


@dataclass
class Outcome:
    """What became of many payouts.

    Attributes:
        done: how many took the step.
        before: how many had taken it already.
        refused: how many did not, by the reason.
    """

    done: int = 0
    before: int = 0
    refused: Counter[str] = field(default_factory=Counter)


async def approve_all(works: Works, actor: Actor, trace_id: str, period: Period) -> Outcome:
    """Approve every payout of a month that waits and passes.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or their last proof is too old.
    """
    return await _each(works, actor, trace_id, period, State.TAX_CHECK, approve_held)


async def release_all(works: Works, actor: Actor, trace_id: str, period: Period) -> Outcome:
    """Release every payout of a month that is approved and passes; raises what `approve_all` raises."""
    return await _each(works, actor, trace_id, period, State.APPROVED, release_held)


async def take_results(works: Works, actor: Actor, trace_id: str, content: bytes) -> Outcome:
    """Mark payouts as paid or failed as a bank's file says; the same file does no more a second time.

    Raises:
        NotAllowed, ProofNeeded: as `approve_all`.
        ResultsUnfit: the file cannot be read; nothing was changed.
    """
    outcome = Outcome()
    # By their ids, as whoever takes another step for many: no two wait for one another.
    results = sorted(read_results(content), key=lambda result: result.payout_id)
    for begin in range(0, len(results), AT_ONCE):
        async with works.begin(actor, trace_id) as work:
            _require(work)
            for result in results[begin : begin + AT_ONCE]:
                await _settle(work, result, outcome)
    return outcome


async def _each(
    works: Works,
    actor: Actor,
    trace_id: str,
    period: Period,
    state: State,
    step: Callable[[Work, Payout], Awaitable[Payout]],
) -> Outcome:
    outcome, after = Outcome(), None
    while True:
        async with works.begin(actor, trace_id) as work:
            _require(work)
            batch = await store.some(work, state, period.first_day, AT_ONCE, after)
            await destinations.hold_all(work, {payout.creator for payout in batch})
            await _step_each(work, batch, step, outcome)
        if len(batch) < AT_ONCE:
            return outcome
        after = batch[-1].id


async def _step_each(
    work: Work, batch: Sequence[Payout], step: Callable[[Work, Payout], Awaitable[Payout]], outcome: Outcome
) -> None:
    for payout in batch:
        try:
            await step(work, payout)
        except Refusal as refusal:  # a rule's: nothing was written for this one
            outcome.refused[refusal.title] += 1
        else:
            outcome.done += 1


async def _settle(work: Work, result: Result, outcome: Outcome) -> None:
    try:
        payout = await _held(work, result.payout_id)
        if payout.state == (State.PAID if result.paid else State.FAILED):
            outcome.before += 1
            return
        check_by_hand(payout, await decider(work, payout), work.now)
        if result.paid:
            await pay_held(work, payout, result.reference)
        else:
            await fail_held(work, payout, result.reason or "")
    except Refusal as refusal:
        outcome.refused[refusal.title] += 1
    else:
        outcome.done += 1


async def _held(work: Work, payout_id: UUID) -> Payout:
    payout = await store.find(work, payout_id, hold=True)
    if payout is None:
        raise PayoutNotFound("There is no such payout.")
    return payout


def _require(work: Work) -> None:
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
