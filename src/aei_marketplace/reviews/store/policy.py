"""How the operator moderates."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_policy
from aei_marketplace.reviews.rules.policy import Policy


async def find(work: Work) -> Policy:
    """What the operator wants; where nothing was said, everything waits for staff."""
    kept = review_policy.c
    row = (await work.run(select(kept.trusted_after, kept.most_links, kept.allowed_hosts))).first()
    return Policy() if row is None else Policy(row.trusted_after, row.most_links, tuple(row.allowed_hosts))


async def save(work: Work, wanted: Policy) -> None:
    """Change that."""
    values = {**asdict(wanted), "allowed_hosts": list(wanted.allowed_hosts), "updated_at": work.now}
    new = insert(review_policy).values(single=True, **values)
    await work.run(new.on_conflict_do_update(index_elements=["single"], set_=values))
