"""How the operator moderates."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_policy


async def trusted_after(work: Work) -> int | None:
    """After how many approved reviews a writer's next one is shown at once; None: never."""
    return (await work.run(select(review_policy.c.trusted_after))).scalar_one_or_none()


async def save(work: Work, wanted: int | None) -> None:
    """Change that."""
    values = {"trusted_after": wanted, "updated_at": work.now}
    new = insert(review_policy).values(single=True, **values)
    await work.run(new.on_conflict_do_update(index_elements=["single"], set_=values))
