"""Looking at what was written before staff do: what it resembles, and what speaks against it."""

from dataclasses import replace
from uuid import UUID

from aei_marketplace.ground.work import Work, Works
from aei_marketplace.reviews.rules import flags, likeness
from aei_marketplace.reviews.rules.flags import Similar
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service.following import with_due
from aei_marketplace.reviews.service.gathering import (
    Gathering,
    find_gatherings,
    flag_others,
    flags_for,
)
from aei_marketplace.reviews.store import evidence, policy, reviews

_JOB = "reviews.examine"
#: Of the candidates, so many are compared word by word, and so many are kept for staff to read.
_COMPARED, _KEPT = 10, 5
#: A candidate whose signature agrees less is not compared: chance alone seldom takes a near-duplicate below.
_WORTH = likeness.NEAR - 0.2


async def examine(works: Works, review_id: UUID, trace_id: str) -> None:
    """Find texts like a review's, put flags on it, and have it due accordingly; again changes nothing.

    What is read already and has a flag is brought before staff; it stays readable until they decide. Others
    that came with it have the flags for that, too.
    """
    async with works.system(_JOB, trace_id) as work:
        review = await reviews.find(work, review_id, hold=True)
        if review is None:
            return
        gatherings = await find_gatherings(work, review)
        await _flag(work, review, gatherings)
    if gatherings:
        async with works.system(_JOB, trace_id) as work:
            await flag_others(work, review_id, gatherings)


async def _flag(work: Work, review: Review, gatherings: list[Gathering]) -> None:
    similar = await find_similar(work, review)
    of_words = (flags.near_duplicate(similar), flags.linked(review.text, await policy.find(work)))
    found = [flag for flag in of_words if flag is not None] + flags_for(review, gatherings)
    await evidence.liken(work, review.id, similar)
    await evidence.flag(work, review.id, found)
    judged = review.decided_at is not None and review.decided_at >= review.updated_at
    if found and review.state is ReviewState.APPROVED and not judged:
        review = replace(review, waiting_since=review.waiting_since or work.now)
    if review.waiting_since is not None:
        await reviews.save(work, await with_due(work, review))


async def find_similar(work: Work, review: Review) -> list[Similar]:
    """Reviews with nearly the same words, the most alike first; the text is remembered for those to come.

    What somebody says again about the same plugin is no copy.
    """
    signature = likeness.sign(review.text)
    bands = likeness.bands(signature) if signature else []
    await evidence.sign(work, review.id, signature, bands)
    if signature is None:
        return []
    scored = [
        (likeness.estimate(signature, other.signature), other.review_id)
        for other in await evidence.candidates(work, review.id, bands)
    ]
    best = sorted((pair for pair in scored if pair[0] >= _WORTH), reverse=True)[:_COMPARED]
    own = likeness.shingles(review.text)
    similar = [
        Similar(other, plugin_id, int(100 * likeness.likeness(own, likeness.shingles(text))))
        for other, (plugin_id, text, writer) in (
            await evidence.texts_of(work, [review_id for _, review_id in best])
        ).items()
        if (writer, plugin_id) != (review.writer_id, review.plugin_id)
    ]
    near = [one for one in similar if one.score >= 100 * likeness.NEAR]
    return sorted(near, key=lambda one: (-one.score, one.review_id))[:_KEPT]
