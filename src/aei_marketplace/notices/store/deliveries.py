"""Notices on their way: who sends which now, what became of it, what was long ago."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.notices.models import notice_deliveries as table
from aei_marketplace.notices.rules.deliveries import Claim, Delivery

_HOLD = text("select pg_advisory_xact_lock(hashtextextended('notices/claim', 0))")
# One leader for each lane that nobody works on, tenants in turn; who leads daily mail takes along what else
# of it is due.
_CLAIM = text("""
with due as (
  select id, lane, tenant_id, digest, due_at from notice_deliveries d
  where state = 'waiting' and channel = :channel and due_at <= :now
    and not (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') = any(:full))
    and not exists (select from notice_deliveries o
                    where o.lane = d.lane and o.state = 'waiting' and o.claimed_until > :now)
), leaders as (
  select distinct on (lane) * from due order by lane, due_at, id
), chosen as (
  select id, lane, digest, gen_random_uuid() as claim,
         row_number() over (partition by tenant_id order by due_at, id) as turn
  from leaders
), taken as materialized (
  select * from chosen where turn <= :most_a_tenant order by turn, id limit :free
), mine as (
  select claim, id from taken
  union
  select t.claim, o.id from taken t join due o on o.lane = t.lane where t.digest and o.digest
)
update notice_deliveries d
set claim = mine.claim, claimed_until = :until, attempts = d.attempts + 1
from mine where d.id = mine.id
returning d.claim, d.id, d.notice_id, d.lane, d.tenant_id, d.digest, d.attempts
""")


async def add(work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put deliveries on their way; one that is on its way already is not added again."""
    if rows:
        await work.run(insert(table).values(list(rows)).on_conflict_do_nothing())


async def claim(
    work: Work,
    channel: str,
    free: int,
    most_a_tenant: int,
    full: Iterable[UUID],
    lease: timedelta,
) -> list[Claim]:
    """Take what is due for this process to send; nobody else does until the lease is over.

    Args:
        free: lanes, at most.
        most_a_tenant: lanes of one tenant, at most.
        full: tenants that have their share under way.
    """
    await work.run(_HOLD)
    values = {"channel": channel, "now": work.now, "until": work.now + lease, "free": free}
    rows = await work.run(_CLAIM, {**values, "most_a_tenant": most_a_tenant, "full": list(full)})
    ordered = sorted(rows.all(), key=lambda row: (row.claim, row.id))
    return [_claim(channel, list(group)) for _, group in groupby(ordered, key=lambda row: row.claim)]


async def end(
    work: Work, claim: Claim, state: str, status: int | None = None, problem: str | None = None
) -> bool:
    """Write down the end of what was claimed; False when the lease was over and somebody else sends it."""
    values = {"state": state, "status": status, "problem": problem, "ended_at": work.now}
    return await _settle(work, claim, values)


async def put_off(work: Work, claim: Claim, due_at: datetime, status: int | None, problem: str) -> bool:
    """Write down that what was claimed is tried again later; False as with `end`."""
    return await _settle(work, claim, {"due_at": due_at, "status": status, "problem": problem})


async def drop_waiting(work: Work, webhook_id: UUID, problem: str) -> None:
    """Give up what waits for a webhook."""
    waiting = update(table).where(table.c.webhook_id == webhook_id, table.c.state == "waiting")
    await work.run(waiting.values(state="failed", problem=problem, ended_at=work.now, claim=None))


async def find_page(work: Work, webhook_id: UUID, after: UUID | None, limit: int) -> list[Delivery]:
    """A webhook's deliveries, the latest first, one more than `limit` if there are more."""
    earlier = [table.c.id < after] if after else []
    query = select(table).where(table.c.webhook_id == webhook_id, *earlier).order_by(table.c.id.desc())
    return [_delivery(row) for row in await work.run(query.limit(limit + 1))]


async def count(work: Work, webhook_id: UUID) -> int:
    """How many deliveries of a webhook are known."""
    query = select(func.count()).select_from(table).where(table.c.webhook_id == webhook_id)
    return int((await work.run(query)).scalar_one())


async def last_test(work: Work, webhook_id: UUID) -> datetime | None:
    """When a webhook was tested last."""
    tests = select(func.max(table.c.created_at)).where(
        table.c.webhook_id == webhook_id, table.c.notice_id.is_(None)
    )
    moment: datetime | None = (await work.run(tests)).scalar_one()
    return moment


async def forget(work: Work, before: datetime, most: int) -> int:
    """Delete deliveries that ended before a moment; how many there were."""
    old = select(table.c.id).where(table.c.ended_at < before).limit(most)
    return int((await work.run(delete(table).where(table.c.id.in_(old)))).rowcount)


async def _settle(work: Work, claim: Claim, values: Mapping[str, Any]) -> bool:
    mine = update(table).where(table.c.claim == claim.id, table.c.state == "waiting")
    return bool((await work.run(mine.values(**values, claim=None, claimed_until=None))).rowcount)


def _claim(channel: str, rows: list[Row[Any]]) -> Claim:
    first = rows[0]
    return Claim(
        id=first.claim,
        channel=channel,
        tenant=first.tenant_id,
        lane=first.lane,
        digest=first.digest,
        deliveries=tuple(row.id for row in rows),
        notices=tuple(row.notice_id for row in rows),
        attempts=min(row.attempts for row in rows),
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        notice_id=row.notice_id,
        kind=row.kind,
        state=row.state,
        attempts=row.attempts,
        due_at=row.due_at,
        status=row.status,
        problem=row.problem,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
