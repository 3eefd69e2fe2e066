"""How many writers gave each version of a plugin each rating, kept so that nobody counts when they read."""

from sqlalchemy import Integer, Text, and_, case, cast, delete, func, literal, not_, select, text
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import published_reviews, review_tallies
from aei_marketplace.reviews.rules.rating import Counted
from aei_marketplace.reviews.rules.views import Selection

_HOLD = text("select pg_advisory_xact_lock(hashtextextended('rating ' || :plugin, 0))")


async def hold(work: Work, plugin_id: str) -> None:
    """Of two that count a plugin's ratings at once, the later counts what the earlier saw, and more."""
    await work.run(_HOLD, {"plugin": plugin_id})


async def count_anew(work: Work, plugin_id: str) -> None:
    """Count the reviews of a plugin that everybody reads; of each writer the newest one's rating."""
    shown = published_reviews.c
    writer = func.coalesce(shown.writer_id, shown.review_id)
    newest = func.first_value(shown.review_id).over(partition_by=writer, order_by=shown.review_id.desc())
    counting = and_(shown.review_id == newest, not_(shown.superseded))
    each = (
        select(shown.version, shown.rating, counting.label("counts"))
        .where(shown.plugin_id == plugin_id, shown.visible)
        .subquery()
    )
    counts = func.sum(case((each.c.counts, 1), else_=0))
    counted = select(
        cast(literal(plugin_id), Text), each.c.version, each.c.rating, cast(counts, Integer), func.count()
    ).group_by(each.c.version, each.c.rating)
    await work.run(delete(review_tallies).where(review_tallies.c.plugin_id == plugin_id))
    names = ["plugin_id", "version", "rating", "writers", "reviews"]
    await work.run(insert(review_tallies).from_select(names, counted))


async def ratings_of(work: Work, plugin_id: str) -> list[Counted]:
    """The ratings that everybody reads, one of each writer: their newest."""
    kept = review_tallies.c
    wanted = select(kept.version, kept.rating, kept.writers.label("count"))
    rows = await work.run(wanted.where(kept.plugin_id == plugin_id, kept.writers > 0))
    return [Counted(**row._mapping) for row in rows]


async def count(work: Work, wanted: Selection) -> int:
    """How many reviews everybody reads of those that are wanted."""
    kept = review_tallies.c
    chosen = [kept.plugin_id == wanted.plugin_id]
    if wanted.version is not None:
        chosen.append(kept.version == wanted.version)
    if wanted.rating is not None:
        chosen.append(kept.rating == wanted.rating)
    total = func.coalesce(func.sum(kept.reviews), 0)
    return int((await work.run(select(total).where(*chosen))).scalar_one())
