"""Who is told of reviews and of replies."""

from uuid import UUID

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import ReleaseListed
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_user
from aei_marketplace.reviews import service as reviews
from aei_marketplace.reviews.events import (
    ReplyJudged,
    ReplyReopened,
    ReviewJudged,
    ReviewPublished,
    ReviewReopened,
    ReviewReplied,
)


async def reviews_may_be_old(deps: Deps, event: ReleaseListed, trace_id: str) -> None:
    """Ask those who reviewed an earlier version whether that still holds, once they have the new one."""
    if event.channel != "stable":
        return
    data, about = {"plugin": event.plugin_id, "version": event.version}, Subject("plugin", event.plugin_id)
    after: UUID | None = None
    while True:
        async with deps.works.system(JOB, trace_id) as work:
            writers = await reviews.list_writers(work, event.plugin_id, event.version, after)
            for writer in writers:
                to = to_user(writer.user_id, writer.tenant_id)
                await notices.notify(work, Notice("review.renew", to, about, data))
        if not writers:
            return
        after = writers[-1].user_id


async def review_published(deps: Deps, event: ReviewPublished, trace_id: str) -> None:
    """Tell the publisher."""
    data = {"plugin": event.plugin_id, "version": event.version, "rating": str(event.rating)}
    async with deps.works.system(JOB, trace_id) as work:
        publisher = (await catalog.find_plugin(work, event.plugin_id)).owner_tenant
        to = to_holders(publisher, "plugin.publish")
        await notices.notify(work, Notice("review.published", to, _review(event), data))


async def review_judged(deps: Deps, event: ReviewJudged, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    data = {"plugin": event.plugin_id, "verdict": event.verdict, "reason": event.reason or "none"}
    async with deps.works.system(JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.judged", to, _review(event), data))


async def review_reopened(deps: Deps, event: ReviewReopened, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    async with deps.works.system(JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.reopened", to, _review(event), {"plugin": event.plugin_id}))


async def reply_judged(deps: Deps, event: ReplyJudged, trace_id: str) -> None:
    """Tell those who publish the plugin."""
    data = {"plugin": event.plugin_id, "verdict": event.verdict, "reason": event.reason or "none"}
    async with deps.works.system(JOB, trace_id) as work:
        to = to_holders(event.tenant_id, "plugin.publish")
        await notices.notify(work, Notice("reply.judged", to, _review(event), data))


async def reply_reopened(deps: Deps, event: ReplyReopened, trace_id: str) -> None:
    """Tell those who publish the plugin."""
    async with deps.works.system(JOB, trace_id) as work:
        to = to_holders(event.tenant_id, "plugin.publish")
        await notices.notify(work, Notice("reply.reopened", to, _review(event), {"plugin": event.plugin_id}))


async def review_replied(deps: Deps, event: ReviewReplied, trace_id: str) -> None:
    """Tell the writer."""
    if event.writer_id is None:
        return
    async with deps.works.system(JOB, trace_id) as work:
        to = to_user(event.writer_id, event.tenant_id)
        await notices.notify(work, Notice("review.replied", to, _review(event), {"plugin": event.plugin_id}))


def _review(
    event: ReviewPublished | ReviewJudged | ReviewReopened | ReviewReplied | ReplyJudged | ReplyReopened,
) -> Subject:
    return Subject("review", str(event.review_id))
