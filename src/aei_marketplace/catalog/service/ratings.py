"""Ratings reach the listings from the domain that collects them."""

from aei_marketplace.catalog.rules.ratings import RatingFigures
from aei_marketplace.catalog.store import ratings
from aei_marketplace.ground.work import Work


async def save_rating(work: Work, plugin_id: str, figures: RatingFigures) -> None:
    """Have listing and search show what a plugin's ratings come to; for named jobs.

    Raises:
        NotAllowed: the actor does not moderate.
    """
    work.actor.require("plugin.moderate")
    await ratings.save(work, plugin_id, figures)
