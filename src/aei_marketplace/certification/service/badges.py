"""Badges: signed once approved, shown once signed, ended by what comes to be known or by time."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from aei_inspection.certificates import Certificate, sign_certificate
from aei_inspection.signatures import PrivateKey
from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.errors import NotCertified
from aei_marketplace.certification.events.badges import BadgeEnded, ReleaseCertified
from aei_marketplace.certification.rules.states import RequestState, check_move
from aei_marketplace.certification.rules.suspensions import GRAVE, endangering
from aei_marketplace.certification.rules.verdicts import standing
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.service.advisories.reading import list_vulnerabilities
from aei_marketplace.certification.service.grounds import (
    advisory_words,
    ground_against,
    packages_words,
    stopped_words,
)
from aei_marketplace.certification.store import policies, requests
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work, Works

_JOB = "certification.badges"
_DECIDE = "certification.decide"
_LONGEST = 2000

log = structlog.get_logger()


async def sign_badges(works: Works, key: PrivateKey) -> int:
    """Sign the statement of each approval that has none, and show its badge; how many there were.

    Each in a work of its own: what cannot be signed is logged, tried again, and holds up no other.
    """
    async with works.system(_JOB) as work:
        waiting = await requests.unsigned(work)
    signed = 0
    for request_id in waiting:
        try:
            signed += await _sign_one(works, request_id, key)
        except Exception:
            # The others must not wait for whatever is the matter with this one.
            log.exception("certification.not_signed", request=str(request_id))
    return signed


async def end_stopped(works: Works, release_id: UUID, state: str, trace_id: str) -> None:
    """Suspend the badge of a release that the registry has stopped."""
    async with works.system(_JOB, trace_id) as work:
        for request in await requests.standing_badges(work, [release_id]):
            await _end(work, request, RequestState.SUSPENDED, stopped_words(state))


async def end_affected(works: Works, advisory_id: str, trace_id: str) -> None:
    """Suspend the badges of releases that a grave advisory about their plugin concerns."""
    async with works.system(_JOB, trace_id) as work:
        advisory = await catalog.find_advisory(work, advisory_id)
        if advisory.withdrawn_at is not None or advisory.statement.severity not in GRAVE:
            return
        affected = await catalog.affected_releases(work, advisory_id)
        reason = advisory_words(advisory_id, advisory.statement.title)
        for request in await requests.standing_badges(work, affected):
            await _end(work, request, RequestState.SUSPENDED, reason)


async def end_vulnerable(works: Works, release_id: UUID, appeared: Sequence[str], trace_id: str) -> None:
    """Suspend the badge of a release against whose packages a grave advisory stands now.

    Args:
        appeared: the ids of advisories that did not stand against it before, or did otherwise: with another
            severity, as no vulnerability, uncertainly, or mended by other versions.
    """
    async with works.system(_JOB, trace_id) as work:
        for request in await requests.standing_badges(work, [release_id]):
            found = await list_vulnerabilities(work, request.plugin_id, request.version)
            waivers = await policies.waivers_of(work, request.plugin_id)
            grave = endangering(found.items, appeared, waivers, work.now)
            if grave:
                await _end(work, request, RequestState.SUSPENDED, packages_words(grave))


async def end_expired(works: Works) -> int:
    """End the badges whose time is over; how many there were."""
    async with works.system(_JOB) as work:
        over = await requests.run_out(work)
        for request in over:
            await _end(
                work, request, RequestState.EXPIRED, "Its time is over, and nobody has certified it anew."
            )
    return len(over)


async def find_statement(work: Work, request: Request) -> tuple[bytes, str]:
    """A badge's signed statement, and the key that verifies it as a PEM text.

    Raises:
        NotCertified: there is no signed statement.
    """
    found = await requests.find_statement(work, request.id)
    if found is None:
        raise NotCertified(f"{request.plugin_id} {request.version} has no signed statement yet.")
    return found


async def _sign_one(works: Works, request_id: UUID, key: PrivateKey) -> bool:
    async with works.system(_JOB) as work:
        request = await requests.hold_unsigned(work, request_id)
        if request is not None:
            await _sign(work, request, key)
    return request is not None


async def _sign(work: Work, request: Request, key: PrivateKey) -> None:
    evidence = await requests.find_evidence(work, request.id)
    assert evidence is not None, "nothing is approved without a scan"
    assert request.expires_at is not None, "every approval has its end"
    ground = await ground_against(work, request, evidence)
    if ground is not None:
        await _end(work, request, RequestState.SUSPENDED, ground)
        return
    envelope = sign_certificate(_certificate(work, request, evidence), key)
    values = {"statement": envelope, "verifying_key": key.public.pem().decode()}
    if not await requests.move(work, request, values):
        return
    await catalog.show_certified(work, request.release_id, request.id, request.expires_at)
    work.emit(
        ReleaseCertified(
            request.id,
            request.release_id,
            request.plugin_id,
            request.version,
            request.owner_tenant,
            f"{request.expires_at:%Y-%m-%d}",
        )
    )


def _certificate(work: Work, request: Request, evidence: Evidence) -> Certificate:
    basis = request.basis
    assert basis is not None, "nothing is approved without a scan"
    assert request.decided_at is not None, "it is approved"
    assert request.expires_at is not None, "every approval has its end"
    return Certificate(
        id=str(request.id),
        plugin_id=request.plugin_id,
        version=request.version,
        sha256=request.digest,
        policy={"number": basis.policy_number, "digest": basis.policy_digest},
        checks=[
            {
                "id": check.id,
                "version": check.version,
                "result": str(check.result),
                "waived": len(standing(check, request.waivers, request.decided_at)[1]),
            }
            for check in evidence.checks
        ],
        scanner=evidence.scanner,
        advisories_at=basis.advisories_at,
        inspected=evidence.inspected,
        decided="automatic" if request.decided_by is None else "certifier",
        issued_at=work.now,
        expires_at=request.expires_at,
    )


async def _end(work: Work, request: Request, state: RequestState, reason: str) -> None:
    work.actor.require(_DECIDE)
    check_move(request.state, state)
    words = reason[:_LONGEST]
    values = {"state": state, "suspended_at": work.now, "suspended_reason": words}
    if not await requests.move(work, request, values):
        return
    shown = await catalog.show_uncertified(work, request.release_id, request.id)
    action = "certification.suspend" if state is RequestState.SUSPENDED else "certification.expire"
    name = f"{request.plugin_id}@{request.version}"
    work.record(Fact(action, "release", name, reason=words, context={"request": str(request.id)}))
    if shown or not request.signed:  # a badge that was renewed ends without a loss for anybody
        work.emit(
            BadgeEnded(
                request.id,
                request.release_id,
                request.plugin_id,
                request.version,
                request.owner_tenant,
                str(state),
                words,
            )
        )
