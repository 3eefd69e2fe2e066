"""Badges reach the listings from the domain that decides about them."""

from datetime import datetime
from uuid import UUID

from aei_marketplace.catalog.store import certifications
from aei_marketplace.ground.work import Work


async def show_certified(work: Work, release_id: UUID, request: UUID, until: datetime) -> None:
    """Have listing and search show a release's badge; for named jobs.

    Args:
        request: the certification behind it.
        until: when it expires.

    Raises:
        NotAllowed: the actor does not certify.
    """
    work.actor.require("certification.decide")
    await certifications.save(work, release_id, request, until)


async def show_uncertified(work: Work, release_id: UUID, request: UUID) -> bool:
    """Have listing and search show a badge no more.

    Args:
        request: the certification that has ended.

    Returns:
        False when its badge is not what is shown: another one has come in its place, or it never was.

    Raises:
        NotAllowed: the actor does not certify.
    """
    work.actor.require("certification.decide")
    return await certifications.clear(work, release_id, request)
