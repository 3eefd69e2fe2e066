"""Who waits for a scan, who had some lately, and which scans are still being worked on."""

from uuid import UUID

from sqlalchemy import text

from aei_marketplace.certification.rules.states import Purpose
from aei_marketplace.certification.rules.turns import LEASE, MOST_ATTEMPTS, PERIOD, Waiting
from aei_marketplace.ground.work import Work

# Of each publisher only what it waits for longest can be next.
_WAITING = text("""
  select distinct on (owner_tenant, purpose, attempt < :most) id, owner_tenant, purpose, queued_at, attempt
  from certification_requests
  where state = 'submitted' or (state = 'scanning' and leased_until <= :now)
  order by owner_tenant, purpose, attempt < :most, queued_at, id
""")
_RECENT = text("""
  select owner_tenant, count(*) as scans from certification_requests
  where begun_at > :since group by owner_tenant
""")
_RENEW = text("""
  update certification_requests set leased_until = :until
  where id = :id and attempt = :attempt and state = 'scanning'
""")
#: Whoever takes a turn does so alone, so that two never take the same.
_ALONE = text("select pg_advisory_xact_lock(hashtextextended('certification turns', 0))")
_HOLD_PUBLISHER = text("select pg_advisory_xact_lock(hashtextextended('certification ' || :owner, 0))")


async def waiting(work: Work) -> list[Waiting]:
    """The requests among which the next turn is, while nobody else chooses one."""
    await work.run(_ALONE)
    rows = (await work.run(_WAITING, {"now": work.now, "most": MOST_ATTEMPTS})).all()
    return [
        Waiting(row.id, row.owner_tenant, Purpose(row.purpose), row.queued_at, row.attempt) for row in rows
    ]


async def recent(work: Work) -> dict[UUID, int]:
    """Scans begun lately, by publisher."""
    rows = (await work.run(_RECENT, {"since": work.now - PERIOD})).all()
    return {row.owner_tenant: row.scans for row in rows}


async def renew(work: Work, request_id: UUID, attempt: int) -> bool:
    """Say that a scan is still under way; False when somebody else has taken it up or it was ended."""
    values = {"id": request_id, "attempt": attempt, "until": work.now + LEASE}
    return (await work.run(_RENEW, values)).rowcount == 1


async def hold_publisher(work: Work, owner: UUID) -> None:
    """One publisher's requests are taken one after the other, so that none escapes the count."""
    await work.run(_HOLD_PUBLISHER, {"owner": str(owner)})
