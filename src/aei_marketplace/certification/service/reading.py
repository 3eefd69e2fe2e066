"""What is known about a release's certification, for its publisher, for staff, and for everybody."""

from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.certification.errors import RequestNotFound
from aei_marketplace.certification.rules.changes import Changes
from aei_marketplace.certification.rules.policies import bar_for
from aei_marketplace.certification.rules.states import CERTIFIED, OPEN, Purpose, RequestState
from aei_marketplace.certification.rules.verdicts import Outcome, Verdict, judge
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.service.comparing import changes_since_certified
from aei_marketplace.certification.service.policies import policy_in_force
from aei_marketplace.certification.store import policies, requests
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work

_DECIDE = "certification.decide"


@dataclass(frozen=True, slots=True)
class Described:
    """A request with what its last scan found and what that comes to: now, or when it was approved.

    Attributes:
        evidence, verdict: None until it was scanned.
        changes: since the release that was certified before; None where there is none, or nobody asked.
    """

    request: Request
    evidence: Evidence | None
    verdict: Verdict | None
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release stands.

    Attributes:
        certification: the newest request for a badge that the actor may see.
        publish_scan: the scan that came before its listing, for its publisher and staff.
        badge: the request whose statement is told: that of the badge that holds, also while a newer request
            waits; without one the newest.
    """

    release: ReleaseView
    certification: Described | None
    publish_scan: Described | None
    badge: Request | None


async def list_requests(work: Work, wanted: PageWanted, state: str | None) -> Page:
    """Requests for a badge, the oldest first: for staff all, for publishers their tenant's own.

    Args:
        state: only those in this state; None for those that are not decided.

    Raises:
        NotAllowed: the actor neither certifies nor publishes.
        Invalid: there is no such state, or the cursor is of another list.
    """
    owner = None
    if not work.actor.may(_DECIDE):
        work.actor.require_somewhere("plugin.publish")
        owner = work.actor.in_tenant()
    rows, total = await requests.queue_page(work, wanted.position(as_id), wanted.limit, _states(state), owner)
    return wanted.page(rows, total, lambda request: str(request.id))


async def find_request(work: Work, request_id: UUID) -> Described:
    """A request that the actor may see.

    Raises:
        RequestNotFound: there is none.
    """
    request = await requests.find(work, request_id)
    if request is None:
        raise RequestNotFound(f"There is no request {request_id}.")
    return await _compared(work, await _described(work, request))


async def find_standing(work: Work, plugin_id: str, version: str) -> Standing:
    """How a release stands.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
    """
    release = await catalog.find_release(work, plugin_id, version)
    found = [
        await requests.newest(work, release.release_id, purpose)
        for purpose in (Purpose.CERTIFICATION, Purpose.PUBLISH)
    ]
    certification, scan = [None if each is None else await _described(work, each) for each in found]
    badge = found[0]
    if release.certification is not None:
        badge = await requests.find(work, release.certification)
    return Standing(release, certification, scan, badge)


async def list_verifying_keys(work: Work) -> list[str]:
    """The keys that verify statements of badges, as PEM texts."""
    return await requests.verifying_keys(work)


async def find_by_case(work: Work, case_id: UUID) -> Described | None:
    """The request behind a case of the queue."""
    request = await requests.find_by_case(work, case_id)
    return None if request is None else await _compared(work, await _described(work, request))


async def _compared(work: Work, described: Described) -> Described:
    if described.evidence is None or described.request.purpose is not Purpose.CERTIFICATION:
        return described
    changes = await changes_since_certified(work, described.request, described.evidence)
    return replace(described, changes=changes)


async def _described(work: Work, asked: Request) -> Described:
    request = _as_shown(work, asked)
    evidence = await requests.find_evidence(work, request.id)
    if evidence is None:
        return Described(request, None, None)
    if request.state in CERTIFIED:  # policy and exceptions of today say nothing about it
        return Described(request, evidence, Verdict(Outcome.PASS, (), request.waivers))
    terms = (await policy_in_force(work)).terms
    waivers = await policies.waivers_of(work, request.plugin_id)
    verdict = judge(evidence.checks, bar_for(request.purpose, terms), waivers, work.now)
    return Described(request, evidence, verdict)


def _as_shown(work: Work, request: Request) -> Request:
    """Without what the publisher and staff write to each other, unless the actor is of them."""
    if work.actor.may(_DECIDE) or work.actor.tenant == request.owner_tenant:
        return request
    return replace(request, reason=None, problem=None, case_id=None, operation_id=None)


def _states(state: str | None) -> frozenset[RequestState]:
    if state is None:
        return OPEN
    if state not in list(RequestState):
        raise Invalid("There is no such state.", faults=[Fault("state", f"one of {', '.join(RequestState)}")])
    return frozenset({RequestState(state)})
