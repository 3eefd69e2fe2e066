"""Deciding about several reviews or replies at once, and taking that back for a while."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Denial, Refusal
from aei_marketplace.ground.work import Work, Works, denial
from aei_marketplace.reviews.errors import ReplyNotFound, ReviewNotFound
from aei_marketplace.reviews.events import ReplyReopened, ReviewReopened, ReviewWritten
from aei_marketplace.reviews.rules import batches, states
from aei_marketplace.reviews.rules.deciders import Decider
from aei_marketplace.reviews.rules.views import Reply, Review
from aei_marketplace.reviews.service.deciders import decider_of
from aei_marketplace.reviews.service.moderating import judge
from aei_marketplace.reviews.service.publishing import tell_of_change
from aei_marketplace.reviews.service.replies import judge_reply
from aei_marketplace.reviews.store import published, replies, reports, reviews, undos
from aei_marketplace.reviews.store.undos import Undo

Decided = tuple[Review | Reply, Undo]


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of one of several.

    Attributes:
        review_id: the review, or the one that the reply answers.
        stands: the review or the reply as it stands now; None where there is none.
        refusal: why nothing was done; None when it was. A `ReviewDecided` names the present state.
    """

    review_id: UUID
    stands: Review | Reply | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A decision about several reviews or replies.

    Attributes:
        id: to take it back by.
        undo_until: until when that is possible; None when nothing was done.
        happened: what became of each, in the order of the reviews' ids.
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
    decider = await decider_of(work, {review.plugin_id for review in held.values()})

    async def decide(review_id: UUID) -> Decided:
        before, read = held.get(review_id), shown.get(review_id)
        if before is None:
            raise ReviewNotFound(f"There is no review {review_id}.")
        judged = await judge(work, decider, before, read, verdict, reason)
        return judged.review, Undo(review_id, _person(work), work.now, before, read, judged.settled)

    batch = await _decide_each(work, ids, held, decide)
    tell_of_change(work, (one.stands.plugin_id for one in batch.happened if one.stands and not one.refusal))
    return batch


async def decide_replies(
    work: Work, review_ids: Collection[UUID], wanted: str, reason: str | None = None
) -> Batch:
    """Decide about the publishers' replies to several reviews alike, in the same way.

    Args:
        wanted: `approved`, or `rejected` with a reason.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: there is no such decision, its reason is missing, or there are too many reviews.
    """
    work.actor.require("review.moderate")
    ids = batches.check_batch(review_ids)
    verdict = states.read_reply_verdict(wanted)
    reason = states.check_reason(verdict, reason)
    held, answered = await replies.hold_several(work, ids), await reviews.find_several(work, ids)
    decider = await decider_of(work, {reply.plugin_id for reply in held.values()})

    async def decide(review_id: UUID) -> Decided:
        before = held.get(review_id)
        if before is None:
            raise ReplyNotFound(f"There is no reply to {review_id}.")
        after = await judge_reply(work, decider, answered[review_id], before, verdict, reason)
        return after, Undo(review_id, _person(work), work.now, before, None, ())

    return await _decide_each(work, ids, held, decide)


async def undo_decisions(work: Work, batch_id: UUID) -> list[Happened]:
    """Take a decision about several back: each stands as before, unless it has changed since.

    Returns:
        What became of each, in the order of the reviews' ids.

    Raises:
        NotAllowed: the actor does not moderate.
        NothingToUndo: they decided no such batch, or too long ago.
    """
    work.actor.require("review.moderate")
    batches.check_undo(await undos.decider_of(work, batch_id), work.actor.id, work.now)
    undoing = await undos.take(work, batch_id)
    ids = [undo.review_id for undo in undoing]
    of_replies = any(isinstance(undo.before, Reply) for undo in undoing)
    held: Mapping[UUID, Review | Reply] = await (replies if of_replies else reviews).hold_several(work, ids)
    decider = await decider_of(work, {one.plugin_id for one in held.values()})
    happened = [await _undo_one(work, decider, batch_id, undo, held[undo.review_id]) for undo in undoing]
    if not of_replies:
        tell_of_change(work, (one.stands.plugin_id for one in happened if one.stands and not one.refusal))
    return happened


async def forget_undos(works: Works) -> None:
    """Forget how things stood before decisions that can no longer be taken back."""
    async with works.system("reviews.forget_undos") as work:
        await undos.forget(work, work.now - batches.UNDO_WITHIN)


async def _decide_each(
    work: Work,
    ids: Sequence[UUID],
    held: Mapping[UUID, Review | Reply],
    decide: Callable[[UUID], Awaitable[Decided]],
) -> Batch:
    batch, happened, undoing = new_id(), list[Happened](), list[Undo]()
    for review_id in ids:
        try:
            after, undo = await decide(review_id)
        except Refusal as refusal:
            _record_denial(work, refusal)
            happened.append(Happened(review_id, held.get(review_id), refusal))
        else:
            undoing.append(undo)
            happened.append(Happened(review_id, after, None))
    await undos.keep(work, batch, undoing)
    return Batch(batch, work.now + batches.UNDO_WITHIN if undoing else None, happened)


async def _undo_one(
    work: Work, decider: Decider, batch_id: UUID, undo: Undo, present: Review | Reply
) -> Happened:
    try:
        if isinstance(present, Reply):
            restored: Review | Reply = await _undo_reply(work, decider, undo, present)
        else:
            restored = await _undo_review(work, decider, undo, present)
    except Refusal as refusal:
        _record_denial(work, refusal)
        return Happened(undo.review_id, present, refusal)
    noun = "reply" if isinstance(restored, Reply) else "review"
    context = {"plugin": present.plugin_id, "batch": str(batch_id), "state": str(restored.state)}
    work.record(Fact(f"{noun}.undo", "review", str(undo.review_id), context=context))
    return Happened(undo.review_id, restored, None)


async def _undo_review(work: Work, decider: Decider, undo: Undo, present: Review) -> Review:
    assert isinstance(undo.before, Review), "a batch is of one kind"
    decider.check(present.plugin_id, writer=present.writer_id)
    batches.check_untouched(present, undo.before, undo.decided_by, undo.decided_at)
    # The account may have been erased meanwhile, and nothing may lead back to it.
    author, writer_id = present.author, present.writer_id
    if undo.published is not None:
        await published.put(work, replace(undo.published, author=author, writer_id=writer_id))
    else:
        await published.unpublish(work, undo.review_id)
    await reports.reopen(work, undo.settled)
    restored = replace(undo.before, author=author, writer_id=writer_id)
    await reviews.save(work, restored)
    work.emit(ReviewReopened(restored.id, restored.plugin_id, restored.writer_id, restored.tenant_id))
    if restored.waiting_since is not None:
        work.emit(ReviewWritten(restored.id))  # what others wrote meanwhile may speak against it
    return restored


async def _undo_reply(work: Work, decider: Decider, undo: Undo, present: Reply) -> Reply:
    assert isinstance(undo.before, Reply), "a batch is of one kind"
    decider.check(present.plugin_id, replied=present.tenant_id)
    batches.check_reply_untouched(present, undo.decided_by, undo.decided_at)
    await replies.save(work, undo.before)
    work.emit(ReplyReopened(present.review_id, present.plugin_id, present.tenant_id))
    return undo.before


def _person(work: Work) -> UUID:
    person = work.actor.id
    assert person is not None, "who holds an action of the staff has an account"
    return person


def _record_denial(work: Work, refusal: Refusal) -> None:
    if isinstance(refusal, Denial):
        work.record(denial(refusal))
        refusal.recorded = True
