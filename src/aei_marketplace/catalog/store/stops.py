"""Releases that the registry has stopped, and the word of it to every process."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from aei_marketplace.catalog.models import releases
from aei_marketplace.catalog.rules.states import STOPPED
from aei_marketplace.ground.work import Work

#: The database's channel of stops. The payload is the same each time: who hears it looks which.
CHANNEL, PAYLOAD = "aei_release_stopped", "now"


async def announce(work: Work) -> None:
    """Have every process hear of it, once this work is committed."""
    await work.run(select(func.pg_notify(CHANNEL, PAYLOAD)))


async def find(work: Work, release_ids: Iterable[UUID]) -> dict[UUID, str]:
    """`<state>: <reason>` of those of these releases that are stopped."""
    columns = (releases.c.id, releases.c.state, releases.c.state_reason)
    wanted = select(*columns).where(releases.c.id.in_(list(release_ids)), releases.c.state.in_(STOPPED))
    return {row.id: f"{row.state}: {row.state_reason}" for row in await work.run(wanted)}
