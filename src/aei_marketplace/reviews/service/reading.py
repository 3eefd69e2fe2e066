"""Reading reviews: everybody what was published, writers their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView, ReleaseView
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.errors import AlreadyReviewed, ReviewNotFound
from aei_marketplace.reviews.rules import writing
from aei_marketplace.reviews.rules.rating import Rating, Score, explain, rate
from aei_marketplace.reviews.rules.standing import Deed, may_now
from aei_marketplace.reviews.rules.views import (
    Published,
    Reply,
    Review,
    Revision,
    Selection,
    place_of,
)
from aei_marketplace.reviews.store import published, replies, reviews, tallies


@dataclass(frozen=True, slots=True)
class Listed:
    """A review as everybody reads it.

    Attributes:
        reply: the publisher's, if it was approved.
    """

    review: Published
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review as its writer sees it.

    Attributes:
        published: what of it everybody reads; None while nothing was approved.
        history: what it said, the newest first.
    """

    review: Review
    published: Published | None
    history: Sequence[Revision]


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """A review of the caller's, and what they can do with it now."""

    review: Review
    published: Published | None
    may: frozenset[Deed]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the caller has said about a plugin, and can say now.

    Attributes:
        reviews: theirs, the newest first.
        version: the one that they can review now; None when there is none.
        obstacle: why they can write no new review; None when they can.
    """

    reviews: Sequence[OwnStanding]
    version: str | None
    obstacle: Refusal | None


async def list_reviews(work: Work, wanted: Selection, page: PageWanted) -> Page:
    """A plugin's published reviews as `Listed`, in the order that is wanted.

    Raises:
        PluginNotFound: there is none that the actor may see.
        Invalid: the cursor is of another list.
    """
    await catalog.find_plugin(work, wanted.plugin_id)
    return await list_of_found(work, wanted, page)


async def list_of_found(work: Work, wanted: Selection, page: PageWanted) -> Page:
    """The same of a plugin that was found before.

    Raises:
        Invalid: the cursor is of another list.
    """
    rows = await published.find_page(work, wanted, place_of(page, wanted.order), page.limit)
    total = await tallies.count(work, wanted)
    answers = await replies.approved_of(work, [row.review_id for row in rows])
    listed = [Listed(row, answers.get(row.review_id)) for row in rows]
    return page.page(listed, total, lambda item: wanted.key_of(item.review))


async def find_rating(work: Work, plugin_id: str) -> Rating:
    """What the published ratings of a plugin come to.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    await catalog.find_plugin(work, plugin_id)
    return await rating_of_found(work, plugin_id)


async def rating_of_found(work: Work, plugin_id: str) -> Rating:
    """The same of a plugin that was found before."""
    return rate(await tallies.ratings_of(work, plugin_id))


async def explain_score(work: Work, plugin_id: str) -> Score:
    """How the ratings of a plugin become the mean by which the search ranks it.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    return explain(await find_rating(work, plugin_id))


async def find_standing(work: Work, plugin_id: str) -> Standing:
    """What the caller has said about a plugin, and can do now; a visitor learns what is missing.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    return await standing_with(work, await catalog.find_plugin(work, plugin_id))


async def standing_with(work: Work, plugin: PluginView) -> Standing:
    """The same of a plugin that was found before."""
    actor = work.actor
    mine = await reviews.of_plugin(work, actor.id, plugin.id) if actor.id and actor.tenant else []
    present, obstacle = await _reviewable(work, plugin)
    known = present is not None and any(review.release_id == present.release_id for review in mine)
    if present is not None and known:
        obstacle = AlreadyReviewed(f"You have reviewed {plugin.id} {present.version}.")
    shown = await published.find_several(work, [review.id for review in mine]) if mine else {}
    release = present.release_id if present else None
    standings = [
        OwnStanding(one, shown.get(one.id), may_now(one, present=release, reviewed=known, now=work.now))
        for one in mine
    ]
    return Standing(standings, present.version if present and not known else None, obstacle)


async def list_own(work: Work, page: PageWanted) -> Page:
    """The actor's own reviews in their tenant with all that was written, the newest first.

    Raises:
        NotAllowed: the actor does not browse, or acts in no tenant.
        Invalid: the cursor is of another list.
    """
    work.actor.require("plugin.browse")
    work.actor.in_tenant()
    writer = work.actor.id
    assert writer is not None, "who holds an action of a tenant has an account"
    rows, total = await reviews.find_of(work, writer, page.position(as_id), page.limit)
    return page.page(await describe_own(work, rows), total, lambda item: str(item.review.id))


async def find_review(work: Work, review_id: UUID) -> OwnReview:
    """A review with its history, for its writer and for moderators.

    Raises:
        NotAllowed: the actor neither browses for a tenant nor moderates.
        ReviewNotFound: there is none that the actor may see so.
    """
    work.actor.require("plugin.browse" if work.actor.tenant else "review.moderate")
    review = await reviews.find(work, review_id)
    if review is None or (work.actor.tenant and review.writer_id != work.actor.id):
        raise ReviewNotFound(f"There is no review {review_id} of yours.")
    return (await describe_own(work, [review]))[0]


async def _reviewable(work: Work, plugin: PluginView) -> tuple[ReleaseView | None, Refusal | None]:
    """The release that the caller can review, or why there is none."""
    try:
        work.actor.require("review.write")
        tenant, installed = work.actor.in_tenant(), await installations.installed_versions(work, plugin.id)
        of_publisher = await accounts.actor_belongs(work, plugin.owner_tenant)
        writing.check_reviewer(tenant, plugin.owner_tenant, installed, of_publisher=of_publisher)
        release = await catalog.find_release(work, plugin.id, installed[0])
        writing.check_release(release.state)
    except Refusal as refusal:
        return None, refusal  # an answer to show; nothing was asked for that could be denied
    return release, None


async def describe_own(work: Work, rows: Sequence[Review]) -> list[OwnReview]:
    """Reviews of the actor's with what is published of them and what they said before."""
    ids = [row.id for row in rows]
    shown, said = await published.find_several(work, ids), await reviews.histories(work, ids)
    return [OwnReview(row, shown.get(row.id), said.get(row.id, [])) for row in rows]
