"""The ratings in the listings."""

from dataclasses import asdict

from sqlalchemy import text

from aei_marketplace.catalog.rules.ratings import RatingFigures
from aei_marketplace.ground.work import Work

#: What stands there already is not written again: every change is read by the search indexes.
_SAVE = text("""
  update plugins set rating_sum = :total, rating_count = :count, rating_weighed_sum = :weighed_total,
    rating_weight = :weight, change_sequence = nextval('plugin_changes')
  where id = :plugin_id and (rating_sum, rating_count, rating_weighed_sum, rating_weight)
    is distinct from (:total, :count, :weighed_total, :weight)
""")


async def save(work: Work, plugin_id: str, figures: RatingFigures) -> None:
    """Have a listing show these ratings."""
    await work.run(_SAVE, {"plugin_id": plugin_id, **asdict(figures)})
