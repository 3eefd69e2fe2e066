"""Deciding about several reviews at once, and taking that back for a while."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Denial, Refusal
from aei_marketplace.ground.work import Work, Works, denial
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.events import ReviewReopened
from aei_marketplace.reviews.rules import batches, states
from aei_marketplace.reviews.rules.views import Published, Review, ReviewState
from aei_marketplace.reviews.service.moderating import judge
from aei_marketplace.reviews.service.publishing import tell_of_change
from aei_marketplace.reviews.store import published, reports, reviews, undos
from aei_marketplace.reviews.store.undos import Undo


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of one review of several.

    Attributes:
        review: as it stands now; None where there is none.
        refusal: why nothing was done; None when it was. A `ReviewDecided` names the present state.
    """

    review_id: UUID
    review: Review | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A decision about several reviews.

    Attributes:
        id: to take it back by.
        undo_until: until when that is possible; None when nothing was done.
        happened: what became of each review, in the order of their ids.
    """

    id: UUID
    undo_until: datetime | None
    happened: Sequence[Happened]


async def decide_reviews(
    work: Work, review_ids: Collection[UUID], wanted: str, reason: str | None = None
) -> Batch:
    """Decide about several reviews alike; what cannot be decided so is left, and the answer says why.

    Args:
        wanted: `approved`, `rejected` or `hidden`; the last two with a reason.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: there is no such decision, its reason is missing, or there are too many reviews.
    """
    work.actor.require("review.moderate")
    ids = batches.check_batch(review_ids)
    verdict = states.read_verdict(wanted)
    reason = states.check_reason(verdict, reason)
    held, shown = await reviews.hold_several(work, ids), await published.find_several(work, ids)
    batch, happened, undoing = new_id(), list[Happened](), list[Undo]()
    for review_id in ids:
        before = held.get(review_id)
        try:
            after, undo = await _decide_one(work, review_id, before, shown.get(review_id), verdict, reason)
        except Refusal as refusal:
            _record_denial(work, refusal)
            happened.append(Happened(review_id, before, refusal))
        else:
            undoing.append(undo)
            happened.append(Happened(review_id, after, None))
    await undos.keep(work, batch, undoing)
    tell_of_change(work, (undo.before.plugin_id for undo in undoing))
    return Batch(batch, work.now + batches.UNDO_WITHIN if undoing else None, happened)


async def undo_decisions(work: Work, batch_id: UUID) -> list[Happened]:
    """Take a decision about several reviews back: each stands as before, unless it has changed since.

    Returns:
        What became of each review, in the order of their ids.

    Raises:
        NotAllowed: the actor does not moderate.
        NothingToUndo: they decided no such batch, or too long ago.
    """
    work.actor.require("review.moderate")
    batches.check_undo(await undos.decider_of(work, batch_id), work.actor.id, work.now)
    undoing = await undos.take(work, batch_id)
    present = await reviews.hold_several(work, [undo.review_id for undo in undoing])
    happened = [await _undo_one(work, batch_id, undo, present[undo.review_id]) for undo in undoing]
    tell_of_change(work, (one.review.plugin_id for one in happened if one.review and not one.refusal))
    return happened


async def forget_undos(works: Works) -> None:
    """Forget how reviews stood before decisions that can no longer be taken back."""
    async with works.system("reviews.forget_undos") as work:
        await undos.forget(work, work.now - batches.UNDO_WITHIN)


async def _decide_one(
    work: Work,
    review_id: UUID,
    before: Review | None,
    shown: Published | None,
    verdict: ReviewState,
    reason: str | None,
) -> tuple[Review, Undo]:
    if before is None:
        raise ReviewNotFound(f"There is no review {review_id}.")
    judged = await judge(work, before, shown, verdict, reason)
    assert work.actor.id is not None, "who holds an action of the staff has an account"
    return judged.review, Undo(review_id, work.actor.id, work.now, before, shown, judged.settled)


async def _undo_one(work: Work, batch_id: UUID, undo: Undo, present: Review) -> Happened:
    try:
        batches.check_untouched(present, undo.before, undo.decided_by, undo.decided_at)
    except Refusal as refusal:
        return Happened(undo.review_id, present, refusal)
    # The account may have been erased meanwhile, and nothing may lead back to it.
    author, writer_id = present.author, present.writer_id
    if undo.published is not None:
        await published.put(work, replace(undo.published, author=author, writer_id=writer_id))
    else:
        await published.unpublish(work, undo.review_id)
    await reports.reopen(work, undo.settled)
    restored = replace(undo.before, author=author, writer_id=writer_id)
    await reviews.save(work, restored)
    context = {"plugin": present.plugin_id, "batch": str(batch_id), "state": str(restored.state)}
    work.record(Fact("review.undo", "review", str(undo.review_id), context=context))
    work.emit(ReviewReopened(restored.id, restored.plugin_id, restored.writer_id, restored.tenant_id))
    return Happened(undo.review_id, restored, None)


def _record_denial(work: Work, refusal: Refusal) -> None:
    if isinstance(refusal, Denial):
        work.record(denial(refusal))
        refusal.recorded = True
