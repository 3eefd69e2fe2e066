"""Feeds of what everybody may see."""

from aei_marketplace.catalog.rules.feeds import Feed, FeedEntry
from aei_marketplace.catalog.store import feeds
from aei_marketplace.ground.work import Work


async def feed_entries(work: Work, feed: Feed) -> list[FeedEntry]:
    """What a feed tells, the newest first: of public plugins alone, whoever asks."""
    return await feeds.entries(work, feed)
