"""Requests for certification: written, found, moved, each move only from where it was read."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from aei_marketplace.certification.models.requests import reports, requests
from aei_marketplace.certification.rules.policies import Waiver
from aei_marketplace.certification.rules.states import CERTIFIED, OPEN, Purpose, RequestState
from aei_marketplace.certification.rules.turns import FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS
from aei_marketplace.certification.rules.verdicts import Outcome
from aei_marketplace.certification.rules.views import Basis, Evidence, Request
from aei_marketplace.ground.work import Work

_VIEW = select(requests)
# Twenty doublings are longer than any pause, and no number overflows before.
_RESTED = text("""
  select c.id from certification_requests c join releases r on r.id = c.release_id
   where c.purpose = 'publish' and c.state = 'in_review'
     and r.state in ('processing', 'held', 'listed', 'deprecated')
     and c.begun_at + least(cast(:longest as interval), cast(:first as interval)
           * power(2, least(greatest(c.attempt / :round, 1), 20) - 1)) <= :now
   order by c.begun_at limit 50
""")


async def add(work: Work, values: dict[str, Any]) -> bool:
    """Write a new request down; False when an open one about the release is there."""
    row = {"attempt": 0, "broken": 0, "state": RequestState.SUBMITTED, "queued_at": work.now, **values}
    done = await work.run(insert_or_skip(requests).values(**row).on_conflict_do_nothing())
    return done.rowcount == 1


async def find(work: Work, request_id: UUID, *, hold: bool = False) -> Request | None:
    """One request by id; held until the work ends when asked for."""
    wanted = _VIEW.where(requests.c.id == request_id)
    return await _first(work, wanted.with_for_update() if hold else wanted)


async def find_open(work: Work, release_id: UUID, purpose: Purpose) -> Request | None:
    """The request about a release that is not decided yet."""
    open_ones = requests.c.state.in_(OPEN)
    return await _first(work, _VIEW.where(requests.c.release_id == release_id, _is(purpose), open_ones))


async def find_by_case(work: Work, case_id: UUID, *, hold: bool = False) -> Request | None:
    """The request that a case is about; held until the work ends when asked for."""
    wanted = _VIEW.where(requests.c.case_id == case_id)
    return await _first(work, wanted.with_for_update() if hold else wanted)


async def newest(work: Work, release_id: UUID, purpose: Purpose) -> Request | None:
    """The request about a release that was made last, in whatever state."""
    wanted = _VIEW.where(requests.c.release_id == release_id, _is(purpose))
    return await _first(work, wanted.order_by(requests.c.submitted_at.desc(), requests.c.id.desc()).limit(1))


async def standing_badges(work: Work, release_ids: Iterable[UUID]) -> list[Request]:
    """The requests of these releases whose badge holds; held until the work ends."""
    approved = requests.c.state == RequestState.APPROVED
    wanted = _VIEW.where(requests.c.release_id.in_(list(release_ids)), _is(Purpose.CERTIFICATION), approved)
    return await _all(work, wanted.order_by(requests.c.id).with_for_update())


async def last_certified(
    work: Work, plugin_id: str, before: UUID, until: datetime | None = None
) -> Request | None:
    """The newest other release of a plugin that was approved, whether its badge still holds or not.

    Args:
        until: only what was approved before this moment.
    """
    wanted = _VIEW.where(
        requests.c.plugin_id == plugin_id,
        _is(Purpose.CERTIFICATION),
        requests.c.state.in_(CERTIFIED),
        requests.c.release_id != before,
    )
    if until is not None:
        wanted = wanted.where(requests.c.decided_at < until)
    return await _first(work, wanted.order_by(requests.c.decided_at.desc()).limit(1))


async def run_out(work: Work) -> list[Request]:
    """Badges whose time is over; held until the work ends."""
    over = (requests.c.state == RequestState.APPROVED) & (requests.c.expires_at <= work.now)
    return await _all(work, _VIEW.where(over).limit(100).with_for_update(skip_locked=True))


async def unsigned(work: Work) -> list[UUID]:
    """Approvals whose badge has no signed statement yet, the oldest first."""
    wanted = select(requests.c.id).where(_is_unsigned(), _is(Purpose.CERTIFICATION))
    return list((await work.run(wanted.order_by(requests.c.decided_at).limit(100))).scalars())


async def hold_unsigned(work: Work, request_id: UUID) -> Request | None:
    """One of them, held until the work ends; None when it is signed, over, or in somebody else's hands."""
    wanted = _VIEW.where(requests.c.id == request_id, _is_unsigned())
    return await _first(work, wanted.with_for_update(skip_locked=True))


async def unfinished_guards(work: Work) -> list[Request]:
    """Scans of new releases that came to no end and have rested; held until the work ends.

    A release that was listed all the same is among them, one that was stopped or yanked is not.
    """
    values = {
        "now": work.now,
        "round": MOST_ATTEMPTS,
        "first": FIRST_PAUSE,
        "longest": LONGEST_PAUSE,
    }
    rested = [row.id for row in await work.run(_RESTED, values)]
    wanted = _VIEW.where(requests.c.id.in_(rested), requests.c.state == RequestState.IN_REVIEW)
    return await _all(work, wanted.order_by(requests.c.id).with_for_update(skip_locked=True))


async def open_of_others(work: Work, plugin_id: str, owner: UUID) -> list[Request]:
    """Requests for badges of a plugin that others than its owner made and nobody has decided; held."""
    wanted = _VIEW.where(
        requests.c.plugin_id == plugin_id,
        requests.c.owner_tenant != owner,
        _is(Purpose.CERTIFICATION),
        requests.c.state.in_(OPEN),
    )
    return await _all(work, wanted.order_by(requests.c.id).with_for_update())


async def hand_over(work: Work, plugin_id: str, owner: UUID) -> None:
    """Let all requests of a plugin belong to its owner."""
    others = (requests.c.plugin_id == plugin_id) & (requests.c.owner_tenant != owner)
    await work.run(update(requests).where(others).values(owner_tenant=owner))


async def queue_page(
    work: Work,
    after: UUID | None,
    limit: int,
    states: Collection[RequestState] | None,
    owner: UUID | None,
) -> tuple[list[Request], int]:
    """Requests for a badge behind an id, the oldest first, one more than `limit`; and how many there are."""
    terms = [_is(Purpose.CERTIFICATION)]
    if states is not None:
        terms.append(requests.c.state.in_(states))
    if owner is not None:
        terms.append(requests.c.owner_tenant == owner)
    wanted = _VIEW.where(*terms).order_by(requests.c.id).limit(limit + 1)
    if after is not None:
        wanted = wanted.where(requests.c.id > after)
    total = (await work.run(select(func.count()).select_from(requests).where(*terms))).scalar_one()
    return await _all(work, wanted), total


async def move(work: Work, before: Request, values: dict[str, Any]) -> bool:
    """Change a request, unless it is not what was read any more; False when it is not."""
    same = (
        (requests.c.id == before.id)
        & (requests.c.state == before.state)
        & (requests.c.attempt == before.attempt)
    )
    return (await work.run(update(requests).where(same).values(**values))).rowcount == 1


async def add_evidence(work: Work, request_id: UUID, attempt: int, evidence: Evidence) -> None:
    """Keep what a scan found, for good.

    Raises:
        IntegrityError: this attempt has brought its report already.
    """
    document = msgspec.to_builtins(evidence)
    await work.run(insert(reports).values(request_id=request_id, attempt=attempt, evidence=document))


async def find_evidence(work: Work, request_id: UUID) -> Evidence | None:
    """What the last scan of a request found."""
    wanted = select(reports.c.evidence).where(reports.c.request_id == request_id)
    document = (await work.run(wanted.order_by(reports.c.attempt.desc()).limit(1))).scalar_one_or_none()
    return None if document is None else msgspec.convert(document, Evidence)


async def find_statement(work: Work, request_id: UUID) -> tuple[bytes, str] | None:
    """A badge's signed statement and the key that verifies it; None until it is signed."""
    wanted = select(requests.c.statement, requests.c.verifying_key).where(requests.c.id == request_id)
    row = (await work.run(wanted)).one()
    return None if row.statement is None else (row.statement, row.verifying_key)


async def verifying_keys(work: Work) -> list[str]:
    """Every key that signed a badge which the actor may see, as PEM texts."""
    wanted = select(requests.c.verifying_key).where(requests.c.verifying_key.is_not(None)).distinct()
    return sorted((await work.run(wanted)).scalars())


async def count_waiting(work: Work, owner: UUID) -> int:
    """How many of a publisher's requests wait for a scan."""
    waiting = requests.c.state.in_((RequestState.SUBMITTED, RequestState.SCANNING))
    wanted = select(func.count()).where(requests.c.owner_tenant == owner, waiting, _is(Purpose.CERTIFICATION))
    return int((await work.run(wanted)).scalar_one())


def _is_unsigned() -> Any:
    return (requests.c.state == RequestState.APPROVED) & requests.c.statement.is_(None)


def _is(purpose: Purpose) -> Any:
    return requests.c.purpose == purpose


async def _first(work: Work, wanted: Select[Any]) -> Request | None:
    row = (await work.run(wanted)).first()
    return None if row is None else view(row)


async def _all(work: Work, wanted: Select[Any]) -> list[Request]:
    return [view(row) for row in (await work.run(wanted)).all()]


def view(row: Row[Any]) -> Request:
    """A row as a value."""
    basis = None
    if row.scanned_at is not None:
        basis = Basis(
            row.scanned_at, row.policy_number, row.policy_digest, row.advisories_at, Outcome(row.outcome)
        )
    return Request(
        id=row.id,
        purpose=Purpose(row.purpose),
        release_id=row.release_id,
        plugin_id=row.plugin_id,
        version=row.version,
        owner_tenant=row.owner_tenant,
        digest=row.digest,
        state=RequestState(row.state),
        attempt=row.attempt,
        broken=row.broken,
        basis=basis,
        problem=row.problem,
        operation_id=row.operation_id,
        case_id=row.case_id,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        first_approval_by=row.first_approval_by,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        expires_at=row.expires_at,
        suspended_at=row.suspended_at,
        suspended_reason=row.suspended_reason,
        signed=row.statement is not None,
        waivers=msgspec.convert(row.waivers, tuple[Waiver, ...]),
    )
