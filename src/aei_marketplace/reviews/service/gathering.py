"""Reviews of a plugin that come together: many at once, or of many new accounts.

What is found speaks against all of them alike, whichever of them showed it: also against those that came
before there were many.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.rules import flags
from aei_marketplace.reviews.rules.flags import Flag, Pace
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service.following import due_with
from aei_marketplace.reviews.store import evidence, gathered, reviews


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reviews that come together.

    Attributes:
        flag: for each of them.
        reviews: those of them that staff may still decide about.
    """

    flag: Flag
    reviews: frozenset[UUID]


async def find_gatherings(work: Work, review: Review) -> list[Gathering]:
    """What a review is one of, by all that was written about its plugin around it up to now."""
    found = (await _burst(work, review), await _new_accounts(work, review))
    return [gathering for gathering in found if gathering is not None]


async def flag_others(work: Work, review_id: UUID, gatherings: Sequence[Gathering]) -> None:
    """Put the flags of gatherings on the other reviews in them that do not have them, and have these due.

    A work of its own: the reviews are held in the order of their ids, as decisions about several do it.
    """
    wanted = {
        other: [one.flag for one in gatherings if other in one.reviews]
        for other in {other for one in gatherings for other in one.reviews} - {review_id}
    }
    known = await evidence.kinds_of(work, wanted.keys())
    missing = {
        other: [flag for flag in found if flag.kind not in known.get(other, ())]
        for other, found in wanted.items()
    }
    held = await reviews.hold_several(work, [other for other, found in missing.items() if found])
    undecided = {other: review for other, review in held.items() if may_be_decided(review)}
    await evidence.add_flags(work, {other: missing[other] for other in undecided})
    told = await evidence.flags_of(work, undecided.keys())
    waiting = [replace(one, waiting_since=one.waiting_since or work.now) for one in undecided.values()]
    await reviews.save_due(work, [due_with(one, told[one.id]) for one in waiting])


def may_be_decided(review: Review) -> bool:
    """Whether a review waits for staff, or was read at once and nobody of them has looked at it."""
    unseen = review.state is ReviewState.APPROVED and review.decided_at is None
    return review.waiting_since is not None or unseen


async def _burst(work: Work, review: Review) -> Gathering | None:
    until = await _newest_with(work, review, flags.BURST_PERIOD)
    since = until - flags.BURST_PERIOD
    pace = Pace(
        recent=await reviews.count_between(work, review.plugin_id, since, until),
        before=await reviews.count_between(work, review.plugin_id, since - flags.USUAL_PERIOD, since),
    )
    flag = flags.burst(pace)
    if flag is None:
        return None
    others = await gathered.unflagged_between(work, review.plugin_id, since, until, flag.kind)
    return Gathering(flag, frozenset({review.id, *others}))


async def _new_accounts(work: Work, review: Review) -> Gathering | None:
    until = await _newest_with(work, review, flags.CLUSTER_PERIOD)
    wrote = await gathered.written_between(work, review.plugin_id, until - flags.CLUSTER_PERIOD, until)
    first: dict[UUID, datetime] = {}
    for one in wrote:
        first[one.writer_id] = min(one.created_at, first.get(one.writer_id, one.created_at))
    ages = await _ages(work, first)
    flag = flags.new_accounts(list(ages.values()))
    if flag is None:
        return None
    new = {writer for writer, age in ages.items() if flags.is_new(age)}
    theirs = [one for one in wrote if one.writer_id in new]
    may = frozenset(one.review_id for one in theirs if one.undecided or one.review_id == review.id)
    return Gathering(flag, may)


async def _newest_with(work: Work, review: Review, period: timedelta) -> datetime:
    newest = await gathered.newest_before(work, review.plugin_id, review.created_at + period)
    return review.created_at if newest is None else max(newest, review.created_at)


async def _ages(work: Work, first: dict[UUID, datetime]) -> dict[UUID, timedelta]:
    since = await accounts.opened_at(work, first.keys())
    return {writer: flags.age_of(since[writer], first[writer]) for writer in first.keys() & since.keys()}


def flags_for(review: Review, gatherings: Collection[Gathering]) -> list[Flag]:
    """The flags that a review has for those it came with."""
    return [gathering.flag for gathering in gatherings if review.id in gathering.reviews]
