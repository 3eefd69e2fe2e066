"""Scans that are durable: reserve, commit, look, commit once.

A turn is a lease with a number. Whoever scans renews the lease; one that is not renewed is taken up by
somebody else under the next number, and what comes under an earlier number is refused. So a killed
process loses its work and nothing else, and no request ever has two verdicts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from aei_inspection.checks.check import Progress
from aei_marketplace.certification.rules.policies import Policy, bar_for
from aei_marketplace.certification.rules.states import WAITING, Purpose, RequestState
from aei_marketplace.certification.rules.turns import LEASE, MOST_ATTEMPTS, RENEWED, next_turn
from aei_marketplace.certification.rules.verdicts import Verdict, judge
from aei_marketplace.certification.rules.views import Request
from aei_marketplace.certification.service.advisories.keeping import keep_packages
from aei_marketplace.certification.service.advisories.reading import advisories_at
from aei_marketplace.certification.service.concluding import conclude, give_up
from aei_marketplace.certification.service.examining import Examined, PackageMissing, examine
from aei_marketplace.certification.service.policies import policy_in_force
from aei_marketplace.certification.store import policies, requests, turns
from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ScanFailed
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.operations import service as operations

_JOB = "certification.scan"
_OVERTAKEN = "The database of advisories has changed during the scan, which is done again."
#: Seconds between two words about how far a scan is.
_TOLD_EVERY = 1.0

log = structlog.get_logger()


@dataclass
class News:
    """How far a scan is, as the scanner says it and others are told."""

    progress: float = 0.0
    message: str = "Reading the package"

    def tell(self, where: Progress) -> None:
        """Take in what the scanner says."""
        self.progress = 0.05 + 0.8 * where.done / max(1, where.total)
        self.message = f"Checking: {where.check}" if where.check else "Comparing with what is known"


async def scan_next(deps: Deps) -> bool:
    """Scan what has waited longest in its publisher's turn, and conclude.

    Returns:
        whether there was anything to do.
    """
    request = await take_turn(deps.works)
    if request is None:
        return False
    if request.broken > MOST_ATTEMPTS:
        await _give_up(deps.works, request, f"The scan broke off {MOST_ATTEMPTS} times.")
        return True
    news = News()
    try:
        async with _telling(deps.works, request, news):
            examined = await examine(deps, request, news.tell)
    except ScanFailed as failed:
        await _broke_off(deps.works, request, f"The scanner gave no report ({failed}).")
    except PackageMissing as missing:
        await _give_up(deps.works, request, str(missing))
    else:
        await settle(deps.works, request, examined)
    return True


async def take_turn(works: Works) -> Request | None:
    """Reserve the next scan; None when none waits. The request has the number of this attempt."""
    async with works.system(_JOB) as work:
        chosen = next_turn(await turns.waiting(work), await turns.recent(work))
        present = None if chosen is None else await requests.find(work, chosen.id, hold=True)
        if present is None or present.state not in WAITING:  # withdrawn in this moment
            return None
        values = {
            "state": RequestState.SCANNING,
            "attempt": present.attempt + 1,
            "broken": present.broken + 1,
            "begun_at": work.now,
            "leased_until": work.now + LEASE,
        }
        if not await requests.move(work, present, values):
            return None
        return await requests.find(work, present.id)


async def settle(works: Works, taken: Request, examined: Examined) -> bool:
    """Write down what a scan found and what follows, once.

    Args:
        taken: the request as it was when this attempt began.

    Returns:
        False when nothing came of the attempt: somebody else has taken the request up, it was withdrawn, or
        other advisories have come meanwhile and it is scanned anew.
    """
    async with works.begin(_judge_for(taken)) as work:
        request = await _still_mine(work, taken)
        if request is None:
            return False
        if request.purpose is Purpose.CERTIFICATION and examined.advisories_at != await advisories_at(work):
            # No badge stands on what was known before; each such attempt counts, so that it ends.
            await requests.move(work, request, {"leased_until": work.now, "problem": _OVERTAKEN})
            return False
        await requests.add_evidence(work, request.id, request.attempt, examined.evidence)
        policy = await policy_in_force(work)
        verdict = await _judged(work, request, policy, examined)
        basis = {
            "scanned_at": work.now,
            "policy_number": policy.number,
            "policy_digest": policy.digest,
            "advisories_at": examined.advisories_at,
            "outcome": verdict.outcome,
            "problem": None,
            "broken": 0,
        }
        await requests.move(work, request, basis)
        if examined.components is not None and examined.matches is not None:
            await keep_packages(work, request.release_id, examined.components, examined.matches)
        scanned = await requests.find(work, request.id)
        assert scanned is not None, "it is held"
        await conclude(work, scanned, policy, verdict)
        return True


async def _judged(work: Work, request: Request, policy: Policy, examined: Examined) -> Verdict:
    waivers = await policies.waivers_of(work, request.plugin_id)
    return judge(examined.evidence.checks, bar_for(request.purpose, policy.terms), waivers, work.now)


async def _broke_off(works: Works, taken: Request, problem: str) -> None:
    """Leave a scan that gave nothing to the next attempt, or to people after the last."""
    log.warning("certification.scan_broke_off", request=str(taken.id), attempt=taken.attempt, problem=problem)
    if taken.broken >= MOST_ATTEMPTS:
        await _give_up(works, taken, problem)
        return
    async with works.begin(_judge_for(taken)) as work:
        request = await _still_mine(work, taken)
        if request is not None:
            await requests.move(work, request, {"leased_until": work.now, "problem": problem[:2000]})


async def _give_up(works: Works, taken: Request, problem: str) -> None:
    async with works.begin(_judge_for(taken)) as work:
        request = await _still_mine(work, taken)
        if request is not None:
            await give_up(work, request, await policy_in_force(work), problem[:1500])


async def _still_mine(work: Work, taken: Request) -> Request | None:
    request = await requests.find(work, taken.id, hold=True)
    mine = request is not None and request.state is RequestState.SCANNING and request.attempt == taken.attempt
    if not mine:
        log.warning("certification.scan_came_late", request=str(taken.id), attempt=taken.attempt)
        return None
    return request


@asynccontextmanager
async def _telling(works: Works, taken: Request, news: News) -> AsyncIterator[None]:
    # Not a moment longer than the scan: a renewal after its end would keep the next attempt waiting.
    telling = asyncio.create_task(_keep_telling(works, taken, news))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _keep_telling(works: Works, taken: Request, news: News) -> None:
    """Renew the lease and tell how far the scan is, until cancelled or until the turn is somebody else's."""
    told, since = "", 0.0
    while True:
        try:
            if since <= 0:
                async with works.system(_JOB) as work:
                    if not await turns.renew(work, taken.id, taken.attempt):
                        return
                since = RENEWED.total_seconds()
            if news.message != told and taken.operation_id is not None:
                await _advance(works, taken, news)
                told = news.message
        except Exception:
            # The next word may get through; without any, the lease runs out and the scan is done twice.
            log.warning("certification.scan_not_told", request=str(taken.id), exc_info=True)
        await asyncio.sleep(_TOLD_EVERY)
        since -= _TOLD_EVERY


async def _advance(works: Works, taken: Request, news: News) -> None:
    assert taken.operation_id is not None
    async with works.system(_JOB) as work:
        operation = await operations.find_operation(work, taken.operation_id)
        if not operation.state.final:
            await operations.advance(work, operation.id, news.progress, news.message)


def _judge_for(request: Request) -> Actor:
    """The marketplace itself, in the publisher's tenant, so that the verdict stands in its own audit log."""
    return replace(system_actor(_JOB), tenant=request.owner_tenant)
