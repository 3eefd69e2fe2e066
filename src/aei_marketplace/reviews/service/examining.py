"""Looking at what was written before staff do: what it resembles, and what speaks against it."""

from dataclasses import replace
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.reviews.rules import flags, likeness
from aei_marketplace.reviews.rules.flags import Flag, Pace, Similar
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service.following import with_due
from aei_marketplace.reviews.store import evidence, policy, reviews

#: Of the candidates, so many are compared word by word, and so many are kept for staff to read.
_COMPARED, _KEPT = 10, 5
#: A candidate whose signature agrees less is not compared: chance alone seldom takes a near-duplicate below.
_WORTH = likeness.NEAR - 0.2


async def examine(works: Works, review_id: UUID, trace_id: str) -> None:
    """Find texts like a review's, put flags on it, and have it due accordingly; again changes nothing.

    What is read already and has a flag is brought before staff; it stays readable until they decide.
    """
    async with works.system("reviews.examine", trace_id) as work:
        review = await reviews.find(work, review_id, hold=True)
        if review is None:
            return
        similar = await find_similar(work, review)
        found = await _flags(work, review, similar)
        await evidence.liken(work, review_id, similar)
        await evidence.flag(work, review_id, found)
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


async def _flags(work: Work, review: Review, similar: list[Similar]) -> list[Flag]:
    pace = Pace(
        recent=await reviews.count_between(
            work, review.plugin_id, review.created_at - flags.BURST_PERIOD, review.created_at
        ),
        before=await reviews.count_between(
            work,
            review.plugin_id,
            review.created_at - flags.BURST_PERIOD - flags.USUAL_PERIOD,
            review.created_at - flags.BURST_PERIOD,
        ),
    )
    found = (
        flags.near_duplicate(similar),
        flags.burst(pace),
        await _new_accounts(work, review),
        flags.linked(review.text, await policy.find(work)),
    )
    return [flag for flag in found if flag is not None]


async def _new_accounts(work: Work, review: Review) -> Flag | None:
    wrote = await reviews.writers_between(
        work, review.plugin_id, review.created_at - flags.CLUSTER_PERIOD, review.created_at
    )
    since = await accounts.opened_at(work, wrote.keys())
    ages = {writer: flags.age_of(since[writer], wrote[writer]) for writer in wrote.keys() & since.keys()}
    own = ages.get(review.writer_id) if review.writer_id else None
    return flags.new_accounts(list(ages.values()), own)
