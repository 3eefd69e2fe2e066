"""What others do about a published review: find it helpful, complain, and the publisher's one reply."""

from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.reviews.errors import (
    AlreadyReplied,
    AlreadyReported,
    NeverInstalled,
    NotThePublisher,
    ReviewNotFound,
    WroteItYourself,
)
from aei_marketplace.reviews.events import ReportFiled
from aei_marketplace.reviews.rules import reporting, texts, writing
from aei_marketplace.reviews.rules.reporting import Report
from aei_marketplace.reviews.rules.views import Published, Reply, ReviewState
from aei_marketplace.reviews.store import published, replies, reports, reviews


async def mark_helpful(work: Work, review_id: UUID, *, helpful: bool) -> int:
    """Say that a review helped, or take that back; a second time changes nothing.

    Returns:
        How many found it helpful.

    Raises:
        NotAllowed: the actor does not browse, acts in no tenant, or wrote it.
        ReviewNotFound: there is none that the actor may read.
    """
    work.actor.require("plugin.browse")
    tenant, user = work.actor.in_tenant(), _user(work)
    await _of_others(work, review_id)
    changed = (
        await published.mark(work, review_id, user, tenant)
        if helpful
        else await published.unmark(work, review_id, user)
    )
    if changed:
        work.record(Fact("review.mark", "review", str(review_id), context={"helpful": helpful}))
    return (await _readable(work, review_id)).helpful


async def report_review(work: Work, review_id: UUID, kind: str, note: str = "") -> Report:
    """Complain about a review of a plugin that the actor's tenant installed.

    Reports of enough tenants hide it until staff decide; a reaction to the event counts them.

    Raises:
        NotAllowed: the actor may not review, wrote it, or their tenant never installed the plugin.
        ReviewNotFound: there is none that the actor may read.
        AlreadyReported: they have reported it.
        TooManyReviews: they reported too often today.
        Invalid: the report says nothing that can be understood.
    """
    work.actor.require("review.write")
    wanted = reporting.check_kind(kind)
    note = texts.check_text(note, texts.LONGEST_NOTE, "/note") if note.strip() else ""
    review = await _of_others(work, review_id)
    if not await installations.installed_versions(work, review.plugin_id):
        raise NeverInstalled("Your tenant has never installed the plugin of this review.")
    reporter = _user(work)
    await reviews.hold_writer(work, reporter)
    writing.check_pace(await reports.recent(work, reporter, work.now - writing.PERIOD), work.now)
    report = Report(new_id(), review_id, reporter, work.actor.in_tenant(), wanted, note, None, work.now)
    if not await reports.add(work, report):
        raise AlreadyReported("You have reported this review.")
    context = {"plugin": review.plugin_id, "kind": str(wanted)}
    work.record(
        Fact(
            "review.report",
            "review",
            str(review_id),
            context=context,
            personal={"note": note} if note else {},
        )
    )
    work.emit(ReportFiled(review_id))
    return report


async def reply_to_review(work: Work, review_id: UUID, text: str) -> Reply:
    """Answer a review of one's own plugin; staff decide before it is read.

    Raises:
        NotAllowed: the actor does not publish, or not this plugin (`NotThePublisher`).
        ReviewNotFound: there is none that the actor may read.
        AlreadyReplied: it has its reply.
        Invalid: the text cannot be taken.
    """
    work.actor.require_somewhere("plugin.publish")
    text = texts.check_text(text)
    review = await _readable(work, review_id)
    work.actor.require("plugin.publish", review.plugin_id)
    plugin = await catalog.find_plugin(work, review.plugin_id)
    if plugin.owner_tenant != work.actor.in_tenant():
        raise NotThePublisher(f"Your tenant does not publish {plugin.id}.")
    reply = Reply(
        review_id=review_id,
        plugin_id=plugin.id,
        tenant_id=plugin.owner_tenant,
        author=plugin.publisher_name,
        text=text,
        state=ReviewState.PENDING,
        reason=None,
        decided_by=None,
        decided_at=None,
        written_at=work.now,
    )
    if not await replies.put(work, reply):
        raise AlreadyReplied("This review has its reply.")
    context = {"plugin": plugin.id}
    work.record(Fact("reply.write", "review", str(review_id), context=context, personal={"text": text}))
    return reply


async def _readable(work: Work, review_id: UUID) -> Published:
    review = await published.find(work, review_id)
    if review is None or not review.visible:
        raise ReviewNotFound(f"There is no review {review_id}.")
    return review


async def _of_others(work: Work, review_id: UUID) -> Published:
    review = await _readable(work, review_id)
    if review.writer_id == work.actor.id:
        raise WroteItYourself("You wrote this review.")
    return review


def _user(work: Work) -> UUID:
    user = work.actor.id
    assert user is not None, "who holds an action of a tenant has an account"
    return user
