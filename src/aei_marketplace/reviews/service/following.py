"""What follows by itself: the rating in the listing, what reports do, and forgetting a person."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.rules import urgency
from aei_marketplace.reviews.rules.flags import Flag
from aei_marketplace.reviews.rules.rating import rate
from aei_marketplace.reviews.rules.reporting import hides
from aei_marketplace.reviews.rules.views import Review
from aei_marketplace.reviews.service.publishing import take_back, tell_of_change
from aei_marketplace.reviews.store import evidence, published, reports, reviews, tallies, undos

#: So many are listed at a time.
_MOST_WRITERS = 200


async def rate_plugin(works: Works, plugin_id: str, trace_id: str) -> None:
    """Have listing and search show what the published ratings come to; again changes nothing."""
    async with works.system("reviews.rate", trace_id) as work:
        await tallies.hold(work, plugin_id)
        await tallies.count_anew(work, plugin_id)
        rating = rate(await tallies.ratings_of(work, plugin_id))
        figures = (rating.total, rating.count, rating.weighed_total, rating.weight)
        await catalog.save_rating(work, plugin_id, catalog.RatingFigures(*figures))


async def weigh_reports(works: Works, review_id: UUID, trace_id: str) -> None:
    """Bring a reported review before staff, and hide it until they decide if enough weight is against it."""
    async with works.system("reviews.weigh_reports", trace_id) as work:
        review = await reviews.find(work, review_id, hold=True)
        filed = await reports.open_of(work, [review_id])
        shown = await published.find(work, review_id)
        if review is None or shown is None or not filed or not (shown.visible or review.held):
            return
        records = await reports.record_of(work, {report.reporter_id for report in filed})
        too_much = hides((report.reporter_tenant, records[report.reporter_id]) for report in filed)
        if too_much and not review.held:
            await take_back(work, review)
            tell_of_change(work, [review.plugin_id])
            context = {"plugin": review.plugin_id, "reports": len(filed)}
            work.record(Fact("review.hold", "review", str(review_id), context=context))
        held = review.held or too_much
        weighed = replace(
            review, reports=len(filed), held=held, waiting_since=review.waiting_since or work.now
        )
        await reviews.save(work, await with_due(work, weighed))


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who reviewed a plugin, and for which tenant."""

    user_id: UUID
    tenant_id: UUID


async def list_writers(work: Work, plugin_id: str, version: str, after: UUID | None) -> list[Writer]:
    """Those whose published reviews are about other versions of what their tenant has installed.

    Args:
        version: the one that they have not reviewed.
        after: the last of those who were listed before; None at the start.
    """
    tenants = await installations.tenants_with(work, plugin_id)
    found = await published.find_writers(work, plugin_id, version, tenants, after, _MOST_WRITERS)
    return [Writer(*one) for one in found]


async def with_due(work: Work, review: Review) -> Review:
    """A review that waits, with the time by which staff should have decided."""
    return due_with(review, (await evidence.flags_of(work, [review.id])).get(review.id, []))


def due_with(review: Review, flags: Iterable[Flag]) -> Review:
    """The same of a review with these flags."""
    assert review.waiting_since is not None, "only what waits is due"
    kinds = [flag.kind for flag in flags]
    return replace(review, due_at=urgency.due(review.waiting_since, kinds, review.reports, held=review.held))


async def forget_person(work: Work, user_id: UUID) -> None:
    """Have nothing lead from reviews to somebody whose account is erased; for named jobs.

    What everybody reads stays, under another name. What the reviews said before goes, and so does what
    they said in reports.
    """
    work.actor.require("tenant.administer")
    await undos.forget_writer(work, user_id)
    await published.forget_writer(work, user_id, accounts.ERASED_NAME)
    await reviews.forget_writer(work, user_id, accounts.ERASED_NAME)
    await reports.forget_reporter(work, user_id)
