"""What the job process does for collections, and the news of their changes."""

from aei_marketplace.collections import service
from aei_marketplace.collections.store.collections import CHANNEL
from aei_marketplace.ground.deps import Deps

#: The database's channel of changes, and the topic of those who keep what is published.
NEWS = {CHANNEL: service.NEWS_TOPIC}


async def forget_old_counts(deps: Deps) -> None:
    """Drop counts that nobody looks at any more."""
    await service.forget_old_counts(deps.works)
