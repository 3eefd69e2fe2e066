"""Writing a review, editing it, and saying that it holds for a newer version too."""

from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.decisions import service as decisions
from aei_marketplace.executions import service as executions
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.errors import (
    AlreadyReviewed,
    NothingToConfirm,
    ReviewNotFound,
    ReviewReported,
)
from aei_marketplace.reviews.events import ReviewWritten
from aei_marketplace.reviews.rules import texts, urgency, writing
from aei_marketplace.reviews.rules.appeals import KIND
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service.publishing import publish, tell_of_change
from aei_marketplace.reviews.store import policy, published, reviews


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody says about a plugin."""

    rating: int
    text: str


async def write_review(work: Work, plugin_id: str, words: Words, version: str | None = None) -> Review:
    """Review a release of a plugin that the actor's tenant installed.

    Args:
        version: None for the one that the tenant had last.

    Raises:
        NotAllowed: the actor may not review, or not this plugin (`OwnPlugin`, `NeverInstalled`).
        PluginNotFound: there is none that the actor may see.
        PluginStopped: the registry has stopped the release.
        AlreadyReviewed: they have a review of this release.
        TooManyReviews: they wrote too often today.
        Invalid: rating or text cannot be taken.
    """
    work.actor.require("review.write")
    words = _check(words)
    release = await _reviewable(work, plugin_id, version)
    await _hold_pace(work)
    review = Review(
        id=new_id(),
        plugin_id=plugin_id,
        release_id=release.release_id,
        version=release.version,
        writer_id=_writer(work),
        tenant_id=work.actor.in_tenant(),
        author=work.actor.name,
        rating=words.rating,
        text=words.text,
        state=ReviewState.PENDING,
        reason=None,
        revision=1,
        executions=await executions.count_own(work, plugin_id, release.version),
        reports=0,
        held=False,
        waiting_since=work.now,
        decided_by=None,
        decided_at=None,
        created_at=work.now,
        updated_at=work.now,
        due_at=urgency.due(work.now),
    )
    if not await reviews.add(work, review):
        raise AlreadyReviewed(f"You have reviewed {plugin_id} {release.version}.")
    return await _say(work, review, "review.write", known=True)


async def edit_review(work: Work, review_id: UUID, words: Words, *, seen: str | None = None) -> Review:
    """Say something else in a review; what was approved before is read until staff have decided.

    An appeal that waits is over with it.

    Args:
        seen: the entity tag of the review that the actor saw; None when they do not say.

    Raises:
        NotAllowed: the actor may not review.
        ReviewNotFound: they wrote no such review.
        ReviewMoved: it is not the one that they saw.
        ReviewReported: it has reports that staff have not decided about.
        PluginStopped: the registry has stopped the release.
        TooManyReviews: they wrote too often today.
        Invalid: rating or text cannot be taken.
    """
    work.actor.require("review.write")
    words = _check(words)
    await _hold_pace(work)
    review = await own_review(work, review_id)
    review.check_seen(seen)
    if review.reports:
        raise ReviewReported("Your review was reported, and staff have not decided yet.")
    writing.check_release((await catalog.find_release(work, review.plugin_id, review.version)).state)
    await _end_appeal(work, review)
    count = await executions.count_own(work, review.plugin_id, review.version)
    edited = replace(
        review,
        rating=words.rating,
        text=words.text,
        executions=count,
        state=ReviewState.PENDING,
        revision=review.revision + 1,
        waiting_since=work.now,
        updated_at=work.now,
        due_at=urgency.due(work.now),
        appeal_case=None,
        appeal_words=None,
    )
    return await _say(work, edited, "review.edit", known=writing.stands_well(review))


async def confirm_review(work: Work, review_id: UUID) -> Review:
    """Say that an approved review holds for the version that the tenant has now.

    Raises:
        NotAllowed: the actor may not review.
        ReviewNotFound: they wrote no such review.
        NothingToConfirm: it is about that version, or is not approved.
        AlreadyReviewed: they have a review of that version.
        PluginStopped: the registry has stopped that version.
        TooManyReviews: they wrote too often today.
    """
    work.actor.require("review.write")
    await _hold_pace(work)
    review = await own_review(work, review_id)
    release = await _reviewable(work, review.plugin_id, None)
    if review.state is not ReviewState.APPROVED or release.release_id == review.release_id or review.reports:
        raise NothingToConfirm("An approved review is confirmed once for each version that you install.")
    if await reviews.has_review_of(work, _writer(work), release.release_id):
        raise AlreadyReviewed(f"You have reviewed {review.plugin_id} {release.version}.")
    confirmed = replace(
        review,
        release_id=release.release_id,
        version=release.version,
        executions=await executions.count_own(work, review.plugin_id, release.version),
        revision=review.revision + 1,
        updated_at=work.now,
    )
    if not await reviews.move(work, confirmed):
        raise AlreadyReviewed(f"You have reviewed {review.plugin_id} {release.version} for another tenant.")
    await reviews.keep_revision(work, confirmed)
    shown = await published.find(work, review_id)
    if shown is not None and shown.visible:
        await publish(work, confirmed)
        tell_of_change(work, [confirmed.plugin_id])
    work.record(_fact("review.confirm", confirmed))
    return confirmed


async def _say(work: Work, review: Review, action: str, *, known: bool) -> Review:
    """Write down what a review says now, and have it read at once if its writer is trusted.

    Args:
        known: whether nothing that this review said was turned down or hidden before.
    """
    await reviews.keep_revision(work, review)
    work.record(_fact(action, review))
    trusted_after = (await policy.find(work)).trusted_after
    writer = _writer(work)
    record = (await reviews.record_of(work, [writer]))[writer]
    if known and writing.is_trusted(trusted_after, record):
        review = replace(review, state=ReviewState.APPROVED, waiting_since=None, due_at=None)
        await publish(work, review)
        tell_of_change(work, [review.plugin_id])
    await reviews.save(work, review)
    work.emit(ReviewWritten(review.id))
    return review


async def _reviewable(work: Work, plugin_id: str, version: str | None) -> ReleaseView:
    plugin = await catalog.find_plugin(work, plugin_id)
    installed = await installations.installed_versions(work, plugin_id)
    of_publisher = await accounts.actor_belongs(work, plugin.owner_tenant)
    writing.check_reviewer(work.actor.in_tenant(), plugin.owner_tenant, installed, of_publisher=of_publisher)
    release = await catalog.find_release(work, plugin_id, writing.choose_version(installed, version))
    writing.check_release(release.state)
    return release


async def _end_appeal(work: Work, review: Review) -> None:
    if review.appeal_case is not None and (await decisions.find_case(work, review.appeal_case)).open:
        await decisions.withdraw(work, KIND, review.appeal_case)


async def own_review(work: Work, review_id: UUID) -> Review:
    """A review of the actor's, held until this work ends.

    Raises:
        ReviewNotFound: they wrote no such review.
    """
    review = await reviews.find(work, review_id, hold=True)
    if review is None or review.writer_id != work.actor.id:
        raise ReviewNotFound(f"You wrote no review {review_id}.")
    return review


async def _hold_pace(work: Work) -> None:
    writer = _writer(work)
    await reviews.hold_writer(work, writer)
    writing.check_pace(await reviews.recent(work, writer, work.now - writing.PERIOD), work.now)


def _writer(work: Work) -> UUID:
    writer = work.actor.id
    assert writer is not None, "who holds an action of a tenant has an account"
    return writer


def _check(words: Words) -> Words:
    return Words(texts.check_rating(words.rating), texts.check_text(words.text))


def _fact(action: str, review: Review) -> Fact:
    context = {
        "plugin": review.plugin_id,
        "version": review.version,
        "rating": review.rating,
        "revision": review.revision,
    }
    return Fact(action, "review", str(review.id), context=context, personal={"text": review.text})
