"""All that the reviews keep of one person, for that person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.rules.reporting import Report
from aei_marketplace.reviews.service.reading import OwnReview, describe_own
from aei_marketplace.reviews.store import published, reports, reviews


@dataclass(frozen=True, slots=True)
class OwnData:
    """What somebody wrote, complained about and found helpful in a tenant.

    Attributes:
        reviews: with all that they said before, the newest first.
        marks: reviews that they found helpful, with when.
    """

    reviews: Sequence[OwnReview]
    reports: Sequence[Report]
    marks: Sequence[tuple[UUID, datetime]]


async def export_own(work: Work) -> OwnData:
    """All that is kept of the actor in their tenant.

    Raises:
        NotAllowed: the actor does not browse, or acts in no tenant.
    """
    work.actor.require("plugin.browse")
    work.actor.in_tenant()
    person = work.actor.id
    assert person is not None, "who holds an action of a tenant has an account"
    work.record(Fact("review.export", "user", str(person)))
    return OwnData(
        reviews=await describe_own(work, await reviews.all_of(work, person)),
        reports=await reports.all_of(work, person),
        marks=await published.marks_of(work, person),
    )
